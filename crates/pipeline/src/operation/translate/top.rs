//! The top level of a module's answer, read without parsing what it holds.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// Members that are the contract's own (DESIGN 2, Upstream).
const RESERVED: [&str; 13] = [
    "Error",
    "RequestId",
    "code",
    "message",
    "codeDesc",
    "requestId",
    "reason",
    "origin",
    "retryable",
    "docUrl",
    "fix",
    "params",
    "detail",
];

/// The few members that decide what an answer is.
#[derive(Debug, Default)]
pub(super) struct Top<'a> {
    code: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
    module_code: Option<&'a RawValue>,
    detail: Option<&'a RawValue>,
    title: Option<&'a RawValue>,
    /// Of a purchase, the contract's too.
    pub(super) charge: Option<&'a RawValue>,
    /// Of a return with a refund, the contract's too.
    pub(super) refund: Option<&'a RawValue>,
    /// The first member that is the contract's own.
    pub(super) reserved: Option<&'static str>,
}

impl<'a> Top<'a> {
    /// An error has an integer `code` other than 0 **and** a string `message`.
    pub(super) fn error(&self) -> Option<(i64, Cow<'a, str>)> {
        let code: i64 = serde_json::from_str(self.code?.get()).ok()?;
        let message = text(self.message?)?;
        (code != 0).then_some((code, message))
    }

    /// The module's own code, a number or a text.
    pub(super) fn module_code(&self) -> Option<Cow<'a, str>> {
        let raw = self.module_code?;
        text(raw).or_else(|| {
            raw.get().bytes().all(|b| b.is_ascii_digit() || b == b'-').then(|| raw.get().into())
        })
    }

    /// What problem details say: `detail`, else `title`, else `message`.
    pub(super) fn words(&self) -> Option<Cow<'a, str>> {
        [self.detail, self.title, self.message].into_iter().flatten().find_map(text)
    }
}

fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let plain = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if plain.contains('\\') {
        serde_json::from_str::<String>(raw.get()).ok().map(Cow::Owned)
    } else {
        Some(plain.into())
    }
}

pub(super) struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Top<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Top<'de>, A::Error> {
        let mut top = Top::default();
        while let Some(name) = map.next_key::<Name<'de>>()? {
            let name = name.0;
            let value: &'de RawValue = map.next_value()?;
            match name.as_ref() {
                "code" => top.code = Some(value),
                "message" => top.message = Some(value),
                "moduleCode" => top.module_code = Some(value),
                "detail" => top.detail = Some(value),
                "title" => top.title = Some(value),
                "charge" => top.charge = Some(value),
                "refund" => top.refund = Some(value),
                _ => {}
            }
            if top.reserved.is_none() {
                top.reserved = RESERVED.into_iter().find(|reserved| *reserved == name);
            }
        }
        Ok(top)
    }
}

/// A member's name, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
