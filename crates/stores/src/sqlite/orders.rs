//! Orders, as rows: what was sent, by which token, and what was answered.

use faregate_contract::RequestId;
use faregate_ledger::HoldState;
use faregate_pipeline::facts::Order;
use faregate_pipeline::time::Millis;

use super::ledger::{OpenHold, open_holds};
use super::refunds;
use crate::error::{Fault, broken};
use crate::failpoint;
use crate::orders::Booked;
use crate::sql::{Connection, OptionalExtension as _, Row};
use crate::vault::{Place, Sealed, Vault};

/// How long a token gets its saved answer.
pub(crate) const KEEP_MS: i64 = 24 * 3_600_000;

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

/// Makes the answer that is saved, from what was booked.
pub type Save = Box<dyn FnOnce(Booked) -> Vec<u8> + Send>;

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

/// Seals what an order sends: it may hold what clients keep secret, passwords of machines among it.
pub(crate) fn seal(vault: &Vault, mut order: Order) -> Result<Order, Fault> {
    order.sending = sealed(vault, &order.account, order.request_id, &order.sending)?;
    Ok(order)
}

/// The epoch, then what was sealed under it.
fn sealed(vault: &Vault, account: &str, id: RequestId, sending: &[u8]) -> Result<Vec<u8>, Fault> {
    let id = id.to_string();
    let place = Place { kind: Sealed::Order, account, key_id: &id };
    let (epoch, sealed) = vault.seal(place, sending)?;
    Ok([&epoch.to_be_bytes(), sealed.as_slice()].concat())
}

pub(crate) fn opened(
    vault: &Vault,
    account: &str,
    id: RequestId,
    sealed: &[u8],
) -> Result<Vec<u8>, Fault> {
    let text = id.to_string();
    let place = Place { kind: Sealed::Order, account, key_id: &text };
    let cut = || broken(format!("the order of {id} is cut off"));
    let (epoch, body) = sealed.split_first_chunk::<4>().ok_or_else(cut)?;
    Ok(vault.open_sealed(place, u32::from_be_bytes(*epoch), body)?.to_vec())
}

/// Seals what was kept before orders were sealed: it begins with `{`, and an epoch never does.
pub(crate) fn seal_all(c: &Connection, vault: &Vault) -> Result<(), Fault> {
    let mut read = c.prepare_cached(
        "SELECT request_id, account, sending FROM orders WHERE sending IS NOT NULL",
    )?;
    let (mut rows, mut open) = (read.query([])?, Vec::new());
    while let Some(row) = rows.next()? {
        let sending: Vec<u8> = row.get(2)?;
        if sending.first() == Some(&b'{') {
            open.push((RequestId::from_bytes(row.get(0)?), row.get::<_, String>(1)?, sending));
        }
    }
    for (id, account, sending) in open {
        c.prepare_cached("UPDATE orders SET sending = ?2 WHERE request_id = ?1")?
            .execute((id.as_bytes(), sealed(vault, &account, id, &sending)?))?;
    }
    Ok(())
}

/// Writes a sealed order down, in the transaction of its hold where it has one. Orders that are a day old go,
/// unless their money is still held, or a refund is in doubt.
pub(crate) fn insert(c: &Connection, order: &Order, now: Millis) -> Result<(), Fault> {
    c.prepare_cached(
        "DELETE FROM orders WHERE at_ms < ?1 AND NOT EXISTS ( \
         SELECT 1 FROM holds WHERE holds.request_id = orders.request_id \
         AND holds.state NOT IN ('committed', 'released')) AND NOT EXISTS ( \
         SELECT 1 FROM refunds WHERE refunds.request_id = orders.request_id \
         AND refunds.state IN ('begun', 'in-doubt'))",
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
    refunds::begin(c, order.request_id, &order.account, &order.refunds, now)?;
    Ok(failpoint::at("order.kept")?)
}

/// The order of a token, if it is not a day old; one whose end is not known never is.
pub(crate) fn by_token(
    c: &Connection,
    vault: &Vault,
    account: &str,
    token: &str,
    now: Millis,
) -> Result<Option<KeptOrder>, Fault> {
    let found = c
        .prepare_cached("SELECT * FROM orders WHERE account = ?1 AND token = ?2")?
        .query_row((account, token), |row| Ok(read(vault, row)))
        .optional()?
        .transpose()?;
    let oldest = now.plus(-KEEP_MS);
    Ok(found.filter(|order| order.answer.is_none() || order.at >= oldest))
}

/// The order of this name.
pub(crate) fn by_id(
    c: &Connection,
    vault: &Vault,
    id: RequestId,
) -> Result<Option<KeptOrder>, Fault> {
    c.prepare_cached("SELECT * FROM orders WHERE request_id = ?1")?
        .query_row([id.as_bytes()], |row| Ok(read(vault, row)))
        .optional()?
        .transpose()
}

fn read(vault: &Vault, row: &Row<'_>) -> Result<KeptOrder, Fault> {
    let (prints, account): (String, String) = (row.get("prints")?, row.get("account")?);
    let request_id = RequestId::from_bytes(row.get("request_id")?);
    let sending: Option<Vec<u8>> = row.get("sending")?;
    let sending = sending.map(|sealed| opened(vault, &account, request_id, &sealed)).transpose()?;
    Ok(KeptOrder {
        request_id,
        account,
        module: row.get("module")?,
        action: row.get("action")?,
        token: row.get("token")?,
        prints: serde_json::from_str(&prints).map_err(broken)?,
        sending,
        answer: row.get("answer")?,
        at: Millis::new(row.get("at_ms")?),
    })
}

/// Ends an order as its call ended.
pub(crate) fn end(
    c: &Connection,
    id: RequestId,
    end: OrderEnd,
    booked: Booked,
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
            .execute((id.as_bytes(), save(booked)))?;
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
pub(crate) fn doubts(c: &Connection, vault: &Vault) -> Result<Vec<Doubt>, Fault> {
    let open = open_holds(c)?.into_iter().filter(|hold| hold.state == HoldState::InDoubt);
    open.map(|hold| Ok(Doubt { order: by_id(c, vault, hold.request_id)?, hold })).collect()
}

/// The orders of returns whose refunds are in doubt, oldest first.
pub(crate) fn doubted_returns(c: &Connection, vault: &Vault) -> Result<Vec<KeptOrder>, Fault> {
    let found = refunds::in_doubt(c)?.into_iter().map(|id| by_id(c, vault, id));
    Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
