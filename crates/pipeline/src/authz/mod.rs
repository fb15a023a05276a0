//! 4300 Access denied: the account is suspended, calls from elsewhere, or is not in the action's range.
//!
//! After the signature, because who asks must be certain; before replay, because a refused call has not
//! been made. Ownership is not decided here: no policy can grant another account's object by accident.
//! Invariant: a `Permitted` may do what it asks, if its objects are its own. Never: looks at parameters.

use faregate_catalog::Audience;
use faregate_contract::{Code, Origin, Public, Reason, Refusal};

use crate::facts::{Account, AccountState};
use crate::validity::Fresh;

/// A call that its account may make.
#[derive(Debug)]
pub struct Permitted {
    of: Fresh,
}

owns!(Permitted => Fresh);

/// The reasons of this room.
pub const REASONS: &[Reason] = &[ACCOUNT_SUSPENDED, SOURCE_NOT_ALLOWED, NOT_IN_USER_RANGE];
const ACCOUNT_SUSPENDED: Reason = Reason::new("ACCOUNT_SUSPENDED");
const SOURCE_NOT_ALLOWED: Reason = Reason::new("SOURCE_NOT_ALLOWED");
const NOT_IN_USER_RANGE: Reason = Reason::new("NOT_IN_USER_RANGE");

/// Why an account may not.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// The account is suspended.
    Suspended,
    /// The address is not on the account's list.
    Source(String),
    /// The action is not open to the account.
    NotInRange(String),
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (reason, say) = match refused {
            Refused::Suspended => (
                ACCOUNT_SUSPENDED,
                "the account is suspended; ask the operator to resume it.".to_owned(),
            ),
            Refused::Source(peer) => {
                (SOURCE_NOT_ALLOWED, format!("the account does not allow calls from {peer}."))
            }
            Refused::NotInRange(action) => (
                NOT_IN_USER_RANGE,
                format!("the account is not within the user range of `{action}`."),
            ),
        };
        Refusal::new(Code::AccessDenied, reason, Origin::Client, Public::new(say))
    }
}

/// Asks the account's state, its source list, the action's audience, and a switch's testers.
///
/// # Errors
/// 4300; or what `availability` noted for those who are no testers.
pub fn check(fresh: Fresh) -> Result<Permitted, Refusal> {
    let account = fresh.account();
    if account.state == AccountState::Suspended {
        return Err(Refused::Suspended.into());
    }
    let peer = fresh.raw().peer;
    if !account.sources.is_empty() && !account.sources.iter().any(|network| network.contains(peer))
    {
        return Err(Refused::Source(peer.to_canonical().to_string()).into());
    }
    if !in_range(&fresh.operation().audience, account) {
        return Err(Refused::NotInRange(fresh.operation().action.clone()).into());
    }
    if let Some(refusal) = fresh.refused_unless_tester(&account.id) {
        return Err(refusal);
    }
    Ok(Permitted { of: fresh })
}

fn in_range(audience: &Audience, account: &Account) -> bool {
    match audience {
        Audience::Public => true,
        Audience::Groups(named) => {
            named.iter().any(|name| *name == account.id || account.groups.contains(name))
        }
    }
}

#[cfg(test)]
mod spec;
