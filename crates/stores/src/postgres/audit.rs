//! The ledger of PostgreSQL, added up again. The chain of its entries is not kept here yet.

use std::collections::BTreeMap;

use deadpool_postgres::GenericClient;
use faregate_ledger::{Entry, Money, recompute};

use super::ledger::{self, entry, open_holds};
use crate::error::{Fault, broken};
use crate::sqlite::audit::LedgerCheck;

/// Recomputes every balance from the entries, and every `held` from the open holds; in the caller's transaction,
/// which sees one moment.
pub(crate) async fn check(c: &impl GenericClient) -> Result<LedgerCheck, Fault> {
    let mut check = LedgerCheck::default();
    let mut held = BTreeMap::<String, i64>::new();
    for open in open_holds(c).await? {
        *held.entry(open.account).or_default() += open.amount.micros();
    }
    for row in c.query("SELECT account FROM balances ORDER BY account", &[]).await? {
        let account: String = row.try_get(0)?;
        let kept = ledger::balance(c, &account).await?;
        let kept = kept.ok_or_else(|| broken("a balance went away"))?;
        let rows = c
            .query(
                "SELECT way, amount, currency FROM entries WHERE account = $1 ORDER BY seq",
                &[&account],
            )
            .await?;
        let entries: Vec<Entry> = rows.iter().map(entry).collect::<Result<_, _>>()?;
        check.n_accounts += 1;
        check.n_entries += u64::try_from(entries.len()).unwrap_or(0);
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
