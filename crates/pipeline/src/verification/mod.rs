//! 5500 User failed to pass identity verification: buying needs a verified identity.
//!
//! After ownership: who asks for another's resource learns nothing about purchases. Before the balance:
//! nothing is held for who may not buy.
//! Invariant: a `Verified` purchase is by an account that is verified now. Never: looks at money.

use faregate_catalog::Operation;
use faregate_contract::{Code, Origin, Public, Reason, Refusal};

use crate::facts::{Account, Identity};
use crate::ownership::Owned;
use crate::time::Millis;

/// A call whose account is verified, if it has to be.
#[derive(Debug)]
pub struct Verified {
    of: Owned,
}

owns!(Verified => Owned);

/// The reasons of this room: one a state, for each has another way out.
pub const REASONS: &[Reason] =
    &[IDENTITY_NOT_VERIFIED, IDENTITY_PENDING, IDENTITY_FAILED, IDENTITY_EXPIRED];
const IDENTITY_NOT_VERIFIED: Reason = Reason::new("IDENTITY_NOT_VERIFIED");
const IDENTITY_PENDING: Reason = Reason::new("IDENTITY_PENDING");
const IDENTITY_FAILED: Reason = Reason::new("IDENTITY_FAILED");
const IDENTITY_EXPIRED: Reason = Reason::new("IDENTITY_EXPIRED");

/// Why an account may not buy.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its identity is in this state.
    NotVerified(Identity),
}

impl From<Refused> for Refusal {
    fn from(Refused::NotVerified(state): Refused) -> Self {
        let (reason, say) = match state {
            Identity::Unverified => (
                IDENTITY_NOT_VERIFIED,
                "the account's identity is not verified; have it verified, then sign again.",
            ),
            Identity::Pending => (
                IDENTITY_PENDING,
                "the account's identity is being verified; wait for the result, then sign again.",
            ),
            Identity::Failed => (
                IDENTITY_FAILED,
                "the account's identity was checked and not accepted; ask the operator what is missing.",
            ),
            Identity::Expired => (
                IDENTITY_EXPIRED,
                "the verification of the account's identity has expired; have it renewed, then sign again.",
            ),
            Identity::Verified => (
                IDENTITY_NOT_VERIFIED,
                "the account's identity was not verified when this call was judged.",
            ),
        };
        let code = Code::UserQualificationAuditFailed;
        Refusal::new(code, reason, Origin::Client, Public::new(say))
    }
}

/// Asks the account's identity, where the operation demands one.
///
/// # Errors
/// 5500 when it is not verified.
pub fn check(owned: Owned) -> Result<Verified, Refused> {
    let identity = owned.account().identity_at(owned.now());
    decide(owned.operation().requires_identity, identity)?;
    Ok(Verified { of: owned })
}

/// What an account would be refused with at this operation.
#[must_use]
pub fn would(operation: &Operation, account: &Account, now: Millis) -> Option<Refusal> {
    decide(operation.requires_identity, account.identity_at(now)).err().map(Refusal::from)
}

/// The refusal of a state by its reason's name; a sandbox asks.
#[must_use]
pub fn of_reason(name: &str) -> Option<Refusal> {
    let states =
        [Identity::Unverified, Identity::Pending, Identity::Failed, Identity::Expired].into_iter();
    let refusals = states.map(|state| Refusal::from(Refused::NotVerified(state)));
    refusals.into_iter().find(|refusal| refusal.reason.as_str() == name)
}

fn decide(required: bool, identity: Identity) -> Result<(), Refused> {
    match identity {
        Identity::Verified => Ok(()),
        Identity::Unverified | Identity::Pending | Identity::Failed | Identity::Expired
            if required =>
        {
            Err(Refused::NotVerified(identity))
        }
        Identity::Unverified | Identity::Pending | Identity::Failed | Identity::Expired => Ok(()),
    }
}

#[cfg(test)]
mod spec {
    use super::*;
    use crate::fixture::{World, get};

    #[test]
    fn only_a_verified_identity_may_do_what_requires_one_and_each_state_says_its_way_out() {
        for (identity, reason, way_out) in [
            (Identity::Unverified, "IDENTITY_NOT_VERIFIED", "have it verified"),
            (Identity::Pending, "IDENTITY_PENDING", "wait for the result"),
            (Identity::Failed, "IDENTITY_FAILED", "ask the operator"),
            (Identity::Expired, "IDENTITY_EXPIRED", "have it renewed"),
        ] {
            let refusal = Refusal::from(decide(true, identity).unwrap_err());
            assert_eq!((refusal.code.number(), refusal.reason.as_str()), (5500, reason));
            assert!(refusal.message().contains(way_out), "{}", refusal.message());
            assert!(decide(false, identity).is_ok(), "{identity:?}");
            assert_eq!(of_reason(reason).unwrap().reason, refusal.reason);
        }
        assert!(decide(true, Identity::Verified).is_ok());
    }

    #[test]
    fn a_verification_is_good_up_to_its_last_moment() {
        let buy = || get("RenewInstance", &[("instanceId", "ins-1"), ("period", "1")]);
        let mut world = World::new();
        world.hold = crate::facts::HoldOutcome::Held;
        for (after_ms, reason) in [(1, None), (0, None), (-1, Some((5500, "IDENTITY_EXPIRED")))] {
            world.account.identity_until = Some(world.now.plus(after_ms));
            assert_eq!(world.reason(buy()), reason, "{after_ms}");
        }
        world.account.identity = Identity::Pending;
        assert_eq!(world.reason(buy()), Some((5500, "IDENTITY_PENDING")), "nothing expires");
    }
}
