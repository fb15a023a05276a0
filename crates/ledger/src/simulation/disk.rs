//! The virtual disk: what was committed outlives a crash, what was not is gone.
#![expect(clippy::arithmetic_side_effects, reason = "tests may overflow: they then fail")]

use std::collections::BTreeMap;

use crate::{Balance, Currency, Entry, Hold, HoldState, LedgerAccount, Money, Step};

/// A hold as a store keeps it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) account: usize,
    pub(super) token: u64,
    pub(super) hold: Hold,
    /// Since when it is in doubt; before that, since when it is.
    pub(super) since: u64,
}

/// What a token was answered, once that is known, and by which call it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) call: u64,
    pub(super) answered: bool,
}

/// What a return gives back if it is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refund {
    pub(super) account: usize,
    pub(super) purchase: u64,
    pub(super) amount: Money,
    pub(super) in_doubt: bool,
}

/// Something that was bought, and was not given back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purchase {
    pub(super) account: usize,
    pub(super) price: Money,
}

/// How a row was before the transaction.
enum Undo {
    Balance(usize, Balance),
    Hold(u64, Option<Kept>),
    Order(u64, Option<Order>),
    Refund(u64, Option<Refund>),
    Purchase(u64, Option<Purchase>),
}

pub(super) struct Disk {
    pub(super) balances: Vec<Balance>,
    pub(super) holds: BTreeMap<u64, Kept>,
    pub(super) orders: BTreeMap<u64, Order>,
    pub(super) refunds: BTreeMap<u64, Refund>,
    pub(super) purchases: BTreeMap<u64, Purchase>,
    undo: Vec<Undo>,
    pending: Vec<(usize, Entry)>,
    /// The journal that is durable, as its own sums: kept by adding sides, not by `Balance`.
    journal: Vec<[i128; 4]>,
    pub(super) n_entries: u64,
}

const fn place(account: LedgerAccount) -> usize {
    match account {
        LedgerAccount::Available => 0,
        LedgerAccount::Held => 1,
        LedgerAccount::Revenue => 2,
        LedgerAccount::Adjustments => 3,
    }
}

impl Disk {
    pub(super) fn new(n_accounts: usize) -> Self {
        Self {
            balances: vec![Balance::empty(Currency::CNY); n_accounts],
            holds: BTreeMap::new(),
            orders: BTreeMap::new(),
            refunds: BTreeMap::new(),
            purchases: BTreeMap::new(),
            undo: Vec::new(),
            pending: Vec::new(),
            journal: vec![[0; 4]; n_accounts],
            n_entries: 0,
        }
    }

    /// Books what `act` gives; false if it refused, and then nothing changed.
    pub(super) fn book<E>(
        &mut self,
        account: usize,
        act: impl FnOnce(&mut Balance) -> Result<Option<Entry>, E>,
    ) -> bool {
        let before = self.balances[account];
        match act(&mut self.balances[account]) {
            Err(_) => {
                assert_eq!(self.balances[account], before, "a refused step changed something");
                false
            }
            Ok(entry) => {
                self.undo.push(Undo::Balance(account, before));
                self.pending.extend(entry.map(|entry| (account, entry)));
                true
            }
        }
    }

    pub(super) fn put_hold(&mut self, call: u64, hold: Option<Kept>) {
        let before = set(&mut self.holds, call, hold);
        self.undo.push(Undo::Hold(call, before));
    }

    pub(super) fn put_order(&mut self, token: u64, order: Option<Order>) {
        let before = set(&mut self.orders, token, order);
        self.undo.push(Undo::Order(token, before));
    }

    pub(super) fn put_refund(&mut self, token: u64, refund: Option<Refund>) {
        let before = set(&mut self.refunds, token, refund);
        self.undo.push(Undo::Refund(token, before));
    }

    pub(super) fn put_purchase(&mut self, call: u64, purchase: Option<Purchase>) {
        let before = set(&mut self.purchases, call, purchase);
        self.undo.push(Undo::Purchase(call, before));
    }

    /// Takes a step with a hold, and books its end; an ended hold is no more looked at.
    pub(super) fn step(&mut self, call: u64, step: Step, now: u64) {
        let mut kept = self.holds[&call];
        let mut hold = kept.hold;
        let done = self.book(kept.account, |balance| hold.step(balance, step));
        assert!(done, "{call}: {:?} cannot {step:?}", kept.hold);
        kept.hold = hold;
        if hold.state() == HoldState::InDoubt {
            kept.since = now;
        }
        self.put_hold(call, hold.state().is_open().then_some(kept));
    }

    /// Is there nothing that a crash would take back.
    pub(super) fn is_durable(&self) -> bool {
        self.undo.is_empty()
    }

    /// Everything since the last commit is durable. Every prefix of the journal keeps the promises.
    pub(super) fn commit(&mut self) {
        for (account, entry) in self.pending.drain(..) {
            let sums = &mut self.journal[account];
            let micros = i128::from(entry.amount.micros());
            sums[place(entry.debit())] -= micros;
            sums[place(entry.credit())] += micros;
            self.n_entries += 1;
            assert_eq!(sums.iter().sum::<i128>(), 0, "{entry:?}");
            assert!(sums[..3].iter().all(|sum| *sum >= 0), "{entry:?}: {sums:?}");
        }
        self.undo.clear();
    }

    /// The machine stops: whatever was not committed never was.
    pub(super) fn crash(&mut self) {
        self.pending.clear();
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Balance(account, before) => self.balances[account] = before,
                Undo::Hold(call, before) => drop(set(&mut self.holds, call, before)),
                Undo::Order(token, before) => drop(set(&mut self.orders, token, before)),
                Undo::Refund(token, before) => drop(set(&mut self.refunds, token, before)),
                Undo::Purchase(call, before) => drop(set(&mut self.purchases, call, before)),
            }
        }
        self.check();
    }

    /// What is kept is what the journal sums to, and what is held is what the holds say.
    pub(super) fn check(&self) {
        let mut held = vec![0_i128; self.balances.len()];
        for kept in self.holds.values() {
            held[kept.account] += i128::from(kept.hold.amount().micros());
        }
        for (account, balance) in self.balances.iter().enumerate() {
            let sums = LedgerAccount::ALL.map(|of| i128::from(balance.of(of).micros()));
            assert_eq!(sums, self.journal[account], "account {account}");
            assert_eq!(sums[1], held[account], "account {account}: held");
            assert_eq!(balance.sum_micros(), 0);
        }
    }
}

fn set<T>(rows: &mut BTreeMap<u64, T>, key: u64, row: Option<T>) -> Option<T> {
    match row {
        Some(row) => rows.insert(key, row),
        None => rows.remove(&key),
    }
}
