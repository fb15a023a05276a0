//! How a world ends: by a crash, after which it goes on, or at rest, where the sums must be the module's.
#![expect(clippy::arithmetic_side_effects, reason = "tests may overflow: they then fail")]

use super::World;
use super::disk::{Kept, Refund};
use crate::Step;

impl World {
    /// The process is killed, and starts again: `Hold::on_restart` for each, and every refund is in doubt.
    pub(super) fn crash(&mut self) {
        self.n_crashes += 1;
        self.disk.crash();
        self.calls.clear();
        let open: Vec<(u64, Kept)> =
            self.disk.holds.iter().map(|(id, kept)| (*id, *kept)).collect();
        for (id, kept) in open {
            let Some(step) = kept.hold.state().on_restart() else { continue };
            self.disk.step(id, step, self.now);
            if step == Step::GiveBack {
                self.disk.put_order(kept.token, None);
            }
        }
        let begun: Vec<(u64, Refund)> =
            self.disk.refunds.iter().map(|(token, refund)| (*token, *refund)).collect();
        for (token, refund) in begun {
            self.disk.put_refund(token, Some(Refund { in_doubt: true, ..refund }));
        }
        self.commit();
    }

    /// No more wishes, no more crashes: everything comes to an end, and the sums are the module's.
    pub(super) fn rest(&mut self) {
        self.commit();
        for _ in 0..200_000 {
            let open = self.calls.len() + self.disk.holds.len() + self.disk.refunds.len();
            if open + self.module.wire.len() == 0 {
                break;
            }
            self.now += 1;
            let now = self.now;
            self.module.wire.retain(|request| request.until >= now);
            self.advance();
            self.deliver();
            self.find_out();
            self.commit();
        }
        assert!(self.calls.is_empty() && self.disk.refunds.is_empty(), "something never ended");
        assert!(self.disk.holds.is_empty(), "a hold never ended: {:?}", self.disk.holds);
        self.disk.check();
        for (account, balance) in self.disk.balances.iter().enumerate() {
            let spent = balance.of(crate::LedgerAccount::Revenue).micros();
            assert_eq!(i128::from(spent), self.module.owed[account], "account {account}: charged");
        }
    }
}
