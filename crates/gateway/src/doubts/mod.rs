//! Calls in doubt: sent, and nobody knows what became of them. They are asked about, never guessed.
//!
//! ```text
//! in doubt ──ask `confirm`, or send the same again──► answered: paid, or given back
//!     │ no word for `money.in_doubt_s`
//!     └──────────────────────────────────► as `purchase.settle` says: hold, release or commit
//! ```
//! A thread of its own looks at the start, and every second from then on. Each end is told three times:
//! in the log, in a receipt of the call, and in the note of its entry in the books.

mod parts;
mod rounds;
mod sending;

use faregate_catalog::{InDoubt, Module, Operation, UpstreamRequest};
use faregate_contract::{Code, Outcome, Refusal, RequestId};
use faregate_ledger::Money;
use faregate_pipeline::facts::{Lesson, Order, Refund, Settlement};
use faregate_pipeline::operation::{self, Upstream};
use faregate_pipeline::parameters::Valid;
use faregate_pipeline::purchase;
use faregate_pipeline::replay;
use faregate_pipeline::saved;
use faregate_pipeline::time::Millis;
use faregate_stores::{
    Booked, Charge, ChargeState, Doubt, Ending, KeptOrder, OpenHold, OrderEnd, Receipt,
};
use serde_json::{Map, Value, json};

use crate::driver::Driver;
use crate::ops::receipts;
use crate::tokens::Turn;
use crate::upstream::Question;
pub(crate) use parts::{order_in_parts, order_of_item};
pub(crate) use rounds::start;
use sending::Sending;

/// What whoever asks wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To know: a module that can be asked is asked, and nothing is done that was not done.
    Know,
    /// To have it done: the client itself asks again with its token.
    Done,
}

/// What was found out.
struct Found {
    settlement: Settlement,
    lessons: Vec<Lesson>,
    /// What the client would have been told; none where the module never saw the call.
    ended: Option<Result<Outcome, Refusal>>,
    how: &'static str,
}

/// What is about to be sent, to be written down before it is.
pub(crate) fn order(valid: &Valid, turn: Option<&Turn>, refunds: Vec<Refund>) -> Order {
    let request_id = valid.raw().request_id;
    let key = replay::token_text(valid).map_or_else(|| request_id.to_string(), str::to_owned);
    Order {
        request_id,
        account: valid.account().id.clone(),
        module: valid.module().name.clone(),
        action: valid.operation().action.clone(),
        token: turn.map(|turn| turn.token.text.clone()),
        prints: turn.map(|turn| turn.token.prints.clone()).unwrap_or_default(),
        refunds,
        sending: Sending::of(valid, key).bytes(),
    }
}

/// What a purchase, or a return with a refund, tells beside its result.
pub(crate) fn told(
    ended: Result<Outcome, Refusal>,
    price: Option<Money>,
    id: RequestId,
    booked: Booked,
) -> Result<Outcome, Refusal> {
    let balance = booked.available.map(|left| left.to_string());
    let (name, told) = match (price, booked.refunded) {
        (Some(price), _) => {
            let currency = price.currency();
            let price = price.to_string();
            (
                "charge",
                json!({ "price": price, "currency": currency.as_str(), "balance": balance, "orderId": id }),
            )
        }
        (None, Some(refunded)) => {
            let currency = refunded.currency();
            let amount = refunded.to_string();
            (
                "refund",
                json!({ "amount": amount, "currency": currency.as_str(), "balance": balance }),
            )
        }
        (None, None) => return ended,
    };
    ended.map(|outcome| match outcome {
        Outcome::Success(members) => Outcome::Success(members.and(name, &told.to_string())),
        other @ (Outcome::Batch(_) | Outcome::Refused(_)) => other,
    })
}

/// What becomes of the order of a call that ended.
pub(crate) fn order_end(
    token: bool,
    settlement: Settlement,
    ended: &Result<Outcome, Refusal>,
    price: Option<Money>,
    id: RequestId,
) -> OrderEnd {
    let code = ended.as_ref().err().map(|refusal| refusal.code);
    match settlement {
        Settlement::InDoubt => OrderEnd::Keep,
        // Nothing was done, and the same may be asked for again: an unreachable or absent module is no answer.
        Settlement::Release
            if matches!(code, Some(Code::ServiceUnavailable | Code::InternalError)) =>
        {
            OrderEnd::Forget
        }
        Settlement::Commit | Settlement::Release if token => {
            let ended = ended.clone();
            OrderEnd::Save(Box::new(move |booked| saved::write(&told(ended, price, id, booked))))
        }
        Settlement::Commit | Settlement::Release => OrderEnd::Forget,
    }
}

impl Driver {
    /// Finds out what became of a call, and ends it so; false if nobody can say yet.
    pub(crate) async fn find_out(&self, kept: &KeptOrder, wish: Wish) -> bool {
        if let Some(parts) = parts::of(kept) {
            return Box::pin(self.put_together(kept, parts, wish)).await;
        }
        let hold = match self.shared.stores.hold(kept.request_id).await {
            Ok(hold) => hold,
            // Without the books nothing can be ended.
            Err(_) => return false,
        };
        match self.inquire(kept, hold.as_ref(), wish).await {
            Some(found) => self.end_doubt(kept, hold.as_ref(), found).await,
            None => false,
        }
    }

    async fn inquire(
        &self,
        kept: &KeptOrder,
        hold: Option<&OpenHold>,
        wish: Wish,
    ) -> Option<Found> {
        let module = self.shared.catalog.module(&kept.module)?;
        let operation = module.operation(&kept.action)?;
        let sending = Sending::read(kept.sending.as_deref()?)?;
        let confirm = operation.purchase.as_ref().and_then(|purchase| purchase.confirm.as_deref());
        let confirm = confirm.and_then(|action| module.operation(action));
        let again = operation.idempotent.then(|| sending.one()).flatten();
        let question = |request: UpstreamRequest| Asked {
            module,
            operation,
            kept,
            sent_by: hold.and_then(|hold| hold.doubted_at).map_or(kept.at, |at| at.max(kept.at)),
            sending: &sending,
            request,
        };
        match (confirm, again) {
            (_, Some(same)) if wish == Wish::Done => self.send_again(question(same)).await,
            (Some(confirm), _) => {
                let arguments = confirm_arguments(confirm, kept, &sending);
                self.confirm(question(confirm.request(&arguments).ok()?)).await
            }
            (None, Some(same)) => self.send_again(question(same)).await,
            (None, None) => None,
        }
    }

    /// The module keeps what it answered, and says it.
    async fn confirm(&self, asked: Asked<'_>) -> Option<Found> {
        let upstream = self.put(&asked).await;
        let never = matches!(upstream, Upstream::Answered { status: 404 | 410, .. });
        if !never {
            return asked.judged(&upstream, "the module was asked");
        }
        // Until its time to answer is over, the module may be at it still. The order is written before the call
        // is sent, so its time does not count from there.
        let over = asked.sent_by.plus(i64::try_from(asked.module.upstream.timeout_ms).ok()?);
        (self.shared.clock.now() > over).then(|| Found {
            settlement: Settlement::Release,
            lessons: Vec::new(),
            ended: None,
            how: "the module was asked, and never saw the call",
        })
    }

    /// The module does the same Idempotency-Key once, and answers it the same.
    async fn send_again(&self, asked: Asked<'_>) -> Option<Found> {
        let upstream = self.put(&asked).await;
        asked.judged(&upstream, "the module was sent the same again")
    }

    async fn put(&self, asked: &Asked<'_>) -> Upstream {
        let Some(server) = self.shared.targets.any(&asked.module.name) else {
            return Upstream::Unreachable("the module has no server".to_owned());
        };
        let question = Question {
            upstream: &server.upstream,
            request: &asked.request,
            request_id: asked.sending.call(asked.kept.request_id),
            key: Some(&asked.sending.key),
            item: None,
            account: &asked.kept.account,
            region: asked.sending.region.as_deref(),
        };
        self.upstreams.put(&question).await
    }

    async fn end_doubt(&self, kept: &KeptOrder, hold: Option<&OpenHold>, found: Found) -> bool {
        let Found { settlement, lessons, ended, how } = found;
        let id = kept.request_id;
        let open = hold.filter(|hold| hold.state.is_open());
        let price = hold.map(|hold| hold.amount);
        let module = self.shared.catalog.module(&kept.module);
        let operation = module.and_then(|module| module.operation(&kept.action));
        let sending = kept.sending.as_deref().and_then(Sending::read);
        let bought = match (price, operation, &sending) {
            (Some(price), Some(operation), Some(sending)) => {
                purchase::bought(operation, &kept.module, &sending.arguments, &lessons, price)
            }
            (_, _, _) => Vec::new(),
        };
        // An item's answer is kept as long as its batch has none.
        let keeps = kept.token.is_some() || sending.as_ref().is_some_and(|sending| sending.keep);
        let order = match &ended {
            Some(ended) => order_end(keeps, settlement, ended, price, id),
            None => OrderEnd::Forget,
        };
        let ending = Ending {
            hold: open.map(|hold| hold.request_id),
            settlement,
            account: kept.account.clone(),
            bought,
            refunds: Some(id),
            lessons,
            order: Some((id, order)),
            note: how.to_owned(),
        };
        let now = self.shared.clock.now();
        let Ok(booked) = self.shared.stores.conclude(ending, now).await else { return false };
        let code = match &ended {
            Some(Err(refusal)) => refusal.code,
            Some(Ok(_)) | None => Code::Success,
        };
        let charge = open.map(|hold| receipts::charge(hold.amount, settlement));
        let refund = booked.refunded.map(|amount| Charge { amount, state: ChargeState::Refunded });
        if let Some(charge) = charge.or(refund) {
            self.tell(&About::of(kept), charge, code, how);
        }
        true
    }

    /// A settlement is never silent.
    fn tell(&self, call: &About<'_>, charge: Charge, code: Code, how: &str) {
        self.shared.stores.receipts().write(&Receipt {
            account: Some(call.account),
            module: Some(call.module),
            action: Some(call.action),
            charge: Some(charge),
            detail: Some(how),
            ..Receipt::new(call.id, code.number())
        });
        self.shared.log.event(&json!({
            "event": "doubt-settled",
            "request_id": call.id,
            "account": call.account,
            "module": call.module,
            "action": call.action,
            "amount": charge.amount.to_string(),
            "currency": charge.amount.currency().as_str(),
            "settlement": charge.state.as_str(),
            "why": how,
        }));
    }

    /// Nobody could say for as long as is waited: what the document wants then.
    async fn give_up(&self, doubt: &Doubt) {
        let hold = &doubt.hold;
        let module = self.shared.catalog.module(&hold.module);
        let operation = module.and_then(|module| module.operation(&hold.action));
        let purchase = operation.and_then(|operation| operation.purchase.as_ref());
        let settlement = match purchase.map(|purchase| purchase.settle) {
            Some(InDoubt::Commit) => Settlement::Commit,
            Some(InDoubt::Release) => Settlement::Release,
            Some(InDoubt::Hold) | None => return,
        };
        let how = "nobody could say in time: settled as the document says";
        // Released money means that the client may try again; what was paid has no answer to give.
        let end = match settlement {
            Settlement::Release => OrderEnd::Forget,
            Settlement::Commit | Settlement::InDoubt => OrderEnd::Keep,
        };
        let ending = Ending {
            hold: Some(hold.request_id),
            settlement,
            account: hold.account.clone(),
            lessons: Vec::new(),
            bought: Vec::new(),
            refunds: None,
            order: doubt.order.as_ref().map(|order| (order.request_id, end)),
            note: how.to_owned(),
        };
        let now = self.shared.clock.now();
        if self.shared.stores.conclude(ending, now).await.is_ok() {
            let about = About {
                id: hold.request_id,
                account: &hold.account,
                module: &hold.module,
                action: &hold.action,
            };
            self.tell(&about, receipts::charge(hold.amount, settlement), Code::Success, how);
        }
    }
}

/// The call that is told about.
struct About<'a> {
    id: RequestId,
    account: &'a str,
    module: &'a str,
    action: &'a str,
}

impl<'a> About<'a> {
    fn of(kept: &'a KeptOrder) -> Self {
        let KeptOrder { request_id: id, account, module, action, .. } = kept;
        Self { id: *id, account, module, action }
    }
}

/// One question to a module about one call.
struct Asked<'a> {
    module: &'a Module,
    operation: &'a Operation,
    kept: &'a KeptOrder,
    /// When the last byte of it may have been sent.
    sent_by: Millis,
    sending: &'a Sending,
    request: UpstreamRequest,
}

impl Asked<'_> {
    /// Only what says for certain whether it was done: a result, or a refusal of the module's own.
    fn judged(&self, upstream: &Upstream, how: &'static str) -> Option<Found> {
        let done =
            operation::read_again(self.module, self.operation, &self.sending.arguments, upstream);
        let certain = match &done.result {
            Ok(_) => done.settlement == Settlement::Commit,
            Err(refusal) => {
                done.settlement == Settlement::Release
                    && matches!(
                        refusal.code,
                        Code::ResourceNotFound | Code::OperationFailed | Code::ResourceInsufficient
                    )
            }
        };
        certain.then(|| Found {
            settlement: done.settlement,
            lessons: done.lessons,
            ended: Some(done.result.map(Outcome::Success)),
            how,
        })
    }
}

/// What the confirming action is asked with: whichever of these it declares.
fn confirm_arguments(
    confirm: &Operation,
    kept: &KeptOrder,
    sending: &Sending,
) -> Map<String, Value> {
    let known = [
        ("idempotencyKey", sending.key.clone()),
        ("requestId", sending.call(kept.request_id).to_string()),
        ("action", kept.action.clone()),
    ];
    let declared = |name: &str| confirm.parameters.describe().iter().any(|p| p.name == name);
    let arguments = known.into_iter().filter(|(name, _)| declared(name));
    arguments.map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}
