//! Gate 8, before the nonce: one token is one call, however often and by however many connections it comes.
//!
//! The first call of a token has its turn; others wait for its end, then look again. What was answered is
//! answered again; what was begun before a crash is found out first. A turn that ends without a saved
//! answer (refused by a gate, or nothing done) leaves the token free, and the next in line has its turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use faregate_contract::{Outcome, Refusal};
use faregate_pipeline::authz::Permitted;
use faregate_pipeline::fault::Fault;
use faregate_pipeline::replay::{self, Token};
use faregate_pipeline::{parameters, saved};
use faregate_stores::KeptOrder;
use tokio::sync::watch;

use crate::doubts::Wish;
use crate::driver::{Driver, Trail};

type Key = (String, String);
type Prints = Vec<(String, u64)>;

/// The tokens whose calls are under way in this process, by account.
#[derive(Debug, Default)]
pub struct Tokens {
    turns: Mutex<HashMap<Key, (Prints, watch::Receiver<()>)>>,
}

/// The only call of its token. Dropped, it lets those that wait look again.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) token: Token,
    account: String,
    tokens: Arc<Tokens>,
    /// Whoever waits for it wakes when this is dropped.
    _done: watch::Sender<()>,
}

enum Place {
    Mine(Turn),
    Busy(Prints, watch::Receiver<()>),
}

/// What a token says of a call.
pub(crate) enum Entered {
    /// It goes on: it has no token, or has its turn.
    Go(Option<Turn>),
    /// It was executed before, and ended so.
    Saved(Result<Outcome, Refusal>),
}

impl Tokens {
    fn enter(self: &Arc<Self>, account: &str, token: &Token) -> Place {
        let key = (account.to_owned(), token.text.clone());
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((prints, done)) = turns.get(&key) {
            return Place::Busy(prints.clone(), done.clone());
        }
        let (sender, done) = watch::channel(());
        turns.insert(key, (token.prints.clone(), done));
        let (token, account) = (token.clone(), account.to_owned());
        Place::Mine(Turn { token, account, tokens: Arc::clone(self), _done: sender })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Before the sender is dropped: who wakes finds the place free.
        let mut turns = self.tokens.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.remove(&(std::mem::take(&mut self.account), std::mem::take(&mut self.token.text)));
    }
}

impl Driver {
    /// Finds out whether the call was made before, by its token.
    pub(crate) async fn turn(
        &self,
        permitted: &Permitted,
        trail: &mut Trail,
    ) -> Result<Entered, Refusal> {
        let Some(token) = replay::token(permitted, &self.shared.prints)? else {
            return Ok(Entered::Go(None));
        };
        let account = &permitted.account().id;
        loop {
            match self.shared.tokens.enter(account, &token) {
                Place::Mine(turn) => return Box::pin(self.look(turn, account, trail)).await,
                Place::Busy(theirs, mut done) => {
                    same(&token, &theirs)?;
                    // The sender says nothing: it is dropped with its turn.
                    let _ = done.changed().await;
                }
            }
        }
    }

    /// Of the one that has its turn: was there an earlier call, and how did it end.
    async fn look(&self, turn: Turn, account: &str, trail: &mut Trail) -> Result<Entered, Refusal> {
        let now = self.shared.clock.now();
        let Some(kept) = self.shared.stores.order(account, &turn.token.text, now).await? else {
            return Ok(Entered::Go(Some(turn)));
        };
        same(&turn.token, &kept.prints)?;
        if kept.answer.is_some() {
            return told_again(&kept, trail);
        }
        // Sent by a gateway that died, or its answer was lost.
        self.find_out(&kept, Wish::Done).await;
        match self.shared.stores.order(account, &turn.token.text, now).await? {
            // The module never saw it: it may be done now.
            None => Ok(Entered::Go(Some(turn))),
            Some(kept) if kept.answer.is_some() => told_again(&kept, trail),
            Some(_) => Err(Fault::OutcomeUnknown.into()),
        }
    }
}

fn told_again(kept: &KeptOrder, trail: &mut Trail) -> Result<Entered, Refusal> {
    trail.steps.replay_of = Some(kept.request_id);
    let ended = kept.answer.as_deref().and_then(saved::read);
    let unread = || Fault::Internal("a saved answer cannot be read".to_owned());
    Ok(Entered::Saved(ended.ok_or_else(unread)?))
}

fn same(ours: &Token, theirs: &[(String, u64)]) -> Result<(), Refusal> {
    let differs = replay::differences(&ours.prints, theirs);
    if differs.is_empty() { Ok(()) } else { Err(parameters::token_reused(differs)) }
}
