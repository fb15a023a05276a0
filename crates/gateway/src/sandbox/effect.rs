//! What a fault does to a call, and how it is written: `5200; latency=500ms; cut`.
//!
//! One grammar for the header `X-Faregate-Fault`, for `faregate fault add` and for scenario files.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use faregate_contract::{Code, ModuleError, Reason};
use faregate_pipeline::pages;

/// The longest latency: beyond it every client has given up.
const LATENCY_MAX: Duration = Duration::from_secs(600);

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What is answered in place of the truth; none is the truth.
    pub answer: Option<FakeAnswer>,
    /// How much later it is answered.
    pub latency: Option<Latency>,
    /// The client's connection is cut when the answer should be written.
    pub cut: bool,
}

/// What is answered in place of the truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FakeAnswer {
    /// A refusal of the gate that makes this code.
    Code(Code),
    /// The same, for this reason of the code.
    Reason(Code, Reason),
    /// An error of the module's own. The code is the document's where it knows the module code.
    Module {
        /// The common code, where it was asked for.
        code: Option<Code>,
        /// The module's own.
        module_code: String,
    },
    /// The module is called, and its answer is a page of HTML.
    Garbage,
}

/// How much later: at least, and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// The least.
    pub least: Duration,
    /// The most; the seed draws in between.
    pub most: Duration,
}

/// Codes that a module may answer with a code of its own (DESIGN 1).
const MODULE_CODES: &[Code] = &[
    Code::InvalidParameter,
    Code::ResourceNotFound,
    Code::OperationFailed,
    Code::ResourceInsufficient,
    Code::ServiceUnavailable,
];

impl FromStr for Effect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut code, mut module_code, mut garbage) = (None, None, false);
        let mut reason = None;
        let mut effect = Self { answer: None, latency: None, cut: false };
        for part in text.split(';').map(str::trim) {
            let twice = match part.split_once('=').map_or((part, None), |(k, v)| (k, Some(v))) {
                ("cut", None) => std::mem::replace(&mut effect.cut, true),
                ("garbage", None) => std::mem::replace(&mut garbage, true),
                ("latency", Some(time)) => effect.latency.replace(time.parse()?).is_some(),
                ("module-code", Some(own)) => {
                    ModuleError::new(own, "")
                        .map_err(|_| format!("`{own}` cannot be a module's code"))?;
                    module_code.replace(own.to_owned()).is_some()
                }
                (text, None) => {
                    let (number, name) =
                        text.split_once('.').map_or((text, None), |(a, b)| (a, Some(b)));
                    let refusal = refusal(number)?;
                    reason = name.map(|name| reason_of(refusal, name)).transpose()?;
                    code.replace(refusal).is_some()
                }
                (key, Some(_)) => {
                    return Err(format!(
                        "`{key}` is no part of a fault: there is a code, `module-code=`, \
                         `latency=`, `cut` and `garbage`"
                    ));
                }
            };
            if twice {
                return Err(format!("`{part}` is said twice"));
            }
        }
        if let Some(reason) = reason.filter(|_| module_code.is_some()) {
            return Err(format!(
                "`{reason}` is a reason of the gateway: it goes with no module code"
            ));
        }
        effect.answer = match (code, module_code, garbage) {
            (None, None, false) => None,
            (None, None, true) => Some(FakeAnswer::Garbage),
            (Some(code), None, false) => Some(match reason {
                Some(reason) => FakeAnswer::Reason(code, reason),
                None => FakeAnswer::Code(code),
            }),
            (code, Some(module_code), false) => {
                if let Some(code) = code.filter(|code| !MODULE_CODES.contains(code)) {
                    return Err(format!(
                        "{code} is the gateway's own: a module code comes with 4000, 5000, 5100, 5200 or 6200"
                    ));
                }
                Some(FakeAnswer::Module { code, module_code })
            }
            (_, _, true) => {
                return Err("`garbage` is an answer of its own: it goes with no code".to_owned());
            }
        };
        Ok(effect)
    }
}

/// One of the sixteen codes that refuse.
fn refusal(text: &str) -> Result<Code, String> {
    let known = Code::ALL.into_iter().find(|code| code.to_string() == text && !code.is_success());
    known.ok_or_else(|| {
        if text.is_empty() {
            return "a part of the fault is empty: write it as `4400` or `latency=500ms; cut`"
                .to_owned();
        }
        format!("`{text}` is no fault: write a code from 4000 to 6200, `cut` or `garbage`")
    })
}

/// A reason of a code, as its page has it.
fn reason_of(code: Code, name: &str) -> Result<Reason, String> {
    let known = pages::page(code).map_or(&[][..], |page| page.reasons);
    known.iter().find(|reason| reason.as_str() == name).copied().ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|reason| reason.as_str()).collect();
        format!("{code} has no reason `{name}`; it has {}", names.join(", "))
    })
}

impl FromStr for Latency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let latency = Self { least: time(least)?, most: time(most)? };
        if latency.least > latency.most {
            return Err(format!("`{text}` ends before it begins"));
        }
        Ok(latency)
    }
}

/// `500ms` or `2s`.
fn time(text: &str) -> Result<Duration, String> {
    let fault = || {
        format!(
            "`{text}` is no latency: write it as 500ms, 2s or 100ms..2s, at most {} s",
            LATENCY_MAX.as_secs()
        )
    };
    let (number, scale) = text
        .strip_suffix("ms")
        .map(|number| (number, 1))
        .or_else(|| text.strip_suffix('s').map(|number| (number, 1000)))
        .ok_or_else(fault)?;
    let ms: u64 = number.parse().map_err(|_| fault())?;
    let time = Duration::from_millis(ms.saturating_mul(scale));
    if time > LATENCY_MAX { Err(fault()) } else { Ok(time) }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        match &self.answer {
            None => {}
            Some(FakeAnswer::Code(code)) => parts.push(code.to_string()),
            Some(FakeAnswer::Reason(code, reason)) => parts.push(format!("{code}.{reason}")),
            Some(FakeAnswer::Module { code, module_code }) => {
                parts.extend(code.map(|code| code.to_string()));
                parts.push(format!("module-code={module_code}"));
            }
            Some(FakeAnswer::Garbage) => parts.push("garbage".to_owned()),
        }
        if let Some(Latency { least, most }) = self.latency {
            parts.push(if least == most {
                format!("latency={}ms", least.as_millis())
            } else {
                format!("latency={}ms..{}ms", least.as_millis(), most.as_millis())
            });
        }
        if self.cut {
            parts.push("cut".to_owned());
        }
        f.write_str(&parts.join("; "))
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_fault_reads_as_it_is_written() {
        for text in [
            "4000",
            "4400; latency=500ms",
            "4400.NONCES_LIVE; latency=500ms",
            "6000.PANIC; cut",
            "latency=100ms..2000ms",
            "cut",
            "garbage; cut",
            "5100; module-code=100004",
            "module-code=InvalidZone.Off; latency=0ms; cut",
        ] {
            let effect: Effect = text.parse().unwrap();
            assert_eq!(effect.to_string(), text);
        }
        let spaced: Effect = " 4400 ;latency=2s".parse().unwrap();
        assert_eq!(spaced.to_string(), "4400; latency=2000ms");
        for code in Code::ALL.into_iter().filter(|code| !code.is_success()) {
            let effect: Effect = code.to_string().parse().unwrap();
            assert_eq!(effect.answer, Some(FakeAnswer::Code(code)));
        }
    }

    #[test]
    fn what_is_no_fault_is_said_with_the_word_that_is_wrong() {
        for (text, says) in [
            ("", "is empty"),
            ("4400;", "is empty"),
            ("0", "`0` is no fault"),
            ("4401", "`4401` is no fault"),
            ("4400; 4500", "`4500` is said twice"),
            ("4400.NONCE_SEEN", "4400 has no reason `NONCE_SEEN`; it has RATE"),
            ("4400.", "4400 has no reason ``"),
            ("5100.MODULE_ERROR; module-code=1", "goes with no module code"),
            ("4401.RATE", "`4401` is no fault"),
            ("cut; cut", "`cut` is said twice"),
            ("delay=1s", "`delay` is no part"),
            ("latency=1", "`1` is no latency"),
            ("latency=-1s", "`-1s` is no latency"),
            ("latency=2s..1s", "ends before it begins"),
            ("latency=99999999999999999999s", "no latency"),
            ("latency=601s", "at most 600 s"),
            ("garbage; 5100", "goes with no code"),
            ("4100; module-code=1", "the gateway's own"),
            ("module-code=", "cannot be a module's code"),
            ("module-code=a)b", "cannot be a module's code"),
            ("cut=1", "`cut` is no part"),
        ] {
            let refused = text.parse::<Effect>().unwrap_err();
            assert!(refused.contains(says), "{text}: {refused}");
        }
    }
}
