//! The ledger, checked: the chain of its entries, their sums at every one, balances and holds.
//!
//! One walk over all entries, in one snapshot of the database: a running gateway goes on writing meanwhile.

use std::collections::{BTreeMap, HashMap};

use faregate_ledger::{Balance, Entry, Money, Move};
use rusqlite::{Connection, Row};

use super::balances::balance;
use super::chain::{COVERED, Hash, Head, Links, ROOT};
use super::currency;
use super::ledger::open_holds;
use crate::error::{Fault, broken};

/// How many entries are read before it is said how far it is.
const STRIDE: u64 = 1 << 16;

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differs {
    /// It is not what its hash was made of.
    Content,
    /// Its hash is not that of itself and of the entry before it.
    Chain,
    /// There is no such entry, though there is a later one, or was.
    Gap,
    /// It takes what was not there, or moves it otherwise than it says.
    Sum,
}

impl Differs {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Chain => "chain",
            Self::Gap => "gap",
            Self::Sum => "sum",
        }
    }
}

/// The first entry that is not as it was booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEntry {
    /// Its number.
    pub seq: i64,
    /// What is wrong with it.
    pub differs: Differs,
    /// In a sentence.
    pub says: String,
}

/// What a check of the ledger found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerCheck {
    /// Accounts looked at.
    pub n_accounts: usize,
    /// Entries looked at.
    pub n_entries: u64,
    /// The last entry, if there is one.
    pub head: Option<Head>,
    /// The first entry that is wrong, if there is one.
    pub bad: Option<BadEntry>,
    /// What else is wrong, a sentence each.
    pub problems: Vec<String>,
}

impl LedgerCheck {
    /// Is everything as it was booked.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.bad.is_none() && self.problems.is_empty()
    }
}

/// Checks everything. `known` is a head that was written down once; `progress` is told how many entries of how
/// many were looked at.
pub(crate) fn check(
    c: &Connection,
    known: Option<&Head>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<LedgerCheck, Fault> {
    let (n_last, n_ever): (i64, i64) = c.query_row(
        "SELECT coalesce((SELECT max(seq) FROM entries), 0), \
         coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'entries'), 0)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let n_all = u64::try_from(n_last).unwrap_or(0);
    let mut walk = Walk::new(known.copied());
    let mut statement = c.prepare(&format!("SELECT {COVERED}, hash FROM entries ORDER BY seq"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        walk.step(row)?;
        if walk.found.n_entries.is_multiple_of(STRIDE) {
            progress(walk.found.n_entries, n_all);
        }
    }
    walk.end(n_ever.max(n_last));
    progress(n_all, n_all);
    let Walk { mut found, sums, .. } = walk;
    accounts(c, sums, &mut found)?;
    Ok(found)
}

/// Where the walk is.
struct Walk {
    found: LedgerCheck,
    known: Option<Head>,
    links: Links,
    /// The hash of the last entry, as it is kept.
    before: Hash,
    seq: i64,
    /// An entry whose hash is another than it should be, which is this: the next one tells which of the two
    /// was changed.
    doubted: Option<(i64, Hash)>,
    sums: HashMap<Box<str>, Balance>,
}

impl Walk {
    fn new(known: Option<Head>) -> Self {
        Self {
            found: LedgerCheck::default(),
            known,
            links: Links::default(),
            before: ROOT,
            seq: 0,
            doubted: None,
            sums: HashMap::new(),
        }
    }

    fn step(&mut self, row: &Row<'_>) -> Result<(), Fault> {
        self.found.n_entries += 1;
        let seq: i64 = row.get(0)?;
        let missing = self.seq.saturating_add(1);
        if seq != missing {
            self.judge_doubted(None);
            self.bad(
                missing,
                Differs::Gap,
                format!("entries {missing} to {} are gone", seq.saturating_sub(1)),
            );
        }
        let kept: Option<Hash> = row.get(10).unwrap_or(None);
        self.chain(seq, kept, row)?;
        if let Err(why) = self.sum(row) {
            self.bad(seq, Differs::Sum, why);
        }
        if self.known.is_some_and(|known| known.seq == seq && Some(known.hash) != kept) {
            self.bad(
                seq,
                Differs::Chain,
                "its hash is not the one that was written down".to_owned(),
            );
        }
        (self.seq, self.before) = (seq, kept.unwrap_or(ROOT));
        self.found.head = Some(Head { seq, hash: self.before });
        Ok(())
    }

    /// Once the chain is broken it says no more.
    fn chain(&mut self, seq: i64, kept: Option<Hash>, row: &Row<'_>) -> Result<(), Fault> {
        if self.found.bad.is_some() {
            return Ok(());
        }
        let own = self.links.of_row(&self.before, row)?;
        if let Some((_, should)) = self.doubted {
            let by_content = kept == Some(own);
            let by_hash = kept == Some(self.links.of_row(&should, row)?);
            self.judge_doubted(Some((by_content, by_hash)));
        } else if kept != Some(own) {
            self.doubted = Some((seq, own));
        }
        Ok(())
    }

    /// `next` says whether the entry after the doubted one follows the hash that is kept, or that which should be.
    fn judge_doubted(&mut self, next: Option<(bool, bool)>) {
        let Some((seq, _)) = self.doubted.take() else { return };
        let (differs, says) = match next {
            Some((true, _)) => (Differs::Content, "it is not what its hash was made of"),
            Some((false, true)) => (Differs::Chain, "its hash was changed, its content was not"),
            Some((false, false)) | None => {
                (Differs::Content, "its hash is not that of its content: one of them was changed")
            }
        };
        self.bad(seq, differs, says.to_owned());
    }

    /// Adds the entry up, or says what is wrong with it.
    fn sum(&mut self, row: &Row<'_>) -> Result<(), String> {
        // What somebody changed by hand may be of any type.
        let text = |place: usize| row.get_ref(place).ok().and_then(|value| value.as_str().ok());
        let no_text = || "it is no text where there must be one".to_owned();
        let of = currency(text(7).ok_or_else(no_text)?).map_err(|why| why.to_string())?;
        let way = Move::parse(text(9).ok_or_else(no_text)?).map_err(|why| why.to_string())?;
        let micros = row.get(6).map_err(|why| why.to_string())?;
        let entry = Entry::of(way, Money::from_micros(micros, of));
        if (text(3), text(4)) != (Some(entry.debit().as_str()), Some(entry.credit().as_str())) {
            return Err(format!("a `{}` does not move money so", way.as_str()));
        }
        let account = text(5).ok_or_else(no_text)?;
        let mut sum = self.sums.get(account).copied().unwrap_or(Balance::empty(of));
        sum.apply(entry).map_err(|refused| format!("account {account}: {refused}"))?;
        match self.sums.get_mut(account) {
            Some(kept) => *kept = sum,
            None => drop(self.sums.insert(account.into(), sum)),
        }
        Ok(())
    }

    fn end(&mut self, n_ever: i64) {
        self.judge_doubted(None);
        let missing = self.seq.saturating_add(1);
        if n_ever >= missing {
            self.bad(missing, Differs::Gap, format!("entries {missing} to {n_ever} are gone"));
        }
        if let Some(known) = self.known.filter(|known| known.seq > n_ever) {
            let says = format!("the ledger ends at {n_ever}; what was written down is later");
            self.bad(known.seq, Differs::Gap, says);
        }
    }

    /// The first stays: of two about one entry, what was found by its hash.
    fn bad(&mut self, seq: i64, differs: Differs, says: String) {
        // An entry in doubt is earlier, whatever it turns out to be.
        let doubted = self.doubted.is_some_and(|(doubted, _)| doubted <= seq);
        if self.found.bad.is_none() && !doubted {
            self.found.bad = Some(BadEntry { seq, differs, says });
        }
    }
}

/// Every balance against its entries, and every `held` against the open holds.
fn accounts(
    c: &Connection,
    mut sums: HashMap<Box<str>, Balance>,
    found: &mut LedgerCheck,
) -> Result<(), Fault> {
    let accounts: Vec<String> = c
        .prepare("SELECT account FROM balances ORDER BY account")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut held = BTreeMap::<String, i64>::new();
    for open in open_holds(c)? {
        let sum = held.entry(open.account).or_default();
        *sum = sum.saturating_add(open.amount.micros());
    }
    for account in accounts {
        found.n_accounts += 1;
        let kept = match balance(c, &account) {
            Ok(kept) => kept.ok_or_else(|| broken("a balance went away"))?,
            Err(why @ Fault::Broken(_)) => {
                found.problems.push(format!("account {account}: {why}"));
                continue;
            }
            Err(fault) => return Err(fault),
        };
        let empty = Balance::empty(kept.available().currency());
        let sum = sums.remove(account.as_str()).unwrap_or(empty);
        if sum != kept {
            found.problems.push(format!(
                "account {account}: the entries sum to {}, kept is {}",
                told(&sum),
                told(&kept)
            ));
        }
        let in_holds = held.remove(&account).unwrap_or(0);
        if in_holds != kept.held().micros() {
            let in_holds = Money::from_micros(in_holds, kept.held().currency());
            found.problems.push(format!(
                "account {account}: open holds sum to {in_holds}, held is {}",
                kept.held()
            ));
        }
    }
    for account in sums.into_keys() {
        found.problems.push(format!("account {account} has entries and no balance"));
    }
    Ok(())
}

fn told(balance: &Balance) -> String {
    let (available, held, credit) = (balance.available(), balance.held(), balance.credit());
    format!("{available} available, {held} held, {credit} lent")
}
