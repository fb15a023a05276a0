//! What Redis alone can get wrong: losses, evictions, clocks, an account with many claims.

use std::sync::Arc;

use faregate_pipeline::facts::{Claim, ClaimRequest};
use faregate_pipeline::time::Millis;

use super::{Entered, Redis, Setting};
use crate::clock;
use crate::conformance::nonces::claim;
use crate::conformance::servers::Servers;
use crate::conformance::shared_at;
use crate::options::SharedAt;
use crate::postgres::Postgres;

fn gateway(at: &SharedAt) -> Arc<Redis> {
    let postgres = Arc::new(Postgres::of(at).unwrap());
    let setting = Setting {
        retention_ms: 300_000,
        window_ms: 7_200_000,
        ..Setting::new(at, "fg".to_owned()).unwrap()
    };
    Redis::new(setting, postgres).unwrap()
}

fn whole_now() -> Millis {
    Millis::from_secs(clock::wall().as_secs())
}

async fn enter(redis: &Redis, claim: &ClaimRequest) -> Result<Claim, String> {
    match redis.enter(claim, &[], clock::wall()).await {
        Ok(Entered::Refused(claim)) => Ok(claim),
        Ok(Entered::NotTaken(_) | Entered::Taken(..)) => Ok(Claim::New),
        Err(down) => Err(down.cause),
    }
}

async fn settled(redis: &Redis) {
    for _ in 0..200 {
        if redis.look_again().await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("Redis is not taken for good again");
}

#[tokio::test]
async fn whatever_was_lost_is_fenced_for_every_gateway_and_nothing_else_is() {
    let mut servers = Servers::start();
    let data = servers.folder().join("data");
    let at = shared_at(&servers, "losses", &data);
    let (one, two) = (gateway(&at), gateway(&at));
    let now = whole_now();
    let (spent, ahead) = (claim(1, 7, now), claim(2, 8, now.plus(600_000)));
    for (redis, claim, is) in [
        (&one, &spent, Claim::New),
        (&two, &spent, Claim::Seen),
        (&two, &ahead, Claim::New),
        (&one, &ahead, Claim::Seen),
    ] {
        assert_eq!(enter(redis, claim).await, Ok(is));
    }
    // Emptied under open connections; then killed, and started again with nothing.
    for loss in ["flushall", "kill"] {
        if loss == "kill" {
            servers.stop_redis();
            assert!(enter(&one, &claim(1, 9, now)).await.is_err(), "no claim without Redis");
            servers.start_redis();
            settled(&one).await;
            settled(&two).await;
        } else {
            servers.redis_cli(&["flushall"]);
        }
        for redis in [&one, &two] {
            assert_eq!(enter(redis, &spent).await, Ok(Claim::BeforeFence), "{loss}");
            assert_eq!(enter(redis, &ahead).await, Ok(Claim::BeforeFence), "{loss}");
        }
        // A call that is signed after the loss is taken: the fence is a second ahead of it at most.
        tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
        let later = ClaimRequest { nonce: 1, ..claim(1, 100, whole_now()) };
        assert_eq!(enter(&one, &later).await, Ok(Claim::New), "{loss}");
        assert_eq!(enter(&two, &later).await, Ok(Claim::Seen), "{loss}");
    }
}

#[tokio::test]
async fn a_redis_that_evicts_or_follows_is_not_believed() {
    let servers = Servers::start();
    let at = shared_at(&servers, "evicts", &servers.folder().join("data"));
    servers.redis_cli(&["config", "set", "maxmemory-policy", "allkeys-lru"]);
    let refused = enter(&gateway(&at), &claim(1, 1, whole_now())).await.unwrap_err();
    assert!(refused.contains("noeviction"), "{refused}");
    servers.redis_cli(&["config", "set", "maxmemory-policy", "noeviction"]);
    assert_eq!(enter(&gateway(&at), &claim(1, 1, whole_now())).await, Ok(Claim::New));
    servers.redis_cli(&["replicaof", "127.0.0.1", "1"]);
    let refused = enter(&gateway(&at), &claim(1, 2, whole_now())).await.unwrap_err();
    assert!(refused.contains("replica"), "{refused}");
}

/// Scripts live as long as Redis's memory of them: one that was forgotten is sent again.
#[tokio::test]
async fn a_script_that_redis_forgot_is_sent_again() {
    let servers = Servers::start();
    let at = shared_at(&servers, "scripts", &servers.folder().join("data"));
    let (redis, now) = (gateway(&at), whole_now());
    for nonce in 1..=3 {
        assert_eq!(enter(&redis, &claim(1, nonce, now)).await, Ok(Claim::New));
        assert_eq!(servers.redis_cli(&["script", "flush"]), "OK");
    }
    assert_eq!(enter(&redis, &claim(1, 1, now)).await, Ok(Claim::Seen));
}

#[tokio::test]
async fn a_clock_that_is_far_from_redis_claims_nothing() {
    let servers = Servers::start();
    let at = shared_at(&servers, "skew", &servers.folder().join("data"));
    let redis = gateway(&at);
    let (now, late) = (whole_now(), clock::wall().plus(-31_000));
    let refused = redis.enter(&claim(1, 1, now), &[], late).await.err().unwrap();
    assert!(refused.cause.contains("clock"), "{}", refused.cause);
    // What expired by such a clock before its time may be forgotten: it is fenced when the clocks agree again.
    assert_eq!(enter(&redis, &claim(1, 1, now)).await, Ok(Claim::BeforeFence));
}

/// A minute with many claims makes the next one have more buckets; nothing is forgotten over it, the keys are few, and
/// none lives for ever.
#[tokio::test]
async fn buckets_follow_the_rate_and_end_with_their_claims() {
    let servers = Servers::start();
    let at = shared_at(&servers, "buckets", &servers.folder().join("data"));
    let redis = gateway(&at);
    let minute = Millis::new(clock::wall().as_ms().div_euclid(60_000) * 60_000);
    for (stamp, nonces) in [(minute.plus(-60_000), 0..600), (minute, 0..600_u64)] {
        for nonce in nonces {
            assert_eq!(enter(&redis, &claim(1, nonce, stamp)).await, Ok(Claim::New));
        }
        assert_eq!(enter(&redis, &claim(1, 3, stamp)).await, Ok(Claim::Seen));
    }
    let keys = servers.redis_cli(&["keys", "fg{1}:*"]);
    let of = |minute: Millis| {
        let name = format!("fg{{1}}:{}:", minute.as_ms() / 60_000);
        keys.lines().filter(|key| key.starts_with(&name)).count()
    };
    let (first, second) = (of(minute.plus(-60_000)), of(minute));
    assert!((5..=7).contains(&first), "one, two more, and four when those were full: {first}");
    assert!((4..=20).contains(&second), "by a sample of the minute before: {second}");
    for key in keys.lines() {
        let n: u64 = servers.redis_cli(&["hlen", key]).parse().unwrap();
        assert!(n <= 128, "{key} is a large hash: {n}");
        assert_eq!(servers.redis_cli(&["object", "encoding", key]), "listpack");
    }
    for key in servers.redis_cli(&["keys", "fg{*"]).lines() {
        let ttl: i64 = servers.redis_cli(&["ttl", key]).parse().unwrap();
        // The last Nonce's four hours, and ten minutes that spare the next calls saying so again.
        assert!((1..=15_000).contains(&ttl), "{key}: {ttl}");
    }
}
