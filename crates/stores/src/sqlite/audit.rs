//! The ledger, added up again: entries against balances, holds against what is held.

use std::collections::BTreeMap;

use faregate_ledger::{Entry, LedgerAccount, Money, recompute};
use rusqlite::Connection;

use super::currency;
use super::ledger::{balance, open_holds};
use crate::error::{Fault, broken};

/// What `ledger_sum_check` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumCheck {
    /// Accounts looked at.
    pub n_accounts: usize,
    /// Entries looked at.
    pub n_entries: usize,
    /// What is wrong, a sentence each; empty is good.
    pub problems: Vec<String>,
}

/// Recomputes every balance from the entries, and every `held` from the open holds.
pub(crate) fn sum_check(c: &Connection) -> Result<SumCheck, Fault> {
    let mut check = SumCheck { n_accounts: 0, n_entries: 0, problems: Vec::new() };
    let accounts: Vec<String> = c
        .prepare("SELECT account FROM balances ORDER BY account")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut held = BTreeMap::<String, i64>::new();
    for open in open_holds(c)? {
        *held.entry(open.account).or_default() += open.amount.micros();
    }
    for account in accounts {
        let kept = balance(c, &account)?.ok_or_else(|| broken("a balance went away"))?;
        let entries = entries(c, &account)?;
        check.n_accounts += 1;
        check.n_entries += entries.len();
        match recompute(kept.available().currency(), entries) {
            Err((at, refused)) => {
                check.problems.push(format!("account {account}, entry {}: {refused}", at + 1));
            }
            Ok(sums) if sums != kept => check.problems.push(format!(
                "account {account}: the entries sum to {} available and {} held, kept are {} and {}",
                sums.available(),
                sums.held(),
                kept.available(),
                kept.held()
            )),
            Ok(sums) if sums.sum_micros() != 0 => {
                check.problems.push(format!("account {account}: the sum is not zero"));
            }
            Ok(_) => {}
        }
        let in_holds = held.remove(&account).unwrap_or(0);
        if in_holds != kept.held().micros() {
            let in_holds = Money::from_micros(in_holds, kept.held().currency());
            check.problems.push(format!(
                "account {account}: open holds sum to {in_holds}, held is {}",
                kept.held()
            ));
        }
    }
    Ok(check)
}

fn entries(c: &Connection, account: &str) -> Result<Vec<Entry>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT debit, credit, amount, currency FROM entries WHERE account = ?1 ORDER BY seq",
    )?;
    let (mut rows, mut entries) = (statement.query([account])?, Vec::new());
    while let Some(row) = rows.next()? {
        let side = |text: String| LedgerAccount::parse(&text).map_err(broken);
        let code: String = row.get("currency")?;
        entries.push(Entry {
            debit: side(row.get("debit")?)?,
            credit: side(row.get("credit")?)?,
            amount: Money::from_micros(row.get("amount")?, currency(&code)?),
        });
    }
    Ok(entries)
}
