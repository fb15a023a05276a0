//! 4300 Access denied: the account is suspended or closed, calls from elsewhere, is not in the action's range, or a policy
//! of the key says no.
//!
//! After the signature, because who asks must be certain; before replay, because a refused call has not
//! been made. Ownership is not decided here: no policy can grant another account's object by accident.
//! Invariant: a `Permitted` may do what it asks, if its objects are its own. Parameters are looked at only where a
//! policy speaks of them, and read as gate 10 reads them: what cannot be read is refused there.

pub mod policy;

use faregate_catalog::Audience;
use faregate_contract::{Code, Detail, Origin, Public, Reason, Refusal};

use self::policy::{Arguments, Bundle, Context, Decision, Question, asked};
use crate::facts::{Account, AccountState, Network};
use crate::validity::Fresh;

/// A call that its account may make.
#[derive(Debug)]
pub struct Permitted {
    of: Fresh,
}

owns!(Permitted => Fresh);

/// The reasons of this room.
pub const REASONS: &[Reason] = &[
    ACCOUNT_SUSPENDED,
    ACCOUNT_CLOSED,
    SOURCE_NOT_ALLOWED,
    NOT_IN_USER_RANGE,
    DENIED_BY_POLICY,
    NOT_ALLOWED_BY_POLICY,
];
const ACCOUNT_SUSPENDED: Reason = Reason::new("ACCOUNT_SUSPENDED");
const ACCOUNT_CLOSED: Reason = Reason::new("ACCOUNT_CLOSED");
const SOURCE_NOT_ALLOWED: Reason = Reason::new("SOURCE_NOT_ALLOWED");
const NOT_IN_USER_RANGE: Reason = Reason::new("NOT_IN_USER_RANGE");
const DENIED_BY_POLICY: Reason = Reason::new("DENIED_BY_POLICY");
const NOT_ALLOWED_BY_POLICY: Reason = Reason::new("NOT_ALLOWED_BY_POLICY");

/// Why an account may not.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// The account is suspended.
    Suspended,
    /// The account is closed.
    Closed,
    /// The address is not on the account's list.
    Source(String),
    /// The address is not on the key's list.
    KeySource(String),
    /// The action is not open to the account.
    NotInRange(String),
    /// A policy of the key denies it.
    Denied {
        /// The module and action.
        action: String,
        /// The resource, as policies name it.
        resource: String,
        /// Which statement, for the log alone: a policy is its owner's.
        statement: String,
    },
    /// No policy of the key allows it.
    NotAllowed {
        /// The module and action.
        action: String,
        /// The resource, as policies name it.
        resource: String,
    },
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        const ASK: &str = "ask the account's owner, who may look at `faregate policy explain`.";
        let of = |reason, say: String| {
            Refusal::new(Code::AccessDenied, reason, Origin::Client, Public::new(say))
        };
        match refused {
            Refused::Suspended => of(
                ACCOUNT_SUSPENDED,
                "the account is suspended; ask the operator to resume it.".to_owned(),
            ),
            Refused::Closed => {
                of(ACCOUNT_CLOSED, "the account is closed, and stays so.".to_owned())
            }
            Refused::Source(peer) => {
                of(SOURCE_NOT_ALLOWED, format!("the account does not allow calls from {peer}."))
            }
            Refused::KeySource(peer) => {
                of(SOURCE_NOT_ALLOWED, format!("this key does not allow calls from {peer}."))
            }
            Refused::NotInRange(action) => of(
                NOT_IN_USER_RANGE,
                format!("the account is not within the user range of `{action}`."),
            ),
            Refused::Denied { action, resource, statement } => {
                let resource = Public::echo(&resource);
                let say = format!("a policy forbids this key `{action}` on {resource}; {ASK}");
                of(DENIED_BY_POLICY, say).detail(Detail::note(statement))
            }
            Refused::NotAllowed { action, resource } => {
                let resource = Public::echo(&resource);
                let say = format!("no policy allows this key `{action}` on {resource}; {ASK}");
                of(NOT_ALLOWED_BY_POLICY, say)
            }
        }
    }
}

/// Asks the account's state, the lists of sources, the action's audience, a switch's testers, and the key's policies.
///
/// # Errors
/// 4300; or what `availability` noted for those who are no testers.
pub fn check(fresh: Fresh) -> Result<Permitted, Refusal> {
    let account = fresh.account();
    match account.state {
        AccountState::Active => {}
        AccountState::Suspended => return Err(Refused::Suspended.into()),
        AccountState::Closed => return Err(Refused::Closed.into()),
    }
    let peer = fresh.raw().peer;
    let elsewhere = |sources: &[Network]| {
        !sources.is_empty() && !sources.iter().any(|network| network.contains(peer))
    };
    if elsewhere(&account.sources) {
        return Err(Refused::Source(peer.to_canonical().to_string()).into());
    }
    if elsewhere(&fresh.key().sources) {
        return Err(Refused::KeySource(peer.to_canonical().to_string()).into());
    }
    if !in_range(&fresh.operation().audience, account) {
        return Err(Refused::NotInRange(fresh.operation().action.clone()).into());
    }
    if let Some(refusal) = fresh.refused_unless_tester(&account.id) {
        return Err(refusal);
    }
    if let Some(policies) = &fresh.key().policies {
        judge(&fresh, policies)?;
    }
    Ok(Permitted { of: fresh })
}

/// What the key's policies say.
fn judge(fresh: &Fresh, policies: &Bundle) -> Result<(), Refused> {
    let operation = fresh.operation();
    let (module, action) = (fresh.module().name.as_str(), operation.action.as_str());
    let raw = fresh.raw();
    let region = fresh.common().region.as_deref();
    let mut context =
        Context { peer: raw.peer, now: raw.arrived, region, arguments: Arguments::NotAsked };
    let (read, named);
    let mut resources: &[String] = &[];
    if policies.needs_arguments(module, action) {
        match fresh.input().read(&operation.parameters) {
            Ok(arguments) => {
                read = arguments;
                named = asked(operation, &read).resources;
                resources = &named;
                context.arguments = Arguments::Read(&read);
            }
            // Gate 10 reads the same bytes by the same schema, and says what is wrong with them. Until then it
            // is enough that the action is not closed to the key altogether.
            Err(_) if policies.may_allow(module, action) => return Ok(()),
            Err(_) => {}
        }
    }
    let name = || format!("{module}:{action}");
    match policies.decide(&Question { module, action, resources, context }) {
        Decision::Allowed(_) => Ok(()),
        Decision::Denied(by, at) => Err(Refused::Denied {
            action: name(),
            resource: at.to_owned(),
            statement: format!("statement {} of policy `{}`", by.number, by.policy),
        }),
        Decision::NotAllowed(at) => {
            Err(Refused::NotAllowed { action: name(), resource: at.to_owned() })
        }
    }
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
mod coverage;
#[cfg(test)]
mod spec;
