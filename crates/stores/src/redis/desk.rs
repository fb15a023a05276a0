//! The cells of an account as an operator sees them, and makes them new.

use std::time::Duration;

use faregate_pipeline::facts::{CellKey, Kind};
use faregate_pipeline::quota::cells::Kept;
use redis::{AsyncConnectionConfig, RedisResult, Script};

use super::Setting;
use super::cells::{Book, read};
use super::link::{client, connect};
use crate::error::{Fault, broken};

const PATIENCE: Duration = Duration::from_secs(3);

async fn begin(setting: &Setting) -> RedisResult<redis::aio::MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    connect(setting, &client(setting)?, &config).await
}

fn away(cause: redis::RedisError) -> Fault {
    broken(format!("Redis: {cause}"))
}

/// The cells of an account; of calls under way those of all gateways together.
pub(crate) async fn cells(setting: &Setting, slot: i64) -> Result<Vec<(CellKey, Kept)>, Fault> {
    let mut connection = begin(setting).await.map_err(away)?;
    let all: Vec<(String, String)> = redis::cmd("HGETALL")
        .arg(Book::Account(slot).name(&setting.prefix))
        .query_async(&mut connection)
        .await
        .map_err(away)?;
    let mut cells: Vec<(CellKey, Kept)> = Vec::new();
    for (key, kept) in all.iter().filter_map(|(field, value)| read(slot, field, value)) {
        match cells.iter_mut().find(|(known, _)| *known == key && key.kind == Kind::AtOnce) {
            Some((_, sum)) => sum.used = sum.used.saturating_add(kept.used),
            None => cells.push((key, kept)),
        }
    }
    cells.sort_by_key(|(key, _)| key.to_string());
    Ok(cells)
}

/// Makes the cells of an account new; calls under way stay counted.
pub(crate) async fn forget(setting: &Setting, slot: i64) -> Result<(), Fault> {
    let mut connection = begin(setting).await.map_err(away)?;
    let script = Script::new(
        "for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do \
         if string.find(name, '^q[rdm]') then redis.call('HDEL', KEYS[1], name) end end return 0",
    );
    let mut call = script.prepare_invoke();
    let forgotten: RedisResult<i64> =
        call.key(Book::Account(slot).name(&setting.prefix)).invoke_async(&mut connection).await;
    forgotten.map(drop).map_err(away)
}
