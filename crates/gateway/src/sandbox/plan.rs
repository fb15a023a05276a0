//! `Plan`: what is to go wrong with one call, and where.
//!
//! Made before the signature is checked, for then module, action and account are known; it strikes at the
//! gate that makes its code. A call that an earlier gate refuses for real gives the strike back.

use std::sync::Arc;
use std::time::Duration;

use faregate_catalog::{Module, Operation};
use faregate_contract::{Code, Refusal};
use faregate_ledger::Money;
use faregate_pipeline::availability::{self, Open};
use faregate_pipeline::facts::{Cell, HoldOutcome, Identity, Intent, Switch, SwitchState};
use faregate_pipeline::operation::Sent;
use faregate_pipeline::order::{self, Gate};
use faregate_pipeline::{
    authn, authz, batch, ownership, parameters, protocol, replay, validity, verification,
};
use faregate_stores::Stores;

use super::effect::{Effect, FakeAnswer, Latency};
use super::{Faked, Live, draw, reasons};
use crate::driver::Trail;

/// For how long a maintenance of ours lasts, as it says.
const MAINTENANCE_MS: i64 = 1_000;

/// What is to go wrong with one call.
#[derive(Debug)]
pub(crate) struct Plan {
    strike: Option<Strike>,
    latency: Option<Latency>,
    wait: Duration,
    cut: bool,
    fired: bool,
    /// The stored fault, whose strike is given back if nothing came of it.
    live: Option<Arc<Live>>,
}

#[derive(Debug)]
pub(super) enum Strike {
    /// At this gate, in its own words.
    Refuse(Gate, Box<Refusal>),
    /// At the quota, by the cells.
    Quota,
    /// At the balance, by the ledger.
    Funds,
    /// By what the module is made to answer.
    Module(Faked),
    /// Before the module, by its circuit breaker.
    Breaker,
    /// By a panic, before anything is sent.
    Panic,
}

/// Could an action of this module ever meet this answer; if not, why not.
///
/// # Errors
/// What stands against it, in one sentence.
pub fn possible(answer: &FakeAnswer, module: &Module, operation: &Operation) -> Result<(), String> {
    let action = &operation.action;
    match answer {
        FakeAnswer::Garbage => Ok(()),
        FakeAnswer::Reason(code, reason) => {
            possible(&FakeAnswer::Code(*code), module, operation)?;
            reasons::possible(*code, reason.as_str(), operation)
        }
        FakeAnswer::Code(Code::InsufficientBalance) if operation.purchase.is_none() => {
            Err(format!("5300 cannot be: `{action}` costs nothing"))
        }
        FakeAnswer::Code(Code::UserQualificationAuditFailed) if !operation.requires_identity => {
            Err(format!("5500 cannot be: `{action}` asks for no identity"))
        }
        FakeAnswer::Code(Code::PartialSuccess) if operation.batch.is_none() => {
            Err(format!("5400 cannot be: `{action}` is no batch"))
        }
        FakeAnswer::Code(_) => Ok(()),
        FakeAnswer::Module { code, module_code } => {
            let documented =
                module.errors.get(module_code).map(|error| Code::from_wire(error.code));
            match (documented, code) {
                (Some(documented), Some(code)) if documented != *code => Err(format!(
                    "the module `{}` documents {module_code} as {documented}, not {code}",
                    module.name
                )),
                _ => Ok(()),
            }
        }
    }
}

impl Plan {
    /// The plan of a header.
    ///
    /// # Errors
    /// The call could never meet it.
    pub(super) fn of_header(
        effect: &Effect,
        open: &Open,
        policy: &validity::Policy,
    ) -> Result<Self, String> {
        Self::new(effect, open, policy)
    }

    /// The plan of a stored fault, if it strikes.
    pub(super) fn of_stored(
        live: &Arc<Live>,
        open: &Open,
        policy: &validity::Policy,
    ) -> Option<Self> {
        let mut plan = Self::new(&live.effect, open, policy).ok()?;
        let n = live.take()?;
        plan.draw_latency(live.seed, live.number(), n);
        plan.live = Some(Arc::clone(live));
        Some(plan)
    }

    fn new(effect: &Effect, open: &Open, policy: &validity::Policy) -> Result<Self, String> {
        let strike = effect.answer.as_ref();
        let strike = strike.map(|answer| Strike::of(answer, open, policy)).transpose()?;
        let (latency, cut) = (effect.latency, effect.cut);
        // Without an answer of its own it strikes whatever the truth is.
        let fired = strike.is_none();
        Ok(Self { strike, latency, wait: Duration::ZERO, cut, fired, live: None })
    }

    pub(super) fn draw_latency(&mut self, seed: u64, fault: u64, n: u64) {
        let Some(Latency { least, most }) = self.latency else { return };
        let span_ms = u64::try_from(most.saturating_sub(least).as_millis()).unwrap_or(u64::MAX);
        // Another stream than the one that says whether it strikes.
        let ms = draw(seed ^ 0x6c61_7465_6e63_7921, fault, n) % span_ms.saturating_add(1);
        self.wait = least.saturating_add(Duration::from_millis(ms));
    }

    /// Strikes, if this is the gate.
    pub(crate) fn at(&mut self, gate: Gate) -> Result<(), Refusal> {
        match self.strike.take() {
            Some(Strike::Refuse(at, refusal)) if at == gate => {
                self.fired = true;
                Err(*refusal)
            }
            Some(Strike::Panic) if gate == order::PARAMETERS => {
                self.fired = true;
                // A real one, on its way to where every panic is caught; only the hook, which prints, is not called.
                std::panic::resume_unwind(Box::new("a fault on purpose".to_owned()))
            }
            other => {
                self.strike = other;
                Ok(())
            }
        }
    }

    pub(super) fn strikes_quota(&mut self) -> bool {
        let strikes = matches!(self.strike, Some(Strike::Quota));
        if strikes {
            (self.strike, self.fired) = (None, true);
        }
        strikes
    }

    pub(super) fn strikes_breaker(&mut self) -> bool {
        let strikes = matches!(self.strike, Some(Strike::Breaker));
        if strikes {
            (self.strike, self.fired) = (None, true);
        }
        strikes
    }

    /// Has something come of it.
    pub(crate) fn fired(&self) -> bool {
        self.fired
    }

    /// Is the connection to be cut now.
    pub(crate) fn cuts(&self) -> bool {
        self.fired && self.cut
    }

    /// Holds the answer back for the latency that was drawn.
    pub(crate) async fn linger(&self) {
        if self.fired && !self.wait.is_zero() {
            tokio::time::sleep(self.wait).await;
        }
    }

    /// Writes down that it has struck.
    pub(crate) fn write_down(&self, stores: &Stores) {
        if let Some(live) = self.live.as_ref().filter(|_| self.fired) {
            let fired = live.fired.load(std::sync::atomic::Ordering::Relaxed);
            stores.fault_fired(live.of.id, fired);
        }
    }
}

impl Drop for Plan {
    fn drop(&mut self) {
        if let Some(live) = self.live.as_ref().filter(|_| !self.fired) {
            live.give_back();
        }
    }
}

impl Strike {
    pub(super) fn refuse(gate: Gate, refusal: Refusal) -> Self {
        Self::Refuse(gate, Box::new(refusal))
    }

    fn of(answer: &FakeAnswer, open: &Open, policy: &validity::Policy) -> Result<Self, String> {
        let (module, operation) = (open.module(), open.operation());
        possible(answer, module, operation)?;
        let code = match answer {
            FakeAnswer::Code(code) => *code,
            FakeAnswer::Reason(code, reason) => {
                return match reasons::strike(*code, *reason, open, policy) {
                    Some(strike) => Ok(strike),
                    None => Self::of(&FakeAnswer::Code(*code), open, policy),
                };
            }
            FakeAnswer::Module { code, module_code } => {
                return Ok(Self::Module(Faked::error(module, *code, Some(module_code))));
            }
            FakeAnswer::Garbage => return Ok(Self::Module(Faked::Garbage)),
        };
        let refuse = Self::refuse;
        Ok(match code {
            Code::QuotaExceeded => Self::Quota,
            Code::InsufficientBalance => Self::Funds,
            Code::OperationFailed | Code::ResourceInsufficient => {
                Self::Module(Faked::error(module, Some(code), None))
            }
            Code::InternalError => Self::Module(Faked::broken()),
            Code::PartialSuccess => {
                let over = operation.batch.as_ref().map_or("", |batch| batch.over.as_str());
                if open.input().count_items(&operation.parameters, over) < 2 {
                    return Err("5400 cannot be: the call names fewer than two items".to_owned());
                }
                Self::Module(Faked::last(module))
            }
            Code::InvalidParameter => {
                let name = open.input().first_name().unwrap_or("Action");
                refuse(order::PARAMETERS, parameters::not_allowed(name))
            }
            Code::AuthFailure => refuse(order::SIGNATURE, authn::Refused::Mismatch.into()),
            Code::RequestExpired => refuse(order::VALIDITY, expired(open, policy.period_s)),
            Code::AccessDenied => {
                let refused = authz::Refused::NotInRange(operation.action.clone());
                refuse(order::ACCESS, refused.into())
            }
            Code::ReplayAttack => refuse(order::REPLAY, replay::seen(open.raw().arrived.as_secs())),
            Code::ResourceNotFound => refuse(order::RESOURCES, ownership::absent()),
            Code::UserQualificationAuditFailed => {
                let refused = verification::Refused::NotVerified(Identity::Unverified);
                refuse(order::IDENTITY, refused.into())
            }
            Code::ProtocolNotSupported => {
                let domain = module.domains.first().map_or("", String::as_str);
                refuse(order::ACTION, protocol::plain_http(domain))
            }
            Code::VersionNotSupported => {
                refuse(order::ACTION, maintenance(open, SwitchState::Lasting))
            }
            Code::ServiceUnavailable => {
                let end = SwitchState::Until(open.raw().arrived.plus(MAINTENANCE_MS));
                refuse(order::ACTION, maintenance(open, end))
            }
            Code::Success | Code::Other(_) => return Err(format!("{code} is no refusal")),
        })
    }
}

/// 4200 for a stamp that is one second too old, as far as the answer says.
fn expired(open: &Open, period_s: i64) -> Refusal {
    let server = open.raw().arrived.as_secs();
    let looks_like = validity::LooksLike::Seconds;
    validity::Refused::TooOld { age_s: period_s.saturating_add(1), period_s, server, looks_like }
        .into()
}

fn maintenance(open: &Open, state: SwitchState) -> Refusal {
    let switch = Switch {
        module: open.module().name.clone(),
        action: Some(open.operation().action.clone()),
        state,
        from: None,
        message: None,
        testers: Vec::new(),
    };
    availability::refuse(&switch, open.raw().arrived)
}

impl Trail {
    /// The cells that the call takes from: none, if a fault refuses it there.
    pub(crate) fn cells(&self) -> &[Cell] {
        let strikes = self.plan.as_ref().is_some_and(|p| matches!(p.strike, Some(Strike::Quota)));
        if strikes { &[] } else { &self.touched }
    }

    /// That there is no money, if a fault says so: then nothing is held.
    pub(crate) fn no_funds(&mut self, intent: &Intent) -> Option<HoldOutcome> {
        let plan = self.plan.as_mut().filter(|p| matches!(p.strike, Some(Strike::Funds)))?;
        (plan.strike, plan.fired) = (None, true);
        let nothing = Money::zero(intent.amount.currency());
        Some(HoldOutcome::Insufficient { available: nothing, credit: nothing })
    }

    /// Is the module's breaker open, if a fault says so.
    pub(crate) fn breaker(&mut self) -> bool {
        self.plan.as_mut().is_some_and(|plan| plan.strikes_breaker())
    }

    /// What the module is made to answer, if a fault says so.
    pub(crate) fn faked(&mut self, sent: &Sent) -> Option<Faked> {
        let plan = self.plan.as_mut().filter(|p| matches!(p.strike, Some(Strike::Module(_))))?;
        let Some(Strike::Module(faked)) = plan.strike.take() else { return None };
        // With one item left the rest is refused already: it runs, and the call is partly done.
        if matches!(faked, Faked::Last(_)) && batch::plan(sent).len() < 2 {
            return None;
        }
        plan.fired = true;
        Some(faked)
    }
}
