//! The virtual module, and the wire to it: requests come late or never, answers get lost.

use std::collections::BTreeMap;

use crate::{Ending, Money};

/// How long a request may be under way, in milliseconds: the module's time to answer.
pub(super) const TIMEOUT: u64 = 50;

/// A request on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) call: u64,
    pub(super) token: u64,
    pub(super) account: usize,
    pub(super) wants: Wants,
    /// After that it never comes.
    pub(super) until: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Wants {
    Buy(Money),
    Return { purchase: u64, amount: Money },
}

/// What it did, and what it answered each token.
#[derive(Default)]
pub(super) struct Module {
    pub(super) wire: Vec<Request>,
    pub(super) answers: BTreeMap<u64, Ending>,
    /// What it knows to be given back.
    returned: BTreeMap<u64, u64>,
    /// What each account owes by what was executed: the truth.
    pub(super) owed: Vec<i128>,
    pub(super) n_executed: u64,
}

impl Module {
    pub(super) fn new(n_accounts: usize) -> Self {
        Self { owed: vec![0; n_accounts], ..Self::default() }
    }

    /// Does what was asked, once a token; the answer.
    pub(super) fn serve(&mut self, asked: &Request, refuses: bool) -> Ending {
        if let Some(before) = self.answers.get(&asked.token) {
            return *before;
        }
        let ending = match asked.wants {
            _ if refuses => Ending::Release,
            Wants::Buy(price) => {
                self.owed[asked.account] =
                    self.owed[asked.account].saturating_add(price.micros().into());
                Ending::Commit
            }
            // A thing is given back once.
            Wants::Return { purchase, .. } if self.returned.contains_key(&purchase) => {
                Ending::Release
            }
            Wants::Return { purchase, amount } => {
                self.returned.insert(purchase, asked.token);
                self.owed[asked.account] =
                    self.owed[asked.account].saturating_sub(amount.micros().into());
                Ending::Commit
            }
        };
        self.n_executed = self.n_executed.saturating_add(u64::from(ending == Ending::Commit));
        self.answers.insert(asked.token, ending);
        ending
    }

    /// Nobody will ask about it any more.
    pub(super) fn forget(&mut self, token: u64) {
        self.answers.remove(&token);
    }
}
