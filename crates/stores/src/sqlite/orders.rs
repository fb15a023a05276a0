//! Orders, as rows: what was sent, by which token, and what was answered.

use faregate_contract::RequestId;
use faregate_ledger::{HoldState, Money};
use faregate_pipeline::facts::Order;
use faregate_pipeline::time::Millis;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::ledger::{OpenHold, open_holds};
use crate::error::{Fault, broken};

/// How long a token gets its saved answer.
const KEEP_MS: i64 = 24 * 3_600_000;

/// An order as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOrder {
    /// The call that made it.
    pub request_id: RequestId,
    /// Whose call.
    pub account: String,
    /// What was called.
    pub module: String,
    /// What was called.
    pub action: String,
    /// The client's token.
    pub token: Option<String>,
    /// What makes two calls the same: a print of each parameter, by its name.
    pub prints: Vec<(String, u64)>,
    /// What was sent, or will be; none once it is answered.
    pub sending: Option<Vec<u8>>,
    /// What was answered, once it is known.
    pub answer: Option<Vec<u8>>,
    /// Since when.
    pub at: Millis,
}

/// A hold in doubt, with the order that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The money.
    pub hold: OpenHold,
    /// What was sent; none for a hold of before orders were kept.
    pub order: Option<KeptOrder>,
}

/// Makes the answer that is saved, from the balance that is available after it.
pub type Save = Box<dyn FnOnce(Option<Money>) -> Vec<u8> + Send>;

/// What becomes of an order when its call ends.
pub enum OrderEnd {
    /// Nobody knows yet.
    Keep,
    /// Nothing was done, or nobody will ask: the token is free again.
    Forget,
    /// The token gets this answer for a day.
    Save(Save),
}

impl std::fmt::Debug for OrderEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keep => "Keep",
            Self::Forget => "Forget",
            Self::Save(_) => "Save(..)",
        })
    }
}

/// Writes an order down, in the transaction of its hold where it has one. Orders that are a day old go,
/// unless their money is still held.
pub(crate) fn insert(c: &Connection, order: &Order, now: Millis) -> Result<(), Fault> {
    c.prepare_cached(
        "DELETE FROM orders WHERE at_ms < ?1 AND NOT EXISTS ( \
         SELECT 1 FROM holds WHERE holds.request_id = orders.request_id \
         AND holds.state NOT IN ('committed', 'released'))",
    )?
    .execute([now.plus(-KEEP_MS).as_ms()])?;
    c.prepare_cached(
        "INSERT INTO orders (request_id, account, module, action, token, prints, sending, at_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute((
        order.request_id.as_bytes(),
        &order.account,
        &order.module,
        &order.action,
        &order.token,
        serde_json::to_string(&order.prints).map_err(broken)?,
        &order.sending,
        now.as_ms(),
    ))?;
    Ok(())
}

/// The order of a token, if it is not a day old; one whose end is not known never is.
pub(crate) fn by_token(
    c: &Connection,
    account: &str,
    token: &str,
    now: Millis,
) -> Result<Option<KeptOrder>, Fault> {
    let found = c
        .prepare_cached("SELECT * FROM orders WHERE account = ?1 AND token = ?2")?
        .query_row((account, token), |row| Ok(read(row)))
        .optional()?
        .transpose()?;
    let oldest = now.plus(-KEEP_MS);
    Ok(found.filter(|order| order.answer.is_none() || order.at >= oldest))
}

fn by_id(c: &Connection, id: RequestId) -> Result<Option<KeptOrder>, Fault> {
    c.prepare_cached("SELECT * FROM orders WHERE request_id = ?1")?
        .query_row([id.as_bytes()], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

fn read(row: &Row<'_>) -> Result<KeptOrder, Fault> {
    let prints: String = row.get("prints")?;
    Ok(KeptOrder {
        request_id: RequestId::from_bytes(row.get("request_id")?),
        account: row.get("account")?,
        module: row.get("module")?,
        action: row.get("action")?,
        token: row.get("token")?,
        prints: serde_json::from_str(&prints).map_err(broken)?,
        sending: row.get("sending")?,
        answer: row.get("answer")?,
        at: Millis::new(row.get("at_ms")?),
    })
}

/// Ends an order as its call ended.
pub(crate) fn end(
    c: &Connection,
    id: RequestId,
    end: OrderEnd,
    available: Option<Money>,
) -> Result<(), Fault> {
    match end {
        OrderEnd::Keep => Ok(()),
        OrderEnd::Forget => forget(c, id),
        OrderEnd::Save(save) => {
            // Two may find out about one doubt: the first answer that was kept is the answer.
            c.prepare_cached(
                "UPDATE orders SET answer = ?2, sending = NULL \
                 WHERE request_id = ?1 AND answer IS NULL",
            )?
            .execute((id.as_bytes(), save(available)))?;
            Ok(())
        }
    }
}

/// The call was never sent, or did nothing: its token is free. What was answered stays answered.
pub(crate) fn forget(c: &Connection, id: RequestId) -> Result<(), Fault> {
    c.prepare_cached("DELETE FROM orders WHERE request_id = ?1 AND answer IS NULL")?
        .execute([id.as_bytes()])?;
    Ok(())
}

/// Every hold in doubt, oldest first.
pub(crate) fn doubts(c: &Connection) -> Result<Vec<Doubt>, Fault> {
    let open = open_holds(c)?.into_iter().filter(|hold| hold.state == HoldState::InDoubt);
    open.map(|hold| Ok(Doubt { order: by_id(c, hold.request_id)?, hold })).collect()
}
