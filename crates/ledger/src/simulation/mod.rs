//! Ledger, holds, retries, refunds and crashes together, on a virtual clock, disk, wire and module.
//!
//! A seed decides everything. Clients draw a token for a thing they want and ask until they are answered; the
//! gateway walks each call through its durable steps; writes become durable in groups; the machine stops at any
//! moment, and what was on the wire may still come. At every prefix of the journal the promises hold; whenever
//! everything has come to rest, the accounts were charged exactly what the module executed.
#![expect(clippy::arithmetic_side_effects, reason = "tests may overflow: they then fail")]

mod disk;
mod ends;
mod module;
mod spec;

use std::collections::BTreeMap;

use crate::{Balance, Currency, Ending, Hold, HoldState, Money, Step};
use disk::{Disk, Kept, Order, Purchase, Refund};
use module::{Module, Request, TIMEOUT, Wants};
use spec::Dice;

const N_ACCOUNTS: usize = 4;

/// Where a call is in the gateway's memory. What it waits for is the commit of its last write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Reserved, or its refund written down.
    Begun,
    /// Its mark is written.
    Marked,
    OnWire,
    Answered(Ending),
    Lost,
}

#[derive(Clone, Copy, Debug)]
struct Call {
    token: u64,
    account: usize,
    wants: Wants,
    phase: Phase,
    durable: bool,
    sent_at: u64,
}

/// A thing that a client wants, until it is answered.
#[derive(Clone, Copy, Debug)]
struct Wish {
    account: usize,
    wants: Wants,
    /// The call over many things that this one is an item of.
    batch: Option<u64>,
}

struct World {
    dice: Dice,
    now: u64,
    disk: Disk,
    module: Module,
    calls: BTreeMap<u64, Call>,
    wishes: BTreeMap<u64, Wish>,
    next: u64,
    n_crashes: u64,
    n_doubts: u64,
    n_refunds: u64,
    n_batches: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            dice: Dice(seed),
            now: 0,
            disk: Disk::new(N_ACCOUNTS),
            module: Module::new(N_ACCOUNTS),
            calls: BTreeMap::new(),
            wishes: BTreeMap::new(),
            next: 0,
            n_crashes: 0,
            n_doubts: 0,
            n_refunds: 0,
            n_batches: 0,
        }
    }

    fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Any of them.
    fn any<T: Copy>(&mut self, rows: impl Fn(&Self) -> &BTreeMap<u64, T>) -> Option<(u64, T)> {
        let from = self.next.saturating_sub(self.dice.below(200));
        let rows = rows(self);
        let found = rows.range(from..).next().or_else(|| rows.iter().next());
        found.map(|(key, row)| (*key, *row))
    }

    fn operate(&mut self) {
        self.now += self.dice.below(3);
        let now = self.now;
        self.module.wire.retain(|request| request.until >= now);
        match self.dice.below(1_000) {
            0..60 => self.wish(),
            60..100 => self.operator(),
            100..250 => self.ask(),
            250..600 => self.advance(),
            600..800 => self.deliver(),
            800..920 => self.commit(),
            920..997 => self.find_out(),
            _ => self.crash(),
        }
    }

    fn wish(&mut self) {
        if self.wishes.len() > 40 {
            return;
        }
        let token = self.id();
        let returns = self.dice.below(3) == 0;
        let bought = if returns { self.any(|world| &world.disk.purchases) } else { None };
        let wish = match bought {
            Some((purchase, Purchase { account, price })) => {
                let half = Money::from_micros((price.micros() / 2).max(1), Currency::CNY);
                Wish { account, wants: Wants::Return { purchase, amount: half }, batch: None }
            }
            None => {
                let price = Money::from_micros(1 + self.dice.amount(50), Currency::CNY);
                let account = self.dice.place(N_ACCOUNTS);
                let n_more = self.dice.place(12).saturating_sub(8);
                let batch = (n_more > 0).then_some(token);
                let wish = Wish { account, wants: Wants::Buy(price), batch };
                for _ in 0..n_more {
                    let item = self.id();
                    self.wishes.insert(item, wish);
                }
                wish
            }
        };
        self.wishes.insert(token, wish);
    }

    /// Money comes and goes by hand, each in a transaction of its own.
    fn operator(&mut self) {
        self.commit();
        let account = self.dice.place(N_ACCOUNTS);
        let amount = Money::from_micros(self.dice.amount(80) - 20, Currency::CNY);
        let credit = self.dice.below(4) == 0;
        self.disk.book(account, |balance: &mut Balance| match credit {
            true => balance.set_credit(amount),
            false => balance.adjust(amount).map(Some),
        });
        self.commit();
    }

    /// A client asks, for the first time or again.
    fn ask(&mut self) {
        let Some((token, wish)) = self.any(|world| &world.wishes) else { return };
        match self.disk.orders.get(&token).copied() {
            // Told once it is durable; then nobody asks any more.
            Some(Order { answered: true, .. }) if self.disk.is_durable() => {
                self.wishes.remove(&token);
                self.disk.put_order(token, None);
                self.module.forget(token);
            }
            // Under way, or in doubt.
            Some(_) => {}
            None if wish.batch.is_some() => self.begin_all(wish.batch),
            None => self.begin(token, wish),
        }
    }

    /// All items of a batch that are not begun: one transaction, in which each has the money that those before it leave.
    fn begin_all(&mut self, batch: Option<u64>) {
        let of_it = |(_, wish): &(&u64, &Wish)| wish.batch == batch;
        let items: Vec<(u64, Wish)> =
            self.wishes.iter().filter(of_it).map(|(token, wish)| (*token, *wish)).collect();
        self.n_batches += 1;
        for (token, wish) in items {
            if !self.disk.orders.contains_key(&token) {
                self.begin(token, wish);
            }
        }
    }

    /// The hold, or the refund, and the order: one transaction.
    fn begin(&mut self, token: u64, wish: Wish) {
        let call = self.id();
        let Wish { account, wants, .. } = wish;
        match wants {
            Wants::Buy(price) => {
                let mut made = None;
                let held = self.disk.book(account, |balance: &mut Balance| {
                    Hold::reserve(balance, price).map(|(hold, entry)| {
                        made = Some(hold);
                        Some(entry)
                    })
                });
                let Some(hold) = made.filter(|_| held) else { return };
                self.disk.put_hold(call, Some(Kept { account, token, hold, since: self.now }));
            }
            Wants::Return { purchase, amount } => {
                if !self.disk.purchases.contains_key(&purchase) {
                    // It was refunded: nothing is known of it, and nothing is given back.
                    self.wishes.remove(&token);
                    return;
                }
                let refund = Refund { account, purchase, amount, in_doubt: false };
                self.disk.put_refund(token, Some(refund));
            }
        }
        self.disk.put_order(token, Some(Order { call, answered: false }));
        let phase = Phase::Begun;
        self.calls.insert(call, Call { token, account, wants, phase, durable: false, sent_at: 0 });
    }

    /// One call goes one step.
    fn advance(&mut self) {
        let Some((id, mut call)) = self.any(|world| &world.calls) else { return };
        let buys = matches!(call.wants, Wants::Buy(_));
        match call.phase {
            Phase::Begun | Phase::Marked if !call.durable => return,
            Phase::Begun if self.dice.below(20) == 0 => {
                // The client went away before anything was sent.
                self.give_back(id, &call);
                return;
            }
            Phase::Begun if buys => {
                self.disk.step(id, Step::Send, self.now);
                (call.phase, call.durable) = (Phase::Marked, false);
            }
            Phase::Begun | Phase::Marked => {
                let Call { token, account, wants, .. } = call;
                let until = self.now + TIMEOUT;
                self.module.wire.push(Request { call: id, token, account, wants, until });
                (call.phase, call.sent_at) = (Phase::OnWire, self.now);
            }
            Phase::OnWire if self.now > call.sent_at + TIMEOUT => call.phase = Phase::Lost,
            Phase::OnWire => return,
            Phase::Answered(ending) => {
                self.settle(id, &call, ending);
                return;
            }
            Phase::Lost => {
                self.doubt(id, &call);
                return;
            }
        }
        self.calls.insert(id, call);
    }

    fn give_back(&mut self, id: u64, call: &Call) {
        match call.wants {
            Wants::Buy(_) => self.disk.step(id, Step::GiveBack, self.now),
            Wants::Return { .. } => self.disk.put_refund(call.token, None),
        }
        self.disk.put_order(call.token, None);
        self.calls.remove(&id);
    }

    /// The hold, the refund, the purchase and the saved answer: one transaction.
    fn settle(&mut self, id: u64, call: &Call, ending: Ending) {
        match call.wants {
            Wants::Buy(price) => {
                self.disk.step(id, Step::Answer(ending), self.now);
                self.disk.step(id, Step::Settle, self.now);
                self.bought(id, call.account, price, ending);
            }
            Wants::Return { .. } => self.pay(call.token, ending),
        }
        self.disk.put_order(call.token, Some(Order { call: id, answered: true }));
        self.calls.remove(&id);
    }

    fn bought(&mut self, id: u64, account: usize, price: Money, ending: Ending) {
        if ending == Ending::Commit && self.disk.purchases.len() < 64 {
            self.disk.put_purchase(id, Some(Purchase { account, price }));
        }
    }

    fn pay(&mut self, token: u64, ending: Ending) {
        let Some(refund) = self.disk.refunds.get(&token).copied() else { return };
        self.disk.put_refund(token, None);
        if ending == Ending::Commit && self.disk.purchases.contains_key(&refund.purchase) {
            let Refund { account, amount, .. } = refund;
            let paid = self.disk.book(account, |balance| balance.refund(amount).map(Some));
            assert!(paid, "a refund of what was paid");
            self.disk.put_purchase(refund.purchase, None);
            self.n_refunds += 1;
        }
    }

    fn doubt(&mut self, id: u64, call: &Call) {
        self.n_doubts += 1;
        match call.wants {
            Wants::Buy(_) => self.disk.step(id, Step::Doubt, self.now),
            Wants::Return { .. } => {
                let refund = self.disk.refunds.get(&call.token).copied();
                let doubted = refund.map(|refund| Refund { in_doubt: true, ..refund });
                self.disk.put_refund(call.token, doubted);
            }
        }
        self.calls.remove(&id);
    }

    /// A request comes to the module, and its answer back, or not.
    fn deliver(&mut self) {
        let n = self.module.wire.len();
        // Now and then the module is slow: what was sent comes late, and mostly never.
        let slow = (self.now / 300).is_multiple_of(2) && self.dice.below(40) != 0;
        if n == 0 || slow {
            return;
        }
        let at = self.dice.place(n);
        let request = self.module.wire.swap_remove(at);
        let refuses = self.dice.below(5) == 0;
        let ending = self.module.serve(&request, refuses);
        let lost = self.dice.below(6) == 0;
        if let Some(call) = self.calls.get_mut(&request.call)
            && call.phase == Phase::OnWire
        {
            call.phase = if lost { Phase::Lost } else { Phase::Answered(ending) };
        }
    }

    fn commit(&mut self) {
        self.disk.commit();
        for call in self.calls.values_mut() {
            call.durable = true;
        }
    }

    /// The gateway asks about a purchase in doubt, or sends a return again.
    fn find_out(&mut self) {
        if let Some((id, kept)) = self.any(|world| &world.disk.holds)
            && kept.hold.state() == HoldState::InDoubt
        {
            let known = self.module.answers.get(&kept.token).copied();
            // Nobody knows it, and its time is over: it never comes.
            let never = self.now > kept.since + TIMEOUT;
            if let Some(ending) = known.or(never.then_some(Ending::Release)) {
                self.disk.step(id, Step::Judge(ending), self.now);
                self.bought(id, kept.account, kept.hold.amount(), ending);
                let order = known.map(|_| Order { call: id, answered: true });
                self.disk.put_order(kept.token, order);
            }
        }
        if let Some((token, refund)) = self.any(|world| &world.disk.refunds)
            && refund.in_doubt
        {
            let Refund { account, purchase, amount, .. } = refund;
            let wants = Wants::Return { purchase, amount };
            let again = Request { call: 0, token, account, wants, until: self.now };
            let ending = self.module.serve(&again, false);
            if self.dice.below(4) != 0 {
                self.pay(token, ending);
                let call = self.disk.orders.get(&token).map_or(0, |order| order.call);
                self.disk.put_order(token, Some(Order { call, answered: true }));
            }
        }
    }
}
