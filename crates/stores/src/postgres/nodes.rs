//! Which gateways there are, and what one that died left behind.
//!
//! Each says once a second that it lives. One that has not for five seconds is taken for dead: what it held and had
//! not sent is given back, what it had sent is in doubt. One that was only slow is not harmed by that: a hold in doubt
//! takes its answer when it comes, and a hold that was given back is refused when it is to be sent.

use deadpool_postgres::GenericClient;
use faregate_contract::RequestId;
use faregate_ledger::HoldState;
use faregate_pipeline::facts::Settlement;
use faregate_pipeline::time::Millis;

use super::{ledger, refunds};
use crate::error::{Fault, broken};
use crate::shared::Node;

/// For how long a gateway that says nothing is believed to live.
pub(crate) const ALIVE_MS: i64 = 5_000;

/// Says that this gateway lives; which others do.
pub(crate) async fn beat(c: &impl GenericClient, node: &[u8]) -> Result<Vec<Node>, Fault> {
    let rows = c
        .query(
            "WITH t AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now), \
             n AS (INSERT INTO nodes (node, seen_at_ms) SELECT $1, now FROM t \
             ON CONFLICT (node) DO UPDATE SET seen_at_ms = excluded.seen_at_ms) \
             SELECT node FROM nodes, t WHERE node <> $1 AND seen_at_ms > now - $2",
            &[&node, &ALIVE_MS],
        )
        .await?;
    let node =
        |row: &tokio_postgres::Row| Node::try_from(row.try_get::<_, &[u8]>(0)?).map_err(broken);
    rows.iter().map(node).collect()
}

/// Says that this gateway ends; what it left open is the next sweep's.
pub(crate) async fn leave(c: &impl GenericClient, node: &[u8]) -> Result<(), Fault> {
    c.execute("DELETE FROM nodes WHERE node = $1", &[&node]).await?;
    Ok(())
}

/// Ends what dead gateways held: how many were given back, how many are in doubt.
pub(crate) async fn sweep(c: &impl GenericClient, now: Millis) -> Result<(usize, usize), Fault> {
    let rows = c
        .query(
            "SELECT h.request_id, h.state FROM holds h \
             WHERE h.state NOT IN ('committed', 'released', 'in-doubt') AND NOT EXISTS ( \
             SELECT 1 FROM nodes n WHERE n.node = h.node AND n.seen_at_ms > \
             (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1)",
            &[&ALIVE_MS],
        )
        .await?;
    let (mut n_released, mut n_in_doubt) = (0, 0);
    for row in &rows {
        let id: RequestId = ledger::request_id(row)?;
        let note = "after its gateway died";
        match HoldState::parse(row.try_get("state")?).map_err(broken)? {
            HoldState::Reserved => {
                ledger::settle(c, id, Settlement::Release, note, now).await?;
                n_released += 1;
            }
            HoldState::Sending | HoldState::Answered(_) => {
                ledger::settle(c, id, Settlement::InDoubt, note, now).await?;
                n_in_doubt += 1;
            }
            HoldState::InDoubt | HoldState::Committed | HoldState::Released => {}
        }
    }
    refunds::sweep(c, ALIVE_MS).await?;
    c.execute(
        "DELETE FROM nodes WHERE seen_at_ms < \
         (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 86400000",
        &[],
    )
    .await?;
    Ok((n_released, n_in_doubt))
}
