//! 5100 Resource operation failed: the module was asked, and said no.
//!
//! Beyond this point nothing is given back by a drop: a [`Sent`] call is under way, whoever goes away. What
//! the module answers is translated here, once, into the contract's codes; a module may not borrow the
//! gateway's voice (DESIGN 1).
//! Invariant: a `Sent` owns every witness before it. Never: trusts a byte of what the upstream answers.

mod translate;

use bytes::Bytes;
use faregate_catalog::{Module, Operation};
use faregate_contract::{Code, Effect, Members, ModuleError, Origin, Public, Reason, Refusal};

use crate::balance::Funded;
use serde_json::{Map, Value};

use crate::facts::{Lesson, Settlement};
use crate::replay;

/// A call that passed every gate and is being executed.
#[derive(Debug)]
pub struct Sent {
    of: Funded,
}

owns!(Sent => Funded);

impl Sent {
    /// The client's token: what the module may tell two requests by.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        replay::token_text(self)
    }
}

/// What came back from the module's address.
#[derive(Clone, Debug)]
pub enum Upstream {
    /// An HTTP answer, whole.
    Answered {
        /// Its status.
        status: u16,
        /// Its `Retry-After`, in whole seconds.
        retry_after_s: Option<u32>,
        /// Its body.
        body: Bytes,
    },
    /// No connection: nothing was sent.
    Unreachable(String),
    /// Sent, and no whole answer in time.
    Timeout {
        /// How long it was waited for.
        after_ms: u64,
    },
    /// Sent, and the connection broke.
    Reset(String),
    /// Sent, and more came than is read.
    TooLarge {
        /// The limit.
        bytes_max: usize,
    },
}

impl Upstream {
    /// The HTTP status, if one came.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(*status),
            Self::Unreachable(_)
            | Self::Timeout { .. }
            | Self::Reset(_)
            | Self::TooLarge { .. } => None,
        }
    }
}

/// What became of one request to the module.
#[derive(Debug)]
pub struct Done {
    /// The result's members, or the refusal.
    pub result: Result<Members, Refusal>,
    /// What it means for the money.
    pub settlement: Settlement,
    /// What it taught about ownership.
    pub lessons: Vec<Lesson>,
}

impl Done {
    /// Did the module itself fail: what the breaker counts.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        self.result.as_ref().is_err_and(|refusal| refusal.code == Code::InternalError)
    }
}

/// The reasons of this room.
pub const REASONS: &[Reason] = &[MODULE_ERROR, ALL_FAILED, NOT_ATTEMPTED];
const MODULE_ERROR: Reason = Reason::new("MODULE_ERROR");
const NOT_ATTEMPTED: Reason = Reason::new("NOT_ATTEMPTED");
/// Every item of a batch was refused.
pub const ALL_FAILED: Reason = Reason::new("ALL_FAILED");

/// Why the module did not do it.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// In the module's words.
    Module {
        /// What it says.
        message: String,
        /// Its own code.
        module: Option<ModuleError>,
    },
    /// Not asked: other items of its batch were refused.
    NotAttempted,
    /// Not asked: the gateway ended before it came to this item of a batch.
    NotSent,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (message, module) = match refused {
            Refused::Module { message, module } => (message, module),
            Refused::NotAttempted => {
                let say = "not attempted: a gate refused other items, and this action sends all of them or none.";
                return not_asked(Origin::Client, say);
            }
            Refused::NotSent => {
                let say = "not attempted: the gateway ended before it came to this item; go on with the resumeToken.";
                return not_asked(Origin::Gateway, say);
            }
        };
        let say = format!("{}.", message.trim_end_matches('.'));
        let refusal =
            Refusal::new(Code::OperationFailed, MODULE_ERROR, Origin::Module, Public::new(say))
                .effect(Effect::NotCharged);
        match module {
            Some(module) => refusal.module(module),
            None => refusal,
        }
    }
}

fn not_asked(origin: Origin, say: &'static str) -> Refusal {
    Refusal::new(Code::OperationFailed, NOT_ATTEMPTED, origin, Public::new(say))
}

/// 5100 for an item that a gateway which is gone did not come to.
#[must_use]
pub fn not_sent() -> Refusal {
    Refused::NotSent.into()
}

/// 5100 for an item that was left because of others; asked for by `batch`.
#[must_use]
pub fn not_attempted() -> Refusal {
    Refused::NotAttempted.into()
}

/// The last step before the first upstream byte.
#[must_use]
pub fn begin(funded: Funded) -> Sent {
    Sent { of: funded }
}

/// Reads what the module answers now about a call that was sent before, whose witness is long gone.
#[must_use]
pub fn read_again(
    module: &Module,
    operation: &Operation,
    arguments: &Map<String, Value>,
    upstream: &Upstream,
) -> Done {
    translate::read(module, operation, arguments, None, upstream)
}

/// Reads what the module answered to the call, or to one item of its batch.
#[must_use]
pub fn read(sent: &Sent, item: Option<&str>, upstream: &Upstream) -> Done {
    translate::read(sent.module(), sent.operation(), sent.arguments(), item, upstream)
}

#[cfg(test)]
mod spec;
