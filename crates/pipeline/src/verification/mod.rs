//! 5500 User failed to pass identity verification: buying needs a verified identity.
//!
//! After ownership: who asks for another's resource learns nothing about purchases. Before the balance:
//! nothing is held for who may not buy.
//! Invariant: a `Verified` purchase is by a verified account. Never: looks at money.

use faregate_catalog::Operation;
use faregate_contract::{Code, Origin, Public, Reason, Refusal};

use crate::facts::{Account, Identity};
use crate::ownership::Owned;

/// A call whose account is verified, if it has to be.
#[derive(Debug)]
pub struct Verified {
    of: Owned,
}

owns!(Verified => Owned);

/// The reasons of this room.
pub const REASONS: &[Reason] = &[IDENTITY_NOT_VERIFIED];
const IDENTITY_NOT_VERIFIED: Reason = Reason::new("IDENTITY_NOT_VERIFIED");

/// Why an account may not buy.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its identity is in this state.
    NotVerified(Identity),
}

impl From<Refused> for Refusal {
    fn from(Refused::NotVerified(state): Refused) -> Self {
        let say = match state {
            Identity::Unverified => {
                "the account's identity is not verified; have it verified, then buy."
            }
            Identity::Pending => {
                "the account's identity is being verified; wait for the result, then buy."
            }
            Identity::Failed => {
                "the account's identity was checked and not accepted; ask the operator."
            }
            Identity::Verified => {
                "the account's identity was not verified when this call was judged."
            }
        };
        Refusal::new(
            Code::UserQualificationAuditFailed,
            IDENTITY_NOT_VERIFIED,
            Origin::Client,
            Public::new(say),
        )
    }
}

/// Asks the account's identity, where the operation demands one.
///
/// # Errors
/// 5500 when it is not verified.
pub fn check(owned: Owned) -> Result<Verified, Refused> {
    decide(owned.operation().requires_identity, owned.account().identity)?;
    Ok(Verified { of: owned })
}

/// What an account would be refused with at this operation.
#[must_use]
pub fn would(operation: &Operation, account: &Account) -> Option<Refusal> {
    decide(operation.requires_identity, account.identity).err().map(Refusal::from)
}

fn decide(required: bool, identity: Identity) -> Result<(), Refused> {
    match identity {
        Identity::Verified => Ok(()),
        Identity::Unverified | Identity::Pending | Identity::Failed if required => {
            Err(Refused::NotVerified(identity))
        }
        Identity::Unverified | Identity::Pending | Identity::Failed => Ok(()),
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn only_a_verified_identity_may_do_what_requires_one() {
        for (identity, may) in [
            (Identity::Verified, true),
            (Identity::Unverified, false),
            (Identity::Pending, false),
            (Identity::Failed, false),
        ] {
            assert_eq!(decide(true, identity).is_ok(), may, "{identity:?}");
            assert!(decide(false, identity).is_ok(), "{identity:?}");
            let refusal = Refusal::from(Refused::NotVerified(identity));
            assert_eq!(refusal.code, Code::UserQualificationAuditFailed);
        }
    }
}
