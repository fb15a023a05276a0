//! **Read this first**: one call, top to bottom.
//!
//! The driver awaits, the gates never do. Each line of [`Driver::walk`] is one gate, with the codes that it
//! refuses with in the margin; the order is [`faregate_pipeline::order::ORDER`], and `cargo xtask tidy`
//! compares the two. Whatever happens, panics included, a call leaves through [`Driver::answer`].

use std::borrow::Cow;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use faregate_catalog::{Lifetime, Module, Operation};
use faregate_contract::envelope::{Format, render};
use faregate_contract::{Answer, Outcome, Refusal, RequestId};
use faregate_pipeline::call::RawCall;
use faregate_pipeline::conclusion::conclude;
use faregate_pipeline::facts::{Account, Cell, Claim, ClaimRequest, Quotas, StoreDown, Verdict};
use faregate_pipeline::fault::Fault;
use faregate_pipeline::order::{self, Gate};
use faregate_pipeline::time::Millis;
use faregate_pipeline::{authn, authz, availability, balance, dialect, ownership, parameters};
use faregate_pipeline::{protocol, quota, replay, routing, validity, verification};
use faregate_stores::Ticket;
use http::header::{HeaderName, HeaderValue, RETRY_AFTER};

use crate::clock::Stopwatch;
use crate::echo::{Echo, Turn};
use crate::ids::Ids;
use crate::in_flight::{InFlight, Place};
use crate::lifetime;
use crate::ops::metrics::{Ledger, Meters, Spent};
use crate::ops::receipts::{self, Steps};
use crate::sandbox::{INJECTED, MARK, Plan};
use crate::shared::Shared;
use crate::tokens::Entered;
use crate::upstream::Upstreams;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REPLAYED: HeaderName = HeaderName::from_static("faregate-replayed");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Takes calls from the edge and answers them; one a worker thread.
#[derive(Debug)]
pub struct Driver {
    pub(crate) shared: Arc<Shared>,
    pub(crate) upstreams: Arc<Upstreams>,
    ids: Arc<Ids>,
    in_flight: Arc<InFlight>,
    ledger: Ledger,
    meters: Arc<Meters>,
}

/// An answer, ready for the edge to write.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// Headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Vec<u8>,
    /// A fault on purpose: the connection is cut in place of all of it.
    pub cut: bool,
}

/// What is known of a call while it is under way: for its log line and its headers.
#[derive(Debug)]
pub(crate) struct Trail {
    pub(crate) gate: Gate,
    pub(crate) peer: IpAddr,
    account: Option<Arc<Account>>,
    module: Option<Arc<Module>>,
    operation: Option<Arc<Operation>>,
    lifetime: Lifetime,
    profile: Option<authn::Profile>,
    /// The cells that the call touches, once its account is known.
    pub(crate) touched: quota::Cells,
    pub(crate) verdict: Verdict,
    pub(crate) upstream: Duration,
    /// Its place among the worker's calls; it goes along when the call is sent.
    pub(crate) place: Option<Place>,
    /// What this call may leave for its copies, in a dialect without a Nonce: only once its claim was new.
    echo: Option<Echo>,
    pub(crate) steps: Steps,
    /// The fault on purpose, in a sandbox.
    pub(crate) plan: Option<Box<Plan>>,
}

impl Trail {
    fn new(peer: IpAddr, clock: Stopwatch) -> Self {
        Self {
            gate: order::PROTOCOL,
            steps: Steps::begin(clock),
            peer,
            account: None,
            module: None,
            operation: None,
            lifetime: Lifetime::default(),
            profile: None,
            touched: quota::Cells::new(),
            verdict: Verdict::default(),
            upstream: Duration::ZERO,
            place: None,
            echo: None,
            plan: None,
        }
    }

    /// Comes to a gate; a fault on purpose may strike there.
    pub(crate) fn at(&mut self, gate: Gate) -> Result<(), Refusal> {
        self.gate = gate;
        self.steps.at(gate);
        self.plan.as_mut().map_or(Ok(()), |plan| plan.at(gate))
    }

    fn routed(&mut self, open: &availability::Open) {
        self.module = Some(Arc::clone(open.module()));
        self.operation = Some(Arc::clone(open.operation()));
        self.lifetime = open.lifetime();
    }

    /// The account, once it is known.
    pub(crate) fn account(&self) -> Option<&str> {
        // A call that nobody signed has an account without an id.
        let id = self.account.as_ref().map(|account| account.id.as_str());
        id.filter(|id| !id.is_empty())
    }

    /// The module, once it is known.
    pub(crate) fn module(&self) -> Option<&str> {
        self.module.as_ref().map(|module| module.name.as_str())
    }

    /// The action, once it is known.
    pub(crate) fn action(&self) -> Option<&str> {
        self.operation.as_ref().map(|operation| operation.action.as_str())
    }

    /// How the client made its string to sign.
    pub(crate) fn profile(&self) -> Option<Cow<'static, str>> {
        self.profile.map(authn::Profile::label)
    }

    fn authenticated(&mut self, call: &authn::Authenticated, quotas: &Quotas) {
        self.touched = quota::cells(call, quotas);
        self.account = Some(Arc::clone(call.account()));
        self.profile = Some(call.profile());
    }
}

impl Driver {
    /// A driver with upstream connections of its own; made inside its worker's runtime.
    #[must_use]
    pub fn new(shared: Arc<Shared>) -> Arc<Self> {
        let ledger = shared.metrics.worker();
        let (in_flight, meters) = (ledger.in_flight(), ledger.meters(&shared.catalog));
        let upstreams = Arc::new(Upstreams::new(shared.clock.stopwatch()));
        Arc::new(Self { shared, upstreams, ids: Arc::new(Ids::new()), in_flight, ledger, meters })
    }

    /// The same worker's, for what was loaded last.
    #[must_use]
    pub(crate) fn renewed(&self, shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self {
            meters: self.ledger.meters(&shared.catalog),
            shared,
            upstreams: Arc::clone(&self.upstreams),
            ids: Arc::clone(&self.ids),
            in_flight: Arc::clone(&self.in_flight),
            ledger: self.ledger.clone(),
        })
    }

    /// The id of the call that arrives now.
    #[must_use]
    pub fn request_id(&self, now: Millis) -> RequestId {
        self.ids.next(now)
    }

    /// Answers a call. Total: there is no call without an answer.
    pub async fn answer(self: &Arc<Self>, raw: RawCall, format: Format) -> Reply {
        let (request_id, dialect) = (raw.request_id, raw.dialect);
        let mut trail = Trail::new(raw.peer, self.shared.clock.stopwatch());
        trail.place = self.in_flight.enter(self.shared.config.limits.calls_in_flight_max);
        if trail.place.is_none() {
            let overload = Err(availability::overload("calls"));
            return self.leave(conclude(request_id, overload), &trail, format);
        }
        let ended = {
            let mut walk = pin!(self.walk(raw, &mut trail));
            std::future::poll_fn(|cx| {
                match catch_unwind(AssertUnwindSafe(|| walk.as_mut().poll(cx))) {
                    Ok(poll) => poll,
                    Err(panic) => {
                        Poll::Ready(
                            Err(Fault::Panic { sent: false, detail: words(&*panic) }.into()),
                        )
                    }
                }
            })
            .await
        };
        if let Some(plan) = &trail.plan {
            plan.linger().await;
        }
        self.look_at_quota(&mut trail, ended.as_ref().err()).await;
        if let Some(echo) = trail.echo.take() {
            self.shared.echoes.keep(echo, request_id, &ended);
        }
        let ended = match &trail.operation {
            Some(operation) if dialect.is_api3() => ended.map(|it| dialect::respell(operation, it)),
            Some(_) | None => ended,
        };
        self.leave(conclude(request_id, ended), &trail, format)
    }

    /// What is left of the quota of a call that did not come as far as its gate: its answer says so all the same.
    async fn look_at_quota(&self, trail: &mut Trail, refusal: Option<&Refusal>) {
        let is_known = trail.touched.is_empty() || !trail.verdict.cells.is_empty();
        if is_known || refusal.is_some_and(availability::is_store_down) {
            return;
        }
        let cells = quota::at_no_cost(std::mem::take(&mut trail.touched));
        // An answer without these headers is better than none.
        trail.verdict =
            self.shared.stores.peek(&cells, self.shared.clock.now()).await.unwrap_or_default();
    }

    /// Answers what never became a call.
    #[must_use]
    pub fn refuse(&self, refusal: Refusal, peer: IpAddr, format: Format) -> Reply {
        let trail = Trail::new(peer, self.shared.clock.stopwatch());
        let request_id = self.request_id(self.shared.clock.now());
        self.leave(conclude(request_id, Err(refusal)), &trail, format)
    }

    #[rustfmt::skip]
    async fn walk(self: &Arc<Self>, raw: RawCall, trail: &mut Trail) -> Result<Outcome, Refusal> {
        let shared = &self.shared;
        let now = raw.arrived;
        let accepted = protocol::check(raw)?;                                                   // 4600
        trail.at(order::DOMAIN)?;
        let located = routing::domain(accepted, &shared.catalog)?;                              // 6100
        trail.at(order::FORM)?;
        let decoded = parameters::decode(located, &shared.limits)?;                             // 4000
        trail.at(order::ACTION)?;
        let routed = routing::action(decoded)?;                                                 // 6100
        let open = availability::check(routed, (&shared.stores.switches(), &shared.config.maintenance), now)?; // 6200
        trail.routed(&open);

        trail.at(order::SIGNATURE)?;
        let key = shared.stores.key(&open.common().secret_id).await?;
        shared.arm(trail, &open, key.as_deref())?;                                              // faults on purpose
        let authenticated = authn::check(open, key, &shared.authn, &**shared)?;                 // 4100
        trail.authenticated(&authenticated, &shared.config.quotas);
        shared.note_use(&authenticated, now);
        trail.at(order::VALIDITY)?;
        let fence = shared.stores.fence(&authenticated.key().id);
        let fresh = validity::check(authenticated, now, fence, &shared.validity)?;              // 4200
        trail.at(order::ACCESS)?;
        let permitted = authz::check(fresh)?;                                                   // 4300

        trail.at(order::REPLAY)?;
        let turn = match self.turn(&permitted, trail).await? {
            Entered::Go(turn) => turn,
            Entered::Saved(ended) => return ended,                                              // told again
        };
        let claim = replay::request(&permitted, &shared.prints, &shared.replay);
        let echo = self.echo(claim.as_ref(), permitted.common().nonce.is_none()).await;
        if let Some(Turn::Copy(first)) = &echo {
            trail.steps.replay_of = Some(first.0);
            return first.1.clone();                                                             // told again
        }
        let (claimed, verdict, ticket) = self.enter(claim.as_ref(), trail.cells(), now).await?; // one trip
        let claimed = replay::check(permitted, claim.as_ref(), claimed)?;                       // 4500
        trail.echo = echo.and_then(Turn::ours);
        trail.at(order::QUOTA)?;
        trail.verdict = shared.verdict(trail, verdict, ticket.as_ref()).await?;
        let admitted = quota::check(claimed, &trail.verdict)?;                                  // 4400
        if quota::is_dry_run(&admitted) {
            return Box::pin(self.rehearse(admitted, trail)).await;                              // every gate that is left
        }

        trail.at(order::PARAMETERS)?;
        let valid = parameters::validate(admitted)?;                                            // 4000
        let valid = self.resuming(valid).await?;                                                // what a batch left
        trail.at(order::RESOURCES)?;
        let wanted = ownership::wanted(&valid);
        let known = shared.known(&valid, &wanted).await?;
        let owned = ownership::check(valid, &wanted, &known, shared.mode(trail))?;              // 5000
        shared.note_shadowed(&owned);
        trail.at(order::IDENTITY)?;
        let verified = verification::check(owned)?;                                             // 5500
        trail.at(order::BALANCE)?;
        let bill = self.bill(&verified, ticket.as_ref()).await?;
        let (hold, held) = self.hold(&verified, &bill, turn, trail).await?;
        let funded = balance::check(verified, &bill, &held)?;                                   // 5300
        trail.at(order::MODULE)?;
        self.perform(funded, hold, ticket, trail).await                                         // 5100
    }

    /// Whose turn it is among calls of one signature; a call with a Nonce, or none to claim, waits for nobody.
    async fn echo(&self, claim: Option<&ClaimRequest>, signed_once: bool) -> Option<Turn> {
        let claim = claim.filter(|_| signed_once)?;
        Some(self.shared.echoes.turn(claim.print).await)
    }

    /// Gates 8 and 9 in one trip; a call that may come again has no claim, and asks the cells alone.
    async fn enter(
        &self,
        claim: Option<&ClaimRequest>,
        cells: &[Cell],
        now: Millis,
    ) -> Result<(Claim, Verdict, Option<Ticket>), StoreDown> {
        match claim {
            Some(claim) => self.shared.stores.enter(claim, cells, now).await,
            None => Ok((Claim::New, self.shared.stores.take(cells, now).await?, None)),
        }
    }

    fn leave(&self, mut answer: Answer, trail: &Trail, format: Format) -> Reply {
        let own = answer.request_id;
        // A saved answer is the first call's, to its last byte; the header and the log have this call's id.
        answer.request_id = trail.steps.replay_of.unwrap_or(own);
        let rendered = render(&answer, format, &self.shared.voice);
        answer.request_id = own;
        let mut headers = Vec::with_capacity(4);
        // What is written here is ours, and ASCII: a value that could not be sent would only be left out.
        headers.extend(HeaderValue::from_bytes(&own.text()).map(|id| (X_REQUEST_ID, id)));
        if trail.steps.replay_of.is_some() {
            headers.push((REPLAYED, HeaderValue::from_static("true")));
        }
        if let Some(seconds) = answer.refusal().and_then(|refusal| refusal.retry.after_s()) {
            headers.push((RETRY_AFTER, HeaderValue::from(seconds)));
        }
        headers.extend(lifetime::headers(trail.lifetime));
        if let Some((limit, policy)) = quota::headers::of(&trail.verdict) {
            headers.extend(HeaderValue::try_from(limit).map(|limit| (RATELIMIT, limit)));
            headers.extend(HeaderValue::try_from(policy).map(|policy| (RATELIMIT_POLICY, policy)));
        }
        let fault = trail.plan.as_ref().filter(|plan| plan.fired());
        if let Some(plan) = fault {
            headers.push((MARK, HeaderValue::from_static(INJECTED)));
            plan.write_down(&self.shared.stores);
        }
        let took = trail.steps.took();
        self.shared.tally.add(&answer);
        let spent = Spent { whole: took, upstream: trail.upstream };
        let ordinal = trail.operation.as_ref().map(|operation| operation.ordinal);
        self.meters.count(&answer, ordinal, trail.gate, spent);
        self.shared.log.write(&answer, trail, took);
        receipts::write(self.shared.stores.receipts(), &answer, trail, took);
        Reply {
            status: rendered.status,
            content_type: rendered.content_type,
            headers,
            body: rendered.body,
            cut: fault.is_some_and(|plan| plan.cuts()),
        }
    }
}

/// What a panic said, for the log.
pub(crate) fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}
