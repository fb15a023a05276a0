//! From a file's text to a scenario, every problem on the way.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use faregate_contract::{Code, Dialect};
use faregate_pipeline::facts::SwitchState;
use faregate_signing::Method;
use serde_json_path::JsonPath;
use serde_saphyr::{DuplicateKeyPolicy, Location, Spanned};

use super::expect::text;
use super::problem::{Problem, render};
use super::raw::{RawExpect, RawFault, RawMaintenance, RawScenario, RawStep};
use super::{Act, Call, Expect, Fault, Maintenance, Outage, Scenario, Step, Times};
use crate::commands::fault::rate_ppm;
use crate::commands::maintenance::{duration_ms, parts};

/// Most calls of one step.
const TIMES_MAX: u32 = 10_000;

/// Reads a scenario.
///
/// # Errors
/// Everything that is wrong with it, rendered.
pub(crate) fn read(file: &str, text: &str, colour: bool) -> Result<Scenario, String> {
    let mut reader = Reader { text, problems: Vec::new(), steps: Vec::new() };
    let scenario = reader.scenario(file);
    match scenario {
        Some(scenario) if reader.problems.is_empty() => Ok(scenario),
        Some(_) | None => Err(render(&reader.problems, file, text, colour)),
    }
}

struct Reader<'a> {
    text: &'a str,
    problems: Vec<Problem>,
    steps: Vec<Step>,
}

impl Reader<'_> {
    fn problem(&mut self, span: Range<usize>, message: impl Display, help: &str) {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.problems.push(Problem { span, message: message.to_string(), help });
    }

    fn span(&self, at: &Location) -> Range<usize> {
        let span = at.span();
        let bytes = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok());
        let start = bytes(span.byte_offset()).unwrap_or(0).min(self.text.len());
        let end = start.saturating_add(bytes(span.byte_len()).unwrap_or(0)).min(self.text.len());
        start..end
    }

    /// What `read` makes of the text; a problem at its place if that says why not.
    fn parsed<T>(
        &mut self,
        text: &Spanned<String>,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match read(&text.value) {
            Ok(value) => Some(value),
            Err(why) => {
                self.problem(self.span(&text.referenced), format!("`{}`: {why}", text.value), "");
                None
            }
        }
    }

    fn scenario(&mut self, file: &str) -> Option<Scenario> {
        let options = serde_saphyr::options! {
            duplicate_keys: DuplicateKeyPolicy::Error,
            // Only `true` and `false`: a zone called `no` is text (YAML 1.2).
            strict_booleans: true,
            // `0012` is a module code, not a number.
            leading_zero_numbers_as_strings: true,
            with_snippet: false,
        };
        let raw: RawScenario = match serde_saphyr::from_str_with_options(self.text, options) {
            Ok(raw) => raw,
            Err(error) => {
                let span = error.location().map_or(0..0, |at| self.span(&at));
                self.problem(span, sentence(&error), "");
                return None;
            }
        };
        for step in raw.setup.into_iter().chain(raw.steps) {
            self.step(step);
        }
        let name = raw.name.unwrap_or_else(|| file.to_owned());
        Some(Scenario { file: file.to_owned(), name, steps: std::mem::take(&mut self.steps) })
    }

    fn step(&mut self, step: Spanned<RawStep>) {
        let span = self.span(&step.referenced);
        let before = self.text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let mut raw = step.value;
        let hears = raw.expect.is_some() || !raw.capture.is_empty();
        let expect = self.expect(raw.expect.take());
        let capture = std::mem::take(&mut raw.capture).into_iter();
        let capture = capture
            .filter_map(|(name, path)| Some((name, self.parsed(&path, json_path)?)))
            .collect();
        let name = raw.name.take();
        let Some((act, what)) = self.act(raw, &span, hears) else { return };
        let name = name.unwrap_or(what);
        if self.steps.iter().any(|known| known.name == name && matches!(known.act, Act::Call(_))) {
            let help = "`again` finds a step by its name: give each call its own";
            self.problem(span, format!("two steps are called `{name}`"), help);
            return;
        }
        self.steps.push(Step { name, line, act, expect, capture });
    }

    /// What a step does, and what it is called if it has no name.
    fn act(&mut self, mut raw: RawStep, span: &Range<usize>, hears: bool) -> Option<(Act, String)> {
        let acts = [
            raw.call.is_some(),
            raw.again.is_some(),
            raw.clock.is_some(),
            raw.fault.is_some(),
            raw.maintenance.is_some(),
            raw.wait.is_some(),
        ];
        if acts.iter().filter(|said| **said).count() != 1 {
            let help = "one of `call`, `again`, `clock`, `fault`, `maintenance` and `wait`";
            self.problem(span.clone(), "a step does one thing", help);
            return None;
        }
        if raw.call.is_none() {
            let is_again = raw.again.is_some();
            for (name, is_said, fits_again) in said_of_calls(&raw, hears) {
                if is_said && !(is_again && fits_again) {
                    let message = format!("`{name}` stands only in a step with `call`");
                    self.problem(span.clone(), message, "here it would do nothing");
                }
            }
        }
        if let Some(call) = raw.call.take() {
            return self.call(raw, &call);
        }
        if let Some(again) = raw.again.take() {
            return self.again(&again, std::mem::take(&mut raw.headers));
        }
        if let Some(fault) = &raw.fault {
            return self.fault(&fault.value);
        }
        if let Some(maintenance) = &raw.maintenance {
            return self.maintenance(&maintenance.value);
        }
        if let Some(clock) = &raw.clock {
            let ahead = |text: &str| {
                duration_ms(text.strip_prefix('+').ok_or("write it as +3h: it goes forward")?)
            };
            return Some((
                Act::Clock(self.parsed(clock, ahead)?),
                format!("clock {}", clock.value),
            ));
        }
        let wait = raw.wait.as_ref()?;
        let ms = self.parsed(wait, duration_ms)?;
        let wait_for = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
        Some((Act::Wait(wait_for), format!("wait {}", wait.value)))
    }

    fn again(
        &mut self,
        again: &Spanned<String>,
        headers: BTreeMap<String, String>,
    ) -> Option<(Act, String)> {
        let named = |step: &Step| step.name == again.value && matches!(step.act, Act::Call(_));
        let Some(place) = self.steps.iter().position(named) else {
            let help = "`again` sends the same bytes as an earlier step with `call`, by its name";
            let message = format!("no earlier call is named `{}`", again.value);
            self.problem(self.span(&again.referenced), message, help);
            return None;
        };
        Some((Act::Again(place, headers), format!("{}, the same bytes again", again.value)))
    }

    fn call(&mut self, raw: RawStep, call: &Spanned<String>) -> Option<(Act, String)> {
        let (module, action) = self.parsed(call, |text| match text.split_once(' ') {
            Some((module, action)) if !module.is_empty() && !action.contains(' ') => {
                Ok((module.to_owned(), action.to_owned()))
            }
            Some(_) | None => Err("write it as MODULE ACTION, like cvm DescribeZones".to_owned()),
        })?;
        let dialect = raw.dialect.as_ref().map(|dialect| {
            self.parsed(dialect, |text| match text {
                "v2" => Ok(Dialect::V2),
                "v1" => Ok(Dialect::RootV1),
                "tc3" => Ok(Dialect::Tc3),
                _ => Err("is no dialect: v2, v1 or tc3 (both of API 3.0)".to_owned()),
            })
        });
        let dialect = dialect.unwrap_or(Some(Dialect::V2))?;
        if let (Dialect::Tc3, Some(method)) = (dialect, &raw.method)
            && method.value != "POST"
        {
            let help = "leave `method` out";
            self.problem(self.span(&method.referenced), "tc3 is signed here for a POST", help);
        }
        let method = raw.method.as_ref().map(|method| {
            self.parsed(method, |text| match text {
                "GET" => Ok(Method::Get),
                "POST" => Ok(Method::Post),
                _ => Err("is no method: GET or POST".to_owned()),
            })
        });
        let is_plain = raw.transport.as_ref().map(|transport| {
            self.parsed(transport, |text| match text {
                "https" => Ok(false),
                "http" => Ok(true),
                _ => Err("is no transport: https or http".to_owned()),
            })
        });
        let stamped = raw.stamped.as_ref().map(|stamped| self.parsed(stamped, shift_s));
        let times = self.times(&raw)?;
        let account = raw.account.map_or_else(|| "demo".to_owned(), |account| account.value);
        let what = format!("{module} {action}");
        let call = Call {
            module,
            action,
            account,
            params: raw.params,
            method: method.unwrap_or(Some(Method::Post))?,
            dialect,
            is_plain: is_plain.unwrap_or(Some(false))?,
            stamped_s: stamped.unwrap_or(Some(0))?,
            headers: raw.headers,
            times,
        };
        // Calls without a name may be alike; those are told apart by their place.
        let n = self.steps.iter().filter(|step| step.name.starts_with(&what)).count();
        let name = if n == 0 { what } else { format!("{what}, {}", n + 1) };
        Some((Act::Call(Box::new(call)), name))
    }

    fn times(&mut self, raw: &RawStep) -> Option<Times> {
        let (n, times) = match (&raw.repeat, &raw.tries) {
            (None, None) => return Some(Times::Each(1)),
            (Some(n), None) => (n, Times::Each(n.value)),
            (None, Some(n)) => (n, Times::Until(n.value)),
            (Some(_), Some(n)) => {
                let help = "with `repeat` each call must answer so, with `tries` one of them";
                self.problem(self.span(&n.referenced), "`repeat` and `tries` are two things", help);
                return None;
            }
        };
        if (1..=TIMES_MAX).contains(&n.value) {
            return Some(times);
        }
        let message = format!("`{}` is from 1 to {TIMES_MAX}", n.value);
        self.problem(self.span(&n.referenced), message, "");
        None
    }

    fn fault(&mut self, raw: &RawFault) -> Option<(Act, String)> {
        let (module, action) = self.parsed(&raw.on, target)?;
        // `fault: 4400` is a number to YAML.
        let text = text(&raw.fault.value);
        let effect = match text.parse() {
            Ok(effect) => effect,
            Err(why) => {
                let why: String = why;
                self.problem(self.span(&raw.fault.referenced), why, "write it as \"4400; cut\"");
                return None;
            }
        };
        let rate = raw.rate.as_ref().map(|rate| self.parsed(rate, rate_ppm));
        let fault = Fault {
            module,
            action,
            effect,
            times: raw.times.as_ref().map(|times| times.value.max(1)),
            rate_ppm: rate.unwrap_or(Some(1_000_000))?,
            account: raw.account.as_ref().map(|account| account.value.clone()),
        };
        Some((Act::Fault(Box::new(fault)), format!("fault {} {text}", raw.on.value)))
    }

    fn maintenance(&mut self, raw: &RawMaintenance) -> Option<(Act, String)> {
        let (module, action) = self.parsed(&raw.on, target)?;
        let state = match &raw.lasts {
            Some(lasts) => Outage::For(self.parsed(lasts, duration_ms)?),
            None if raw.withdrawn => Outage::Forever(SwitchState::Withdrawn),
            None => Outage::Forever(SwitchState::Lasting),
        };
        let act = Maintenance { module, action, state, message: raw.message.clone() };
        Some((Act::Maintenance(Box::new(act)), format!("maintenance {}", raw.on.value)))
    }

    fn expect(&mut self, raw: Option<Spanned<RawExpect>>) -> Expect {
        let Some(raw) = raw else { return Expect::default() };
        let raw = raw.value;
        if let Some(code) = &raw.code
            && matches!(Code::from_wire(code.value), Code::Other(_))
        {
            let message = format!("`{}` is no code of the contract", code.value);
            self.problem(self.span(&code.referenced), message, "`faregate codes` lists them");
        }
        let mut body = Vec::new();
        for (path, value) in raw.body {
            match json_path(&path) {
                Ok(parsed) => body.push((path, parsed, value.value)),
                Err(why) => {
                    let message = format!("`{path}`: {why}");
                    self.problem(self.span(&value.referenced), message, "");
                }
            }
        }
        Expect {
            code: raw.code.map(|code| code.value),
            module_code: raw.module_code.as_ref().map(text),
            reason: raw.reason,
            message: raw.message,
            headers: raw.headers,
            body,
            is_cut: raw.cut,
        }
    }
}

/// What only a call has use for: its key, whether it is said, and whether a repetition has use for it, too.
fn said_of_calls(raw: &RawStep, hears: bool) -> [(&'static str, bool, bool); 10] {
    [
        ("account", raw.account.is_some(), false),
        ("params", !raw.params.is_empty(), false),
        ("method", raw.method.is_some(), false),
        ("dialect", raw.dialect.is_some(), false),
        ("transport", raw.transport.is_some(), false),
        ("stamped", raw.stamped.is_some(), false),
        ("repeat", raw.repeat.is_some(), false),
        ("tries", raw.tries.is_some(), false),
        ("headers", !raw.headers.is_empty(), true),
        ("expect", hears, true),
    ]
}

/// The parser's words without the position, which the underline shows.
fn sentence(error: &serde_saphyr::Error) -> String {
    let all = error.to_string();
    let first = all.lines().next().unwrap_or_default();
    let first = first.split(" at line ").next().unwrap_or(first);
    let first = first.split(", set ").next().unwrap_or(first);
    format!("this is no scenario: {}", first.trim_start_matches("error: "))
}

fn json_path(text: &str) -> Result<JsonPath, String> {
    JsonPath::from_str(text).map_err(|why| format!("is no JSONPath: {why}"))
}

fn target(text: &str) -> Result<(String, Option<String>), String> {
    parts(text).map_err(|_| "write MODULE or MODULE:ACTION, like cvm:RunInstances".to_owned())
}

/// `-10m` or `+10m`, in seconds.
fn shift_s(text: &str) -> Result<i64, String> {
    let fault = || "write it as -10m or +3h".to_owned();
    let (sign, time) = match (text.strip_prefix('-'), text.strip_prefix('+')) {
        (Some(time), _) => (-1, time),
        (_, Some(time)) => (1, time),
        (None, None) => return Err(fault()),
    };
    Ok(sign * (duration_ms(time).map_err(|_| fault())? / 1000))
}

#[cfg(test)]
mod spec;
