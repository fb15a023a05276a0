//! What is wrong with a Redis, for `faregate check`.

use std::time::Duration;

use redis::AsyncConnectionConfig;

use super::Setting;
use super::link::{client, connect, field};
use crate::clock;

const PATIENCE: Duration = Duration::from_secs(5);

/// A sentence a problem, with what to do; nothing is changed.
pub(crate) async fn examine(setting: &Setting) -> Vec<String> {
    let looked = tokio::time::timeout(PATIENCE, look(setting)).await;
    match looked {
        Ok(Ok(problems)) => problems,
        Ok(Err(cause)) => vec![format!("Redis: {cause}")],
        Err(_) => vec!["Redis does not answer".to_owned()],
    }
}

async fn look(setting: &Setting) -> redis::RedisResult<Vec<String>> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    let mut connection = connect(setting, &client(setting)?, &config).await?;
    let (server, replication, memory, (s, _)): (String, String, String, (i64, i64)) = redis::pipe()
        .cmd("INFO")
        .arg("server")
        .cmd("INFO")
        .arg("replication")
        .cmd("INFO")
        .arg("memory")
        .cmd("TIME")
        .query_async(&mut connection)
        .await?;
    let mut problems = Vec::new();
    let version = field(&server, "redis_version").unwrap_or("0");
    let major: u32 = version.split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    if major < 7 {
        problems.push(format!(
            "Redis is {version}: hashes are small from 7.0 on; use Redis 7 or Valkey 7.2"
        ));
    }
    let policy = field(&memory, "maxmemory_policy").unwrap_or("noeviction");
    if policy != "noeviction" {
        problems.push(format!(
            "Redis's maxmemory-policy is {policy}: a claim that is evicted can be replayed; set it to noeviction"
        ));
    }
    if field(&replication, "role") != Some("master") {
        problems.push("this Redis is a replica: name the master".to_owned());
    }
    let skew_s = (clock::wall().as_ms() / 1000).saturating_sub(s);
    if skew_s.saturating_abs() > 30 {
        problems.push(format!(
            "this machine's clock is {skew_s} s from Redis's: set both by the same time server"
        ));
    }
    // Scripts may be forbidden to a user that may do all else.
    let run: redis::RedisResult<i64> =
        redis::cmd("EVAL").arg("return 1").arg(0).query_async(&mut connection).await;
    if let Err(cause) = run {
        problems.push(format!("Redis: this user may run no scripts: {cause}"));
    }
    Ok(problems)
}
