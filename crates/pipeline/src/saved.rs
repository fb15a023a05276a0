//! Saved answers: how a call ended, in bytes, for whoever asks with the same token.
//!
//! Kept as an outcome and not as a body, so that a client that asks again in another dialect reads the same
//! answer in its own. What is for the log alone is not kept.
//! Invariant: what is read is rendered to the very bytes that the first call was answered.

use std::borrow::Cow;

use faregate_contract::{
    Code, Effect, Item, Members, ModuleError, Origin, Outcome, Param, Public, Refusal, RequestId,
    Retry,
};
use serde::{Deserialize, Serialize};

use crate::pages;

#[derive(Serialize, Deserialize)]
enum Kept<'a> {
    Success(Cow<'a, str>),
    Refused(Refused<'a>),
    Batch(Vec<One<'a>>),
}

#[derive(Serialize, Deserialize)]
struct One<'a> {
    id: Cow<'a, str>,
    request_id: String,
    result: Result<Cow<'a, str>, Refused<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Refused<'a> {
    code: u16,
    reason: Cow<'a, str>,
    origin: u8,
    public: Cow<'a, str>,
    /// 0: never, 1: sign again, 2: the same bytes, 3: after.
    retry: (u8, u32),
    /// 0: nothing, 1: not charged, 2: partly, 3: unknown.
    effect: u8,
    module: Option<(Cow<'a, str>, Cow<'a, str>)>,
    fix: Option<Cow<'a, str>>,
    params: Vec<(Cow<'a, str>, Cow<'a, str>, Cow<'a, str>)>,
}

/// The bytes of an outcome.
#[must_use]
pub fn write(ended: &Result<Outcome, Refusal>) -> Vec<u8> {
    let kept = match ended {
        Ok(Outcome::Success(members)) => Kept::Success(members.as_str().into()),
        Ok(Outcome::Refused(refusal)) => Kept::Refused(Refused::of(refusal)),
        Err(refusal) => Kept::Refused(Refused::of(refusal)),
        Ok(Outcome::Batch(items)) => Kept::Batch(items.iter().map(one).collect()),
    };
    // Texts and numbers always can be written.
    serde_json::to_vec(&kept).unwrap_or_default()
}

fn one(item: &Item) -> One<'_> {
    One {
        id: item.id.as_str().into(),
        request_id: item.request_id.to_string(),
        result: match &item.result {
            Ok(members) => Ok(members.as_str().into()),
            Err(refusal) => Err(Refused::of(refusal)),
        },
    }
}

/// The outcome in bytes that [`write`] made; none if another version of the gateway made them.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Result<Outcome, Refusal>> {
    match serde_json::from_slice(bytes).ok()? {
        Kept::Success(members) => Some(Ok(Outcome::Success(members_of(&members)?))),
        Kept::Refused(refused) => Some(Err(refused.refusal()?)),
        Kept::Batch(items) => {
            let items = items.into_iter().map(|one| {
                let result = match one.result {
                    Ok(members) => Ok(members_of(&members)?),
                    Err(refused) => Err(refused.refusal()?),
                };
                let request_id = RequestId::parse(&one.request_id)?;
                Some(Item { id: one.id.into_owned(), result, request_id })
            });
            Some(Ok(Outcome::Batch(items.collect::<Option<_>>()?)))
        }
    }
}

fn members_of(inside: &str) -> Option<Members> {
    Members::of_object(&format!("{{{inside}}}"))
}

impl<'a> Refused<'a> {
    fn of(refusal: &'a Refusal) -> Self {
        let params = refusal.params.iter();
        Self {
            code: refusal.code.number(),
            reason: refusal.reason.as_str().into(),
            origin: match refusal.origin {
                Origin::Client => 0,
                Origin::Gateway => 1,
                Origin::Module => 2,
            },
            public: refusal.public.as_str().into(),
            retry: match refusal.retry {
                Retry::Never => (0, 0),
                Retry::SignAgain => (1, 0),
                Retry::SameBytes { after_s } => (2, after_s),
                Retry::After { after_s } => (3, after_s),
            },
            effect: match refusal.effect {
                Effect::Nothing => 0,
                Effect::NotCharged => 1,
                Effect::Partly => 2,
                Effect::Unknown => 3,
            },
            module: refusal
                .module
                .as_ref()
                .map(|own| (own.code.as_str().into(), own.description.as_str().into())),
            fix: refusal.fix.as_deref().map(Cow::Borrowed),
            params: params
                .map(|p| (p.name.as_str().into(), (&*p.reason).into(), p.message.as_str().into()))
                .collect(),
        }
    }

    fn refusal(self) -> Option<Refusal> {
        let reasons = pages::PAGES.iter().flat_map(|page| page.reasons);
        let reason = *reasons.into_iter().find(|known| known.as_str() == self.reason)?;
        let origin = match self.origin {
            0 => Origin::Client,
            1 => Origin::Gateway,
            _ => Origin::Module,
        };
        let (retry, after_s) = self.retry;
        let retry = match retry {
            0 => Retry::Never,
            1 => Retry::SignAgain,
            2 => Retry::SameBytes { after_s },
            _ => Retry::After { after_s },
        };
        let effect = match self.effect {
            0 => Effect::Nothing,
            1 => Effect::NotCharged,
            2 => Effect::Partly,
            _ => Effect::Unknown,
        };
        let params = self.params.into_iter().map(|(name, reason, message)| Param {
            name: name.into_owned(),
            reason: reason.into_owned().into(),
            message: message.into_owned(),
        });
        let code = Code::from_wire(self.code);
        let public = Public::new(self.public.into_owned());
        let refusal = Refusal::new(code, reason, origin, public)
            .retry(retry)
            .effect(effect)
            .params(params.collect());
        let refusal = match self.module {
            Some((code, words)) => refusal.module(ModuleError::new(code, words).ok()?),
            None => refusal,
        };
        Some(match self.fix {
            Some(fix) => refusal.fix(fix.into_owned()),
            None => refusal,
        })
    }
}

#[cfg(test)]
mod spec {
    use faregate_contract::envelope::{Format, Voice, render};

    use super::*;
    use crate::conclusion::conclude;
    use crate::fault::Fault;
    use crate::{ownership, parameters, purchase};

    #[test]
    fn what_is_read_is_answered_in_the_very_bytes_of_the_first_call() {
        let id = RequestId::from_bytes([7; 16]);
        let voice = Voice { pages: "http://p".into(), support: "ops".into() };
        let sold_out = || {
            let module = ModuleError::new("200001", "sold (out)").ok();
            purchase::refused_by_upstream("sold out", module).fix("wait")
        };
        let item = |id: &str, result| Item {
            id: id.to_owned(),
            result,
            request_id: RequestId::from_bytes([8; 16]),
        };
        let ends: [(&str, Result<Outcome, Refusal>); 7] = [
            ("nothing", Ok(Outcome::Success(Members::none()))),
            (
                "members",
                Ok(Outcome::Success(Members::of_object(r#"{"é":[1,{"a":"}"}]}"#).unwrap())),
            ),
            ("a module's error", Err(sold_out())),
            ("no such resource", Err(ownership::absent())),
            ("a parameter", Err(parameters::token_reused(vec!["period".into()]))),
            ("a fault", Err(Fault::Timeout { after_ms: 3 }.into())),
            (
                "a batch",
                Ok(Outcome::Batch(vec![
                    item("ins-2", Ok(Members::none())),
                    item("ins-1", Err(sold_out())),
                ])),
            ),
        ];
        for (title, ended) in ends {
            let again = read(&write(&ended)).unwrap();
            for format in [Format::V2, Format::Api3, Format::Problem] {
                let first = render(&conclude(id, ended.clone()), format, &voice);
                let second = render(&conclude(id, again.clone()), format, &voice);
                assert_eq!(
                    String::from_utf8_lossy(&first.body),
                    String::from_utf8_lossy(&second.body),
                    "{title}"
                );
                assert_eq!(first.status, second.status, "{title}");
            }
        }
        for bytes in [&b""[..], b"{}", br#"{"Success":"}{"}"#, br#"{"Refused":{"code":1}}"#] {
            let read = read(bytes);
            assert!(read.is_none() || bytes.starts_with(br#"{"Success""#), "{bytes:?}");
        }
    }
}
