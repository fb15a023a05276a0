//! One request in, one answer out: finds the action, reads its parameters, does it.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::fault::Fault;
use crate::instances::{self, Filter, Move, Selection};
use crate::lending::{self, Gift, Loan};
use crate::offer;
use crate::parameters::{Caller, body};
use crate::projects::{self, NewProject};
use crate::purchases::{self, Inquiry, Months, Order, Question, Renewal};
use crate::route::{Action, Route};
use crate::store::{Store, Told};

/// A hundred ids of 64 characters are less than a tenth of it.
const BODY_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Api {
    store: Mutex<Store>,
    n_calls: AtomicU64,
}

impl Api {
    pub(crate) fn open(data: &Path) -> Result<Self, crate::Error> {
        Ok(Self { store: Mutex::new(Store::open(data)?), n_calls: AtomicU64::new(0) })
    }

    /// Always answers: a refusal is an answer too.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let answer = self.perform(request).await;
        answer.unwrap_or_else(|refusal| refusal.answer()).into_response()
    }

    async fn perform(&self, request: Request<Incoming>) -> Result<Answer, Refusal> {
        let (head, incoming) = request.into_parts();
        if head.method == Method::GET && head.uri.path() == crate::EXECUTIONS {
            return self.executions();
        }
        self.n_calls.fetch_add(1, Ordering::Relaxed);
        let (route, segment) = Route::find(&head.method, head.uri.path())?;
        let caller = Caller::read(route, &head.headers)?;
        let account = caller.account.as_str();
        let query = head.uri.query();
        let sent = Limited::new(incoming, BODY_BYTES_MAX).collect().await;
        let sent = sent.map_err(|_| Refusal::TooLarge)?.to_bytes();
        match route.action {
            Action::DescribeZones => Ok(Answer::result(&offer::zones())),
            Action::DescribeInstances => {
                let filter = Filter::read(query)?;
                self.read(|store| instances::describe(store, account, &filter))
            }
            Action::InquiryInstancePrice => inquire(&Inquiry::read(query)?).await,
            Action::DescribeProject => self.read(|store| projects::describe(store, account)),
            Action::DescribePurchase => {
                let question = Question::read(query)?;
                self.store().answered(account, &question)
            }
            Action::DescribeInternalUsage => self.read(instances::usage),
            Action::RunInstances => self.run_instances(&caller, &sent).await,
            Action::RenewInstance => {
                let Renewal { instance_id, period } = body(&sent)?;
                let renew =
                    |store: &Connection| purchases::renew(store, account, &instance_id, period);
                self.execute_once(&caller, &sent, renew).map(Told::answer)
            }
            Action::RenewInstances => {
                let Months { period } = body(&sent)?;
                let renew = |store: &Connection| purchases::renew(store, account, &segment, period);
                let asked = [segment.as_bytes(), b"/", &sent].concat();
                self.execute_once(&caller, &asked, renew).map(Told::answer)
            }
            Action::CreateProject => {
                let project: NewProject = body(&sent)?;
                let create = |store: &Connection| projects::create(store, account, &project);
                self.execute_once(&caller, &sent, create).map(Told::answer)
            }
            Action::StartInstances => {
                let selection: Selection = body(&sent)?;
                self.execute(&caller, |store| instances::start(store, account, &selection))
            }
            Action::StopInstances => {
                let selection: Selection = body(&sent)?;
                self.execute(&caller, |store| instances::stop(store, account, &selection))
            }
            Action::RestartInstances => {
                let selection: Selection = body(&sent)?;
                self.execute(&caller, |store| instances::restart(store, account, &selection))
            }
            Action::ModifyInstanceProject => {
                let change: Move = body(&sent)?;
                self.execute(&caller, |store| instances::change_project(store, account, &change))
            }
            Action::ShareInstances => {
                let loan: Loan = body(&sent)?;
                self.execute(&caller, |store| lending::share(store, account, &loan))
            }
            Action::TransferInstances => {
                let gift: Gift = body(&sent)?;
                self.execute(&caller, |store| lending::transfer(store, account, &gift))
            }
            Action::ReturnInstance | Action::ReturnInstances => self.give_back(&caller, &segment),
        }
    }

    fn give_back(&self, caller: &Caller, id: &str) -> Result<Answer, Refusal> {
        let give_back = |store: &Connection| {
            instances::give_back(store, &caller.account, id).map(|()| json!({}))
        };
        let answer = self.execute_once(caller, id.as_bytes(), give_back)?.answer();
        // What was done has nothing to tell; what was refused has.
        let done = answer.status == StatusCode::OK;
        Ok(if done { Answer::bare(StatusCode::NO_CONTENT) } else { answer })
    }

    /// A fault that loses the answer strikes the first call only: who asks again gets what was saved.
    async fn run_instances(&self, caller: &Caller, sent: &[u8]) -> Result<Answer, Refusal> {
        let order: Order = body(sent)?;
        let fault = Fault::of(&order.image_id);
        if let Some(Fault::Instead(misanswer)) = fault {
            return Ok(misanswer.answer());
        }
        let run = |store: &Connection| purchases::run(store, &caller.account, &order);
        match (self.execute_once(caller, sent, run)?, fault) {
            (Told::Now(answer), Some(Fault::After(loss))) => {
                loss.strike().await;
                Ok(answer)
            }
            (told, _) => Ok(told.answer()),
        }
    }

    fn read(
        &self,
        work: impl FnOnce(&Connection) -> Result<Value, Refusal>,
    ) -> Result<Answer, Refusal> {
        work(self.store().connection()).map(|value| Answer::result(&value))
    }

    fn execute(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Connection) -> Result<(), Refusal>,
    ) -> Result<Answer, Refusal> {
        self.store().execute(caller, work)?;
        Ok(Answer::result(&json!({})))
    }

    fn execute_once(
        &self,
        caller: &Caller,
        sent: &[u8],
        work: impl FnOnce(&Connection) -> Result<Value, Refusal>,
    ) -> Result<Told, Refusal> {
        self.store().execute_once(caller, sent, work)
    }

    fn executions(&self) -> Result<Answer, Refusal> {
        let (total, by_action) = self.store().executions()?;
        let calls = self.n_calls.load(Ordering::Relaxed);
        Ok(Answer::result(&json!({ "total": total, "calls": calls, "byAction": by_action })))
    }

    /// A transaction of a thread that panicked was rolled back when it was dropped, so the store is whole.
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn inquire(inquiry: &Inquiry) -> Result<Answer, Refusal> {
    match inquiry.image_id.as_deref().map(|image| (image, Fault::of(image))) {
        None => {}
        Some((image, None)) => offer::check_image(image)?,
        Some((_, Some(Fault::Instead(misanswer)))) => return Ok(misanswer.answer()),
        Some((_, Some(Fault::After(loss)))) => loss.strike().await,
    }
    Ok(Answer::result(&inquiry.price()))
}
