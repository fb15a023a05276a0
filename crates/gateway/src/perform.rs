//! After the gates: hold, send, read, settle.
//!
//! From the first upstream byte on the call is [`Begun`]: a client that goes away does not stop it. Dropping
//! anything before that gives the [`Hold`] back; dropping it afterwards never does: it leaves the money in doubt
//! (DESIGN 2, Sent).

use std::borrow::Cow;
use std::sync::Arc;

use faregate_catalog::UpstreamRequest;
use faregate_contract::{Effect, Outcome, Refusal, RequestId};
use faregate_ledger::Money;
use faregate_pipeline::balance::Funded;
use faregate_pipeline::facts::{Lesson, Settlement};
use faregate_pipeline::fault::Fault;
use faregate_pipeline::operation::{self, Done, Sent, Upstream};
use faregate_pipeline::parameters::Requests;
use faregate_pipeline::{availability, batch, purchase};
use faregate_stores::{Ending, Ticket, failpoint};
use serde_json::{Map, Value};

use crate::begun::Begun;
use crate::builtin;
use crate::doubts;
use crate::driver::{Driver, Trail, words};
use crate::hold::{Hold, Seen};
use crate::ops::receipts;
use crate::sandbox::Faked;
use crate::upstream::servers::Pick;

impl Driver {
    /// Executes a call that passed every gate.
    pub(crate) async fn perform(
        self: &Arc<Self>,
        funded: Funded,
        hold: Hold,
        ticket: Option<Ticket>,
        trail: &mut Trail,
    ) -> Result<Outcome, Refusal> {
        let module = Arc::clone(funded.module());
        let picked = if trail.breaker() {
            Err(availability::breaker_open(&module.name, 1_000))
        } else {
            self.shared.admit(&module.name)
        };
        let pick = match picked {
            Ok(pick) => pick,
            Err(refusal) => {
                // Nothing was sent and the same bytes are invited again: the nonce is unspent.
                if let Some(ticket) = &ticket {
                    self.shared.stores.give_back(ticket).await?;
                }
                return Err(refusal);
            }
        };
        let server = pick.as_ref().map(|pick| Arc::clone(pick.server()));
        let driver = Arc::clone(self);
        let sent = operation::begin(funded);
        let (place, faked) = (trail.place.take(), trail.faked(&sent));
        // The call stays counted while its module has it, though its client may be gone.
        let counted = trail.verdict.place.take();
        let begun = Begun::new(async move {
            let ended = driver.execute(sent, hold, faked, pick).await;
            drop((place, counted));
            ended
        });
        match begun.await {
            Ok((ended, seen)) => {
                trail.upstream = seen.took;
                trail.steps.status = seen.status;
                trail.steps.charge = seen.charge;
                ended
            }
            Err(panic) => {
                server.iter().for_each(|it| it.report(true, self.shared.clock.now()));
                Err(Fault::Panic { sent: true, detail: words(&*panic) }.into())
            }
        }
    }

    async fn execute(
        &self,
        sent: Sent,
        mut hold: Hold,
        faked: Option<Faked>,
        pick: Option<Pick>,
    ) -> (Result<Outcome, Refusal>, Seen) {
        let mut seen = Seen { pick, ..Seen::default() };
        if let Err(refused) = self.goes_on(&sent).await {
            return (Err(refused), seen);
        }
        if let Some(id) = hold.held()
            && let Err(down) = self.shared.stores.mark_sending(id).await
        {
            return (Err(down.into()), seen);
        }
        if let Some(turn) = hold.turn.as_ref().filter(|_| sent.operation().settles_items()) {
            hold.order = Some(doubts::order_in_parts(&sent, turn));
        }
        if let Some(order) = hold.order.take()
            && let Err(down) = self.shared.stores.begin(&order, self.shared.clock.now()).await
        {
            return (Err(down.into()), seen);
        }
        hold.sending();
        failpoint::pass("send.before");
        // Until its end is written, nobody knows.
        seen.charge = sent.held().map(|amount| receipts::charge(amount, Settlement::InDoubt));
        let began = self.shared.clock.monotonic();
        let ended = match sent.requests() {
            Requests::One(_) => self.one(&sent, &mut hold, &mut seen, faked.as_ref()).await,
            Requests::Each(_) => self.each(&sent, &mut hold, &mut seen, faked.as_ref()).await,
        };
        seen.took = self.shared.clock.monotonic().saturating_sub(began);
        (ended, seen)
    }

    async fn one(
        &self,
        sent: &Sent,
        hold: &mut Hold,
        seen: &mut Seen,
        faked: Option<&Faked>,
    ) -> Result<Outcome, Refusal> {
        let Requests::One(request) = sent.requests() else {
            return Err(Fault::Internal("a batch was sent as one call".to_owned()).into());
        };
        let done = self.exchange(sent, request, None, seen, faked).await;
        let ended = done.result.map(Outcome::Success);
        let part = Part::whole(sent, hold);
        self.settle(sent, hold, seen, &part, (done.settlement, done.lessons), ended).await
    }

    async fn each(
        &self,
        sent: &Sent,
        hold: &mut Hold,
        seen: &mut Seen,
        faked: Option<&Faked>,
    ) -> Result<Outcome, Refusal> {
        let Requests::Each(requests) = sent.requests() else {
            return Err(Fault::Internal("one call was sent as a batch".to_owned()).into());
        };
        let lots = std::mem::take(&mut hold.lots);
        let ended = self.items(sent, requests, lots, seen, faked).await;
        let lessons: Vec<Lesson> =
            ended.iter().flat_map(|(_, done)| done.lessons.clone()).collect();
        let settlement = together(&ended);
        let merged = Ok(batch::merge(sent, ended));
        let part = Part::whole(sent, hold);
        let told = self.settle(sent, hold, seen, &part, (settlement, lessons), merged).await;
        // The items are done, whatever can be kept of them: without its row, only the ResumeToken is good for nothing.
        let _ = self.keep(sent, &told).await;
        told
    }

    /// One request to the module and what became of it; `item` is its place and id in a batch.
    pub(crate) async fn exchange(
        &self,
        sent: &Sent,
        request: &UpstreamRequest,
        item: Option<(usize, &str)>,
        seen: &mut Seen,
        faked: Option<&Faked>,
    ) -> Done {
        let upstream =
            self.ask_server(sent, request, item.map(|(place, _)| place), seen, faked).await;
        // Of a batch, the last one: `detail` has what each answered.
        seen.status = upstream.status().or(seen.status);
        failpoint::pass("send.answered");
        let done = operation::read(sent, item.map(|(_, id)| id), &upstream);
        let done = self.shared.seen(sent, done).await;
        // What a fault on purpose said is not the module's doing, and nothing to the breaker.
        if faked.is_none() {
            let now = self.shared.clock.now();
            seen.pick.iter().for_each(|pick| pick.server().report(done.is_fault(), now));
        }
        done
    }

    /// Asks the server that was picked; one that cannot be reached has seen nothing, and another is asked.
    async fn ask_server(
        &self,
        sent: &Sent,
        request: &UpstreamRequest,
        place: Option<usize>,
        seen: &mut Seen,
        faked: Option<&Faked>,
    ) -> Upstream {
        loop {
            let server = seen.pick.as_ref().map(|pick| &**pick.server());
            let upstream = self.ask(sent, request, place, faked, server).await;
            if !matches!(upstream, Upstream::Unreachable(_)) || faked.is_some() {
                return upstream;
            }
            let failed = seen.pick.as_ref();
            match failed.and_then(|failed| self.shared.instead(&sent.module().name, failed)) {
                Some(other) => seen.pick = Some(other),
                None => return upstream,
            }
        }
    }

    /// Ends the hold, saves the answer for its token and learns what it taught, in one transaction, before
    /// anybody is told.
    pub(crate) async fn settle(
        &self,
        sent: &Sent,
        hold: &mut Hold,
        seen: &mut Seen,
        part: &Part<'_>,
        (settlement, lessons): (Settlement, Vec<Lesson>),
        ended: Result<Outcome, Refusal>,
    ) -> Result<Outcome, Refusal> {
        let Part { id, price, keeps, ref arguments } = *part;
        let kept = price.is_some() || hold.refunds.is_some();
        let own = sent.module().builtin.then(|| builtin::kept(&ended));
        let told = own.as_ref().unwrap_or(&ended);
        let order =
            (keeps || kept).then(|| (id, doubts::order_end(keeps, settlement, told, price, id)));
        let bought = price.map_or_else(Vec::new, |price| {
            purchase::bought(sent.operation(), &sent.module().name, arguments, &lessons, price)
        });
        if hold.held().is_none() && order.is_none() && lessons.is_empty() {
            return ended;
        }
        let ending = Ending {
            hold: hold.held(),
            settlement,
            account: sent.account().id.clone(),
            lessons,
            bought,
            refunds: hold.refunds,
            order,
            note: String::new(),
        };
        match self.shared.stores.conclude(ending, self.shared.clock.now()).await {
            Ok(booked) => {
                hold.ended();
                failpoint::pass("reply.before");
                seen.settled(settlement, booked);
                doubts::told(ended, price, id, booked)
            }
            // The module may have done it, and it could not be written down.
            Err(down) => Err(Refusal::from(down).effect(Effect::Unknown)),
        }
    }
}

/// What a settlement is of: the call, or one item of its batch.
pub(crate) struct Part<'a> {
    /// Its name.
    pub(crate) id: RequestId,
    /// What is held for it.
    pub(crate) price: Option<Money>,
    /// Is its answer kept for whoever asks with the same token.
    pub(crate) keeps: bool,
    pub(crate) arguments: Cow<'a, Map<String, Value>>,
}

impl<'a> Part<'a> {
    fn whole(sent: &'a Sent, hold: &Hold) -> Self {
        Self {
            id: sent.raw().request_id,
            price: hold.held().and(sent.held()),
            keeps: hold.turn.is_some(),
            arguments: Cow::Borrowed(sent.arguments()),
        }
    }
}

/// What many items mean for one call: in doubt if any is, paid if any was done.
fn together(ended: &[(usize, Done)]) -> Settlement {
    let any = |wanted| ended.iter().any(|(_, done)| done.settlement == wanted);
    if any(Settlement::InDoubt) {
        Settlement::InDoubt
    } else if any(Settlement::Commit) {
        Settlement::Commit
    } else {
        Settlement::Release
    }
}
