//! The right to give one claim back, whichever home keeps it.

use crate::{nonces, redis};

/// The right to give one claim back, once. Dropped, the claim stays spent.
#[derive(Clone, Debug)]
#[must_use = "a claim that may still be given back needs its ticket"]
pub struct Ticket(Kind);

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Embedded(nonces::Ticket),
    Shared(redis::Ticket),
}

impl Ticket {
    pub(crate) const fn embedded(ticket: nonces::Ticket) -> Self {
        Self(Kind::Embedded(ticket))
    }

    pub(crate) const fn shared(ticket: redis::Ticket) -> Self {
        Self(Kind::Shared(ticket))
    }

    pub(crate) const fn kind(&self) -> &Kind {
        &self.0
    }
}
