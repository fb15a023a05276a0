//! Calls in doubt: sent, and nobody knows what became of them. They are asked about, never guessed.
//!
//! ```text
//! in doubt ──ask `confirm`, or send the same again──► answered: paid, or given back
//!     │ no word for `money.in_doubt_s`
//!     └──────────────────────────────────► as `purchase.settle` says: hold, release or commit
//! ```
//! A thread of its own looks at the start, and every second from then on. Each end is told three times:
//! in the log, in a receipt of the call, and in the note of its entry in the books.

mod sending;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use faregate_catalog::{InDoubt, Module, Operation, UpstreamRequest};
use faregate_contract::{Code, Outcome, Refusal, RequestId};
use faregate_ledger::Money;
use faregate_pipeline::facts::{Lesson, Order, Settlement};
use faregate_pipeline::operation::{self, Upstream};
use faregate_pipeline::parameters::Valid;
use faregate_pipeline::replay;
use faregate_pipeline::saved;
use faregate_stores::{Doubt, Ending, KeptOrder, OpenHold, OrderEnd, Receipt};
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use crate::desk::Desk;
use crate::driver::Driver;
use crate::ops::receipts;
use crate::reload::Control;
use crate::tokens::Turn;
use crate::upstream::Question;
use sending::Sending;

/// How often the ledger is looked at.
const ROUND: Duration = Duration::from_secs(1);

/// The longest pause between two questions about one call.
const PAUSE_MS_MAX: i64 = 60_000;

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
pub(crate) fn order(valid: &Valid, turn: Option<&Turn>) -> Order {
    let request_id = valid.raw().request_id;
    let key = replay::token_text(valid).map_or_else(|| request_id.to_string(), str::to_owned);
    Order {
        request_id,
        account: valid.account().id.clone(),
        module: valid.module().name.clone(),
        action: valid.operation().action.clone(),
        token: turn.map(|turn| turn.token.text.clone()),
        prints: turn.map(|turn| turn.token.prints.clone()).unwrap_or_default(),
        sending: Sending::of(valid, key).bytes(),
    }
}

/// What a purchase tells beside its result.
pub(crate) fn charged(
    ended: Result<Outcome, Refusal>,
    price: Option<Money>,
    id: RequestId,
    available: Option<Money>,
) -> Result<Outcome, Refusal> {
    let Some(price) = price else { return ended };
    ended.map(|outcome| match outcome {
        Outcome::Success(members) => {
            let charge = json!({
                "price": price.to_string(),
                "currency": price.currency().as_str(),
                "balance": available.map(|left| left.to_string()),
                "orderId": id,
            });
            Outcome::Success(members.and("charge", &charge.to_string()))
        }
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
    let told = ended.as_ref().err().map(|refusal| refusal.code);
    match settlement {
        Settlement::InDoubt => OrderEnd::Keep,
        // Nothing was done, and the same may be asked for again: an unreachable or absent module is no answer.
        Settlement::Release
            if matches!(told, Some(Code::ServiceUnavailable | Code::InternalError)) =>
        {
            OrderEnd::Forget
        }
        Settlement::Commit | Settlement::Release if token => {
            let ended = ended.clone();
            OrderEnd::Save(Box::new(move |available| {
                saved::write(&charged(ended, price, id, available))
            }))
        }
        Settlement::Commit | Settlement::Release => OrderEnd::Forget,
    }
}

impl Driver {
    /// Finds out what became of a call, and ends it so; false if nobody can say yet.
    pub(crate) async fn find_out(&self, kept: &KeptOrder, wish: Wish) -> bool {
        let hold = match self.shared.stores.hold(kept.request_id).await {
            Ok(hold) => hold,
            // Without the books nothing can be ended.
            Err(_) => return false,
        };
        match self.inquire(kept, wish).await {
            Some(found) => self.end_doubt(kept, hold.as_ref(), found).await,
            None => false,
        }
    }

    async fn inquire(&self, kept: &KeptOrder, wish: Wish) -> Option<Found> {
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
            sending: &sending,
            request,
        };
        match (confirm, again) {
            (_, Some(same)) if wish == Wish::Done => self.send_again(question(same)).await,
            (Some(confirm), _) => {
                let arguments = confirm_arguments(confirm, kept, &sending.key);
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
        // Until its time to answer is over, the module may be at it still.
        let over = asked.kept.at.plus(i64::try_from(asked.module.upstream.timeout_ms).ok()?);
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
        let question = Question {
            module: asked.module,
            request: &asked.request,
            request_id: asked.kept.request_id,
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
        let order = match &ended {
            Some(ended) => order_end(kept.token.is_some(), settlement, ended, price, id),
            None => OrderEnd::Forget,
        };
        let ending = Ending {
            hold: open.map(|hold| hold.request_id),
            settlement,
            account: kept.account.clone(),
            lessons,
            order: Some((id, order)),
            note: how.to_owned(),
        };
        let now = self.shared.clock.now();
        let done = self.shared.stores.conclude(ending, now).await.is_ok();
        if done && let Some(hold) = open {
            let code = match &ended {
                Some(Err(refusal)) => refusal.code,
                Some(Ok(_)) | None => Code::Success,
            };
            self.tell(hold, settlement, code, how);
        }
        done
    }

    /// A settlement is never silent.
    fn tell(&self, hold: &OpenHold, settlement: Settlement, code: Code, how: &str) {
        self.shared.stores.receipts().write(&Receipt {
            account: Some(&hold.account),
            module: Some(&hold.module),
            action: Some(&hold.action),
            charge: Some(receipts::charge(hold.amount, settlement)),
            detail: Some(how),
            ..Receipt::new(hold.request_id, code.number())
        });
        self.shared.log.event(&json!({
            "event": "doubt-settled",
            "request_id": hold.request_id,
            "account": hold.account,
            "module": hold.module,
            "action": hold.action,
            "amount": hold.amount.to_string(),
            "currency": hold.amount.currency().as_str(),
            "settlement": receipts::charge(hold.amount, settlement).state.as_str(),
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
            order: doubt.order.as_ref().map(|order| (order.request_id, end)),
            note: how.to_owned(),
        };
        let now = self.shared.clock.now();
        if self.shared.stores.conclude(ending, now).await.is_ok() {
            self.tell(hold, settlement, Code::Success, how);
        }
    }
}

/// One question to a module about one call.
struct Asked<'a> {
    module: &'a Module,
    operation: &'a Operation,
    kept: &'a KeptOrder,
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
fn confirm_arguments(confirm: &Operation, kept: &KeptOrder, key: &str) -> Map<String, Value> {
    let known = [
        ("idempotencyKey", key.to_owned()),
        ("requestId", kept.request_id.to_string()),
        ("action", kept.action.clone()),
    ];
    let declared = |name: &str| confirm.parameters.describe().iter().any(|p| p.name == name);
    let arguments = known.into_iter().filter(|(name, _)| declared(name));
    arguments.map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}

/// Starts the thread that looks after calls in doubt until the gateway stops.
pub(crate) fn start(
    control: &Arc<Control>,
    stop: &watch::Receiver<bool>,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let (control, mut stop) = (Arc::clone(control), stop.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("doubts".to_owned()).spawn(move || {
        runtime.block_on(async move {
            let desk = Desk::new(Driver::new(control.shared()));
            control.seat(&desk);
            let mut pauses = HashMap::new();
            loop {
                look(&desk.driver(), &mut pauses).await;
                tokio::select! {
                    // Told to stop, or nobody is left to tell.
                    _ = stop.changed() => return,
                    () = tokio::time::sleep(ROUND) => {}
                }
            }
        });
    })
}

/// How long to wait before a call is asked about again, and since when.
type Pauses = HashMap<RequestId, (i64, i64)>;

async fn look(driver: &Driver, pauses: &mut Pauses) {
    // Books that cannot be read are looked at again in the next round.
    let Ok(doubts) = driver.shared.stores.doubts().await else { return };
    pauses.retain(|id, _| doubts.iter().any(|doubt| doubt.hold.request_id == *id));
    for doubt in doubts {
        let (id, now) = (doubt.hold.request_id, driver.shared.clock.now());
        let (pause_ms, since) = pauses.get(&id).copied().unwrap_or((0, 0));
        if now.as_ms().saturating_sub(since) < pause_ms {
            continue;
        }
        let next = pause_ms.saturating_mul(2).clamp(1_000, PAUSE_MS_MAX);
        pauses.insert(id, (next, now.as_ms()));
        let known = match &doubt.order {
            Some(order) => driver.find_out(order, Wish::Know).await,
            None => false,
        };
        let waited = now.since(doubt.hold.at);
        if !known && waited >= driver.shared.config.in_doubt_s.saturating_mul(1000) {
            driver.give_up(&doubt).await;
        }
    }
}
