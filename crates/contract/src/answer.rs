//! `Answer`: what a call ends with. There are three ends and no fourth.

use crate::{Code, Refusal, RequestId};

/// The members of a JSON object, without its braces: `"totalCount":2,"instanceSet":[]`.
///
/// What a module answers is spliced as bytes, never parsed into values and written again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(String);

impl Members {
    /// No members.
    #[must_use]
    pub const fn none() -> Self {
        Self(String::new())
    }

    /// The members of `object`, which must be the text of a valid JSON object.
    #[must_use]
    pub fn of_object(object: &str) -> Option<Self> {
        let inside = object.trim().strip_prefix('{')?.strip_suffix('}')?;
        Some(Self(inside.trim().to_owned()))
    }

    /// One member: `name` and the text of a valid JSON value.
    #[must_use]
    pub fn one(name: &str, json: &str) -> Self {
        Self(format!("{}:{json}", serde_json::Value::from(name)))
    }

    /// The same, and one more at the end.
    #[must_use]
    pub fn and(mut self, name: &str, json: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(&Self::one(name, json).0);
        self
    }

    /// The text between the braces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What became of one item of a batch.
#[derive(Clone, Debug)]
pub struct Item {
    /// The resource id, as the client sent it.
    pub id: String,
    /// What it answered, or why it was refused.
    pub result: Result<Members, Refusal>,
    /// Its own id at the module, so that each item can be asked about.
    pub request_id: RequestId,
}

/// How a call ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Code 0.
    Success(Members),
    /// A batch: 0 when all went well, 5400 when some did, 5100 when none did (PROTOCOL 2.1).
    Batch(Vec<Item>),
    /// Any other code.
    Refused(Box<Refusal>),
}

/// One answer to one call.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Names the call.
    pub request_id: RequestId,
    /// How it ended.
    pub outcome: Outcome,
}

impl Answer {
    /// The code of the whole answer.
    #[must_use]
    pub fn code(&self) -> Code {
        match &self.outcome {
            Outcome::Success(_) => Code::Success,
            Outcome::Refused(refusal) => refusal.code,
            Outcome::Batch(items) => {
                match items.iter().filter(|item| item.result.is_ok()).count() {
                    0 => Code::OperationFailed,
                    n if n == items.len() => Code::Success,
                    _ => Code::PartialSuccess,
                }
            }
        }
    }

    /// The refusal of the whole call, if it was refused as a whole.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.outcome {
            Outcome::Refused(refusal) => Some(refusal),
            Outcome::Success(_) | Outcome::Batch(_) => None,
        }
    }
}
