//! Random histories of claims, time, kills, restarts and power cuts, beside a naive set.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Claim {
        key: u64,
        nonce: u64,
        stamp_s: i64,
    },
    GiveBackLast,
    /// The clocks go on, and the keeper looks around.
    Later {
        minutes: i64,
    },
    /// The wall clock alone is set.
    Step {
        minutes: i64,
    },
    Kill,
    Close,
    PowerCut,
    /// More claims at once than a chunk has records, so that files and tables grow.
    Many {
        key: u64,
    },
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        24 => (0..3_u64, 0..5_u64, -40_i64..80).prop_map(|(key, nonce, minutes)| Op::Claim {
            key,
            nonce,
            stamp_s: minutes * 90,
        }),
        4 => Just(Op::GiveBackLast),
        3 => (1..200_i64).prop_map(|minutes| Op::Later { minutes }),
        1 => (-300..300_i64).prop_map(|minutes| Op::Step { minutes }),
        2 => Just(Op::Kill),
        2 => Just(Op::Close),
        1 => Just(Op::PowerCut),
        1 => (0..3_u64).prop_map(|key| Op::Many { key }),
    ]
}

struct Model {
    folder: PathBuf,
    durability: Durability,
    nonces: Option<Nonces>,
    now: Millis,
    elapsed: Duration,
    spent: HashSet<u128>,
    last: HashMap<u64, u64>,
    given: Option<(Ticket, ClaimRequest, Option<u64>)>,
    next_nonce: u64,
}

impl Model {
    fn nonces(&self) -> &Nonces {
        self.nonces.as_ref().unwrap()
    }

    fn open(&mut self) {
        self.given = None;
        self.nonces = Some(open(&self.folder, self.durability, self.now));
        let book = self.nonces().shared.book().unwrap();
        let lasts = book.keys.lasts().into_iter().map(|(key, last)| (key, last.nonce)).collect();
        // With a key's last claim its last nonce may be forgotten: then an older one is the last.
        assert!(book.forgotten.is_some() || self.last == lasts, "{:?} {lasts:?}", self.last);
        drop(book);
        self.last = lasts;
    }

    fn claim(&mut self, request: ClaimRequest) -> Result<(), TestCaseError> {
        let fence = fence_of(self.nonces(), request.key_print);
        let expected = if fence.is_some_and(|fence| request.stamp <= fence) {
            Claim::BeforeFence
        } else if self.spent.contains(&request.print) {
            Claim::Seen
        } else if self.last.get(&request.key_print) == Some(&request.nonce) {
            Claim::SameAsLast
        } else {
            Claim::New
        };
        let (became, ticket) = enter(self.nonces(), &request, self.now);
        prop_assert_eq!(became, expected, "{:?} at {}, fence {:?}", request, self.now, fence);
        if let Some(ticket) = ticket {
            prop_assert!(self.spent.insert(request.print));
            let previous = self.last.insert(request.key_print, request.nonce);
            self.given = Some((ticket, request, previous));
        }
        Ok(())
    }

    fn act(&mut self, op: &Op) -> Result<(), TestCaseError> {
        match *op {
            Op::Claim { key, nonce, stamp_s } => {
                let second = Millis::from_secs(self.now.as_secs());
                self.claim(claim(key, nonce, second.plus(stamp_s * 1000)))?;
            }
            Op::Many { key } => {
                for _ in 0..1_700 {
                    self.next_nonce += 1;
                    self.claim(claim(key, self.next_nonce, self.now.plus(500)))?;
                }
            }
            Op::GiveBackLast => {
                let Some((ticket, request, previous)) = self.given.take() else { return Ok(()) };
                self.nonces().give_back(&ticket).unwrap();
                self.spent.remove(&request.print);
                match previous {
                    Some(nonce) => self.last.insert(request.key_print, nonce),
                    None => self.last.remove(&request.key_print),
                };
            }
            Op::Later { minutes } => {
                self.now = self.now.plus(minutes * 60_000);
                self.elapsed += Duration::from_secs(60 * minutes.unsigned_abs());
                self.nonces().shared.book().unwrap().now = self.now;
                keeper::round(&self.nonces().shared, clock::monotonic() + self.elapsed);
            }
            Op::Step { minutes } => self.now = self.now.plus(minutes * 60_000),
            Op::Kill | Op::PowerCut => {
                let nonces = self.nonces.take().unwrap();
                self.folder = killed(nonces, &self.folder);
                if matches!(op, Op::PowerCut) {
                    reboot(&self.folder);
                }
                self.open();
            }
            Op::Close => {
                self.nonces = None;
                self.open();
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        if std::env::var_os("FAREGATE_SOAK").is_some() { 2_000 } else { 24 }
    ))]

    #[test]
    fn the_journal_is_a_set_that_survives(
        on_disk in any::<bool>(),
        ops in proptest::collection::vec(any_op(), 0..80),
    ) {
        let (_root, folder) = new_folder();
        let mut model = Model {
            folder,
            durability: if on_disk { Durability::Disk } else { Durability::Os },
            nonces: None,
            now: TEN,
            elapsed: Duration::ZERO,
            spent: HashSet::new(),
            last: HashMap::new(),
            given: None,
            next_nonce: 1_000,
        };
        model.open();
        for op in ops {
            model.act(&op)?;
        }
    }
}
