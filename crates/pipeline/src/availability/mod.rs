//! 6200 API is temporarily unavailable: maintenance with an end, an open breaker, a store that is away, overload.
//!
//! Before the signature: an operator's switch must hold for everybody, and costs nothing to ask. Where a
//! switch names testers, who they are is not known yet: it is noted here and judged by `authz`.
//! Invariant: every 6200 says when to come back. Never: turns a store's failure into "allow".

pub mod breaker;

use faregate_catalog::Lifetime;
use faregate_contract::{Code, Detail, Origin, Public, Reason, Refusal, Retry};

use crate::facts::{StoreDown, Switch, SwitchState};
use crate::routing::{self, Routed};
use crate::time::Millis;

/// A call of an operation that is in service.
#[derive(Debug)]
pub struct Open {
    of: Routed,
    testers_only: Option<Box<(Vec<Switch>, Millis)>>,
    lifetime: Lifetime,
}

owns!(Open => Routed);

impl Open {
    /// Since when the action, or its version, is deprecated, and when it ends.
    #[must_use]
    pub fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    /// What `authz` must refuse unless the account is a tester.
    #[must_use]
    pub fn refused_unless_tester(&self, account: &str) -> Option<Refusal> {
        let (switches, now) = self.testers_only.as_deref()?;
        let closed = |switch: &&Switch| !switch.testers.iter().any(|tester| tester == account);
        switches.iter().filter(closed).max_by_key(|switch| lasts(switch)).map(|it| refuse(it, *now))
    }
}

/// The reasons of this room.
pub const REASONS: &[Reason] =
    &[MAINTENANCE, BREAKER_OPEN, MODULE_UNAVAILABLE, STORE_DOWN, OVERLOAD];
const MAINTENANCE: Reason = Reason::new("MAINTENANCE");
const BREAKER_OPEN: Reason = Reason::new("BREAKER_OPEN");
const MODULE_UNAVAILABLE: Reason = Reason::new("MODULE_UNAVAILABLE");
const STORE_DOWN: Reason = Reason::new("STORE_DOWN");
const OVERLOAD: Reason = Reason::new("OVERLOAD");

/// Asks the operator's switches.
///
/// # Errors
/// 6200 with Retry-After under maintenance with an end; 6100 when withdrawn or under lasting maintenance.
pub fn check(
    routed: Routed,
    (put, configured): (&[Switch], &[Switch]),
    now: Millis,
) -> Result<Open, Refusal> {
    let lifetime = lifetime(&routed, now)?;
    let action = &routed.operation().action;
    let concerned = put
        .iter()
        .chain(configured)
        .filter(|switch| switch.module == routed.module().name)
        .filter(|switch| switch.action.as_ref().is_none_or(|named| named == action))
        .filter(|switch| in_force(switch, now));
    // Of several the one that lasts longest answers: whoever waits for another comes back too early.
    let closed = concerned.clone().filter(|switch| switch.testers.is_empty());
    if let Some(switch) = closed.max_by_key(|switch| lasts(switch)) {
        return Err(refuse(switch, now));
    }
    let open_to_testers: Vec<Switch> = concerned.cloned().collect();
    let testers_only = (!open_to_testers.is_empty()).then(|| Box::new((open_to_testers, now)));
    Ok(Open { of: routed, testers_only, lifetime })
}

/// Until when a switch is in force.
fn lasts(switch: &Switch) -> Millis {
    match switch.state {
        SwitchState::Withdrawn => Millis::new(i64::MAX),
        SwitchState::Lasting => Millis::new(i64::MAX).plus(-1),
        SwitchState::Until(end) => end,
    }
}

/// Of the action, and of the version that the call names; 6100 for what is over.
fn lifetime(routed: &Routed, now: Millis) -> Result<Lifetime, Refusal> {
    let (module, operation, now_s) = (routed.module(), routed.operation(), now.as_secs());
    const OVER: &str = "Its end was announced by the Sunset header.";
    let version = routed.common().version.as_deref().filter(|_| !module.lifetimes.is_empty());
    let of_version =
        version.and_then(|version| module.lifetimes.get(version)).copied().unwrap_or_default();
    if of_version.is_over(now_s) {
        let what = format!("this Version of the module `{}`", module.name);
        return Err(routing::withdrawn(what, Some(OVER.to_owned())));
    }
    if operation.lifetime.is_over(now_s) {
        let what = format!("`{}` of the module `{}`", operation.action, module.name);
        return Err(routing::withdrawn(what, Some(OVER.to_owned())));
    }
    Ok(of_version.and(operation.lifetime))
}

fn in_force(switch: &Switch, now: Millis) -> bool {
    let has_begun = switch.from.is_none_or(|begin| begin <= now);
    has_begun && now < lasts(switch)
}

/// What a switch in force answers: 6200 with an end, 6100 without.
#[must_use]
pub fn refuse(switch: &Switch, now: Millis) -> Refusal {
    let what = match &switch.action {
        Some(action) => format!("`{action}` of the module `{}`", switch.module),
        None => format!("the module `{}`", switch.module),
    };
    match switch.state {
        SwitchState::Withdrawn => routing::withdrawn(what, switch.message.clone()),
        SwitchState::Lasting => routing::lasting(what, switch.message.clone()),
        SwitchState::Until(end) => {
            let after_s = seconds_up(end.since(now));
            let words =
                switch.message.as_ref().map(|words| format!(" {words}")).unwrap_or_default();
            let say = format!("{what} is under maintenance for another {after_s} s.{words}");
            unavailable(MAINTENANCE, Origin::Gateway, say, Retry::SameBytes { after_s })
        }
    }
}

/// 6200 while the module's circuit breaker is open: nothing was sent.
#[must_use]
pub fn breaker_open(module: &str, for_ms: i64) -> Refusal {
    let after_s = seconds_up(for_ms);
    let say = format!(
        "the module `{module}` has failed several times in a row; it is tried again in {after_s} s."
    );
    unavailable(BREAKER_OPEN, Origin::Module, say, Retry::SameBytes { after_s })
}

/// 6200 while an operator lets every server of the module run empty: nothing was sent.
#[must_use]
pub fn drained(module: &str) -> Refusal {
    let say = format!("every server of the module `{module}` is out of service for the moment.");
    unavailable(MODULE_UNAVAILABLE, Origin::Gateway, say, Retry::SameBytes { after_s: 5 })
}

/// 6200 because the module says 503: it saw the call and did nothing.
#[must_use]
pub fn module_unavailable(module: &str, after_s: Option<u32>) -> Refusal {
    let say = format!("the module `{module}` is unavailable.");
    unavailable(
        MODULE_UNAVAILABLE,
        Origin::Module,
        say,
        Retry::After { after_s: after_s.unwrap_or(1).max(1) },
    )
}

/// 6200 for one more than the gateway takes at once, of `connections` or of `calls`: it was not looked at.
#[must_use]
pub fn overload(of: &'static str) -> Refusal {
    let say = format!("more {of} are open than this gateway takes at once.");
    unavailable(OVERLOAD, Origin::Gateway, say, Retry::SameBytes { after_s: 1 })
}

impl From<StoreDown> for Refusal {
    /// The one road from a store's failure to an answer: 6200, whatever was asked.
    fn from(down: StoreDown) -> Self {
        let say = "a store of this gateway does not answer.".to_owned();
        unavailable(STORE_DOWN, Origin::Gateway, say, Retry::After { after_s: 2 })
            .detail(Detail::note(format!("{}: {}", down.store, down.cause)))
    }
}

/// Does it say that a store is away: then there is nothing to look up for its answer either.
#[must_use]
pub fn is_store_down(refusal: &Refusal) -> bool {
    refusal.reason == STORE_DOWN
}

fn unavailable(reason: Reason, origin: Origin, say: String, retry: Retry) -> Refusal {
    Refusal::new(Code::ServiceUnavailable, reason, origin, Public::new(say)).retry(retry)
}

/// Whole seconds, at least one.
fn seconds_up(ms: i64) -> u32 {
    u32::try_from(ms.saturating_add(999) / 1000).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod spec;
