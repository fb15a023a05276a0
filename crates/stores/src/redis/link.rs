//! The connection to Redis, one a worker; and whether behind it is still the Redis that it was.
//!
//! Each new connection asks who answers: the process (`run_id`), its history (`master_replid`), and the mark that was
//! left there. A mark that is gone, or another process or history, means that claims may be forgotten: a restart, a
//! failover, an emptied database. Then a new epoch begins, with a fence, before the first claim is taken. A database
//! that is emptied under a connection has no books: the first claim of each account asks again.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use faregate_pipeline::facts::StoreDown;
use faregate_pipeline::time::Millis;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, ConnectionAddr, FromRedisValue, IntoConnectionInfo, RedisResult,
    ScriptInvocation,
};
use tokio::net::TcpStream;

use super::{AHEAD_MS, DEADLINE, Redis, Setting, down};
use crate::clock;
use crate::postgres::books::{self, Epoch};

/// After a connection that failed the next ones are not tried for so long.
const PAUSE: Duration = Duration::from_millis(150);
/// Looking who answers may take longer than a call waits: the next call finds it done.
const HELLO: Duration = Duration::from_secs(3);
const LOOKS: usize = 6;
/// So far apart the clocks of a gateway and of Redis may be: claims are kept for longer than that.
const SKEW_MS: i64 = 30_000;

thread_local! {
    static LINKS: RefCell<HashMap<u64, Arc<Link>>> = RefCell::new(HashMap::new());
}

static NEXT: AtomicU64 = AtomicU64::new(1);

pub(crate) fn next_id() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Reads the address; a password from elsewhere stands over the one in it.
pub(crate) fn client(setting: &Setting) -> RedisResult<redis::Client> {
    let mut info = setting.url.as_str().into_connection_info()?;
    if let Some(password) = &setting.password {
        let settings = info.redis_settings().clone().set_password(password);
        info = info.set_redis_settings(settings);
    }
    redis::Client::open(info)
}

/// A connection of its own, under TLS where the address says so.
pub(crate) async fn connect(
    setting: &Setting,
    client: &redis::Client,
    config: &AsyncConnectionConfig,
) -> RedisResult<MultiplexedConnection> {
    let info = client.get_connection_info();
    let (Some(tls), ConnectionAddr::Tcp(host, port)) = (&setting.tls, info.addr()) else {
        return client.get_multiplexed_async_connection_with_config(config).await;
    };
    let under_tls = async {
        let stream = TcpStream::connect((host.as_str(), *port)).await?;
        stream.set_nodelay(true)?;
        tls.begin(host, stream).await
    };
    let late = || std::io::Error::from(std::io::ErrorKind::TimedOut);
    let stream = tokio::time::timeout(HELLO, under_tls).await.map_err(|_| late())??;
    let settings = info.redis_settings();
    let (connection, driver) =
        MultiplexedConnection::new_with_config(settings, stream, config.clone()).await?;
    tokio::spawn(driver);
    Ok(connection)
}

#[derive(Default)]
struct Link {
    slot: tokio::sync::Mutex<Option<(u64, MultiplexedConnection)>>,
    failed: std::sync::Mutex<Option<Instant>>,
}

/// Who answers.
struct Hello {
    /// `run_id` and `master_replid`.
    identity: String,
    mark: String,
    now_ms: i64,
}

/// The mark: an epoch, its fence, and who answered then.
struct Mark<'a> {
    epoch: Epoch,
    identity: &'a str,
}

impl<'a> Mark<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (number, rest) = text.split_once(' ')?;
        let (fence_ms, identity) = rest.split_once(' ')?;
        let epoch = Epoch { number: number.parse().ok()?, fence_ms: fence_ms.parse().ok()? };
        Some(Self { epoch, identity })
    }

    fn text(&self) -> String {
        format!("{} {} {}", self.epoch.number, self.epoch.fence_ms, self.identity)
    }
}

impl Redis {
    /// One trip, within the deadline of a call.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        call: &ScriptInvocation<'_>,
    ) -> Result<T, StoreDown> {
        let link = self.link();
        let work = async {
            let (generation, mut connection) = self.connection(&link).await?;
            match call.invoke_async::<T>(&mut connection).await {
                Ok(said) => Ok(said),
                Err(cause) => {
                    link.drop_generation(generation).await;
                    Err(down(cause))
                }
            }
        };
        match tokio::time::timeout(DEADLINE, work).await {
            Ok(Ok(said)) => {
                self.alone.back();
                Ok(said)
            }
            Ok(Err(cause)) => {
                self.alone.away();
                Err(cause)
            }
            Err(_) => {
                self.alone.away();
                link.fail();
                if let Ok(mut slot) = link.slot.try_lock() {
                    *slot = None;
                }
                Err(down("Redis did not answer in time"))
            }
        }
    }

    /// Asks again who answers, and takes over what it finds.
    pub(crate) async fn look_again(&self) -> Result<(), StoreDown> {
        let link = self.link();
        let work = async {
            let (generation, mut connection) = self.connection(&link).await?;
            let looked = self.greet(&mut connection).await;
            if looked.is_err() {
                link.drop_generation(generation).await;
            }
            looked
        };
        let late = || down("Redis did not answer in time");
        tokio::time::timeout(HELLO, work).await.map_err(|_| late())?
    }

    fn link(&self) -> Arc<Link> {
        LINKS.with(|links| Arc::clone(links.borrow_mut().entry(self.id).or_default()))
    }

    async fn connection(&self, link: &Link) -> Result<(u64, MultiplexedConnection), StoreDown> {
        let mut slot = link.slot.lock().await;
        if let Some((generation, connection)) = &*slot {
            return Ok((*generation, connection.clone()));
        }
        if link.has_just_failed() {
            return Err(down("Redis is away"));
        }
        match self.connect().await {
            Ok(connection) => {
                let generation = next_id();
                *slot = Some((generation, connection.clone()));
                Ok((generation, connection))
            }
            Err(cause) => {
                link.fail();
                Err(cause)
            }
        }
    }

    async fn connect(&self) -> Result<MultiplexedConnection, StoreDown> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(DEADLINE))
            .set_response_timeout(Some(HELLO));
        let connected = connect(&self.setting, &self.client, &config).await;
        let mut connection = connected.map_err(down)?;
        self.greet(&mut connection).await?;
        Ok(connection)
    }

    /// Takes over the epoch that stands there, or begins one.
    async fn greet(&self, connection: &mut MultiplexedConnection) -> Result<(), StoreDown> {
        for _ in 0..LOOKS {
            let hello = self.hello(connection).await?;
            let apart_ms = clock::wall().as_ms().saturating_sub(hello.now_ms).saturating_abs();
            if apart_ms > SKEW_MS {
                self.state.saw_skew();
                return Err(super::skewed(hello.now_ms, clock::wall()));
            }
            let alone = self.alone.furthest();
            let mark = Mark::read(&hello.mark);
            if let (Some(mark), None, false) = (&mark, alone, self.state.is_skewed())
                && mark.identity == hello.identity
            {
                if mark.epoch.number != self.state.epoch() {
                    self.adopt(mark.epoch).await?;
                }
                return Ok(());
            }
            let next = self.next(&hello, mark, alone).await?;
            let new = Mark { epoch: next, identity: &hello.identity }.text();
            let mut write = self.home.prepare_invoke();
            write.key(self.mark_key()).arg(&hello.mark).arg(&new);
            let stands: String = write.invoke_async(connection).await.map_err(down)?;
            if stands == new {
                self.adopt(next).await?;
                self.state.skew_is_fenced();
                if let Some(alone) = alone {
                    self.alone.is_fenced(alone);
                }
                return Ok(());
            }
            // Another gateway was quicker: what it wrote is looked at.
        }
        Err(down("Redis changes as often as it is looked at"))
    }

    /// The epoch after a loss. Where there never was any, nothing can be lost.
    async fn next(
        &self,
        hello: &Hello,
        mark: Option<Mark<'_>>,
        alone: Option<Millis>,
    ) -> Result<Epoch, StoreDown> {
        let newest = books::newest(&self.postgres).await?;
        let known = newest.into_iter().chain(mark.as_ref().map(|mark| mark.epoch));
        let Some(last) = known.max_by_key(|epoch| epoch.number) else {
            return books::begin(&self.postgres, Epoch { number: 1, fence_ms: 0 }).await;
        };
        // A clock that jumped ahead and back made keys expire before their time.
        let is_lost =
            self.state.is_skewed() || mark.is_none_or(|mark| mark.identity != hello.identity);
        let now_ms = hello.now_ms.max(clock::wall().as_ms());
        let fence_ms = match alone {
            // Nothing is lost: only what was let in without Redis is to be fenced.
            Some(alone) if !is_lost => alone.as_ms(),
            Some(_) | None => now_ms.saturating_add(AHEAD_MS),
        };
        let fence_ms = fence_ms.max(last.fence_ms);
        let wanted = Epoch { number: last.number.saturating_add(1), fence_ms };
        let begun = books::begin(&self.postgres, wanted).await?;
        // Begun by another gateway a moment ago, it may not cover what was let in here.
        Ok(Epoch { fence_ms: begun.fence_ms.max(fence_ms), ..begun })
    }

    async fn adopt(&self, epoch: Epoch) -> Result<(), StoreDown> {
        let key_fences = books::key_fences(&self.postgres, epoch).await?;
        self.state.adopt(epoch, key_fences);
        Ok(())
    }

    fn mark_key(&self) -> String {
        format!("{}home", self.setting.prefix)
    }

    async fn hello(&self, connection: &mut MultiplexedConnection) -> Result<Hello, StoreDown> {
        let (server, replication, memory, mark, (s, us)): (
            String,
            String,
            String,
            Option<String>,
            (i64, i64),
        ) = redis::pipe()
            .cmd("INFO")
            .arg("server")
            .cmd("INFO")
            .arg("replication")
            .cmd("INFO")
            .arg("memory")
            .get(self.mark_key())
            .cmd("TIME")
            .query_async(connection)
            .await
            .map_err(down)?;
        if field(&replication, "role") != Some("master") {
            return Err(down("this Redis is a replica: claims are only taken by a master"));
        }
        if let Some(policy) = field(&memory, "maxmemory_policy").filter(|it| *it != "noeviction") {
            return Err(down(format!(
                "this Redis evicts (maxmemory-policy {policy}): what it forgets could be replayed; set it to noeviction"
            )));
        }
        let run_id = field(&server, "run_id").unwrap_or("-");
        let replid = field(&replication, "master_replid").unwrap_or("-");
        let now_ms = s.saturating_mul(1000).saturating_add(us / 1000);
        Ok(Hello { identity: format!("{run_id} {replid}"), mark: mark.unwrap_or_default(), now_ms })
    }
}

impl Link {
    fn fail(&self) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(clock::monotonic());
    }

    fn has_just_failed(&self) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|at| at.elapsed() < PAUSE)
    }

    /// Lets go of a connection that failed, unless it was replaced meanwhile.
    async fn drop_generation(&self, generation: u64) {
        let mut slot = self.slot.lock().await;
        if slot.as_ref().is_some_and(|(of, _)| *of == generation) {
            *slot = None;
        }
    }
}

/// A field of what `INFO` says.
pub(crate) fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    let of = |line: &'a str| line.strip_prefix(name)?.strip_prefix(':');
    info.lines().find_map(of).map(str::trim)
}
