//! `Client`: signs, sends, and tries again where the contract advises it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use faregate_contract::Response;
use faregate_signing::Method;
use rustls::ClientConfig;
use serde_json::Value;

use crate::advice::{Advice, advice};
use crate::transport::{self, Answered};
use crate::{CallError, Credentials, Endpoint, Prepared, clock, trust};

/// Waits after 4400 and 6200, unless [`Client::retries`] says otherwise.
const RETRIES: u32 = 2;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Calls an API. Made once, used by many tasks.
#[derive(Debug)]
pub struct Client {
    endpoint: Endpoint,
    credentials: Credentials,
    tls: Option<Arc<ClientConfig>>,
    n_retries: u32,
    timeout: Duration,
    /// The server's clock minus ours, in seconds, as a refusal told it.
    clock_offset_s: AtomicI64,
}

impl Client {
    /// A client of the API at an endpoint.
    ///
    /// # Errors
    /// The certificates to trust cannot be read.
    pub fn new(endpoint: Endpoint, credentials: Credentials) -> Result<Self, CallError> {
        let tls = endpoint.is_tls().then(|| trust::config(endpoint.ca())).transpose()?;
        Ok(Self {
            endpoint,
            credentials,
            tls,
            n_retries: RETRIES,
            timeout: TIMEOUT,
            clock_offset_s: AtomicI64::new(0),
        })
    }

    /// How often a call is tried again after a wait; with 0 the clock is not corrected either.
    #[must_use]
    pub fn retries(mut self, n: u32) -> Self {
        self.n_retries = n;
        self
    }

    /// How long one attempt may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Calls an action and gives its answer, `code` and `requestId` included.
    ///
    /// # Errors
    /// [`CallError::Api`] for every answer but code 0, the others when there is no answer.
    pub async fn call(
        &self,
        module: &str,
        action: &str,
        params: &[(String, String)],
    ) -> Result<Value, CallError> {
        match Response::parse(&self.ask(module, action, params).await?.body)? {
            Response::Success(answer) => Ok(answer),
            Response::Failure(error) => Err(error.into()),
        }
    }

    /// As [`Client::call`], with the last answer as it came: its bytes, headers and status.
    ///
    /// # Errors
    /// There is no answer of this API; a refusal is one.
    pub async fn ask(
        &self,
        module: &str,
        action: &str,
        params: &[(String, String)],
    ) -> Result<Answered, CallError> {
        let mut n_waits = 0;
        let mut clock_set = false;
        loop {
            let answered = self.send(&self.prepare(Method::Post, module, action, params)?).await?;
            let Response::Failure(error) = Response::parse(&answered.body)? else {
                return Ok(answered);
            };
            match advice(&error, answered.retry_after_s()) {
                Advice::Wait(wait) if n_waits < self.n_retries => {
                    n_waits += 1;
                    tokio::time::sleep(wait).await;
                }
                Advice::SetClock(server_s) if !clock_set && self.n_retries > 0 => {
                    clock_set = true;
                    self.clock_offset_s
                        .store(server_s.saturating_sub(clock::wall_s()), Ordering::Relaxed);
                }
                Advice::GiveUp | Advice::Wait(_) | Advice::SetClock(_) => return Ok(answered),
            }
        }
    }

    /// Signs a call with a fresh Nonce and the present Timestamp, and sends nothing.
    ///
    /// # Errors
    /// The module cannot be part of a domain, a parameter stands twice, or there is no randomness.
    pub fn prepare(
        &self,
        method: Method,
        module: &str,
        action: &str,
        params: &[(String, String)],
    ) -> Result<Prepared, CallError> {
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if module.is_empty() || !module.bytes().all(word) {
            let fault = format!("`{module}` is no module: a module is a word like `cvm`");
            return Err(CallError::Request(fault));
        }
        let timestamp = clock::wall_s().saturating_add(self.clock_offset_s.load(Ordering::Relaxed));
        // 63 bits: some servers read a Nonce as a signed number.
        let nonce = getrandom::u64()? >> 1;
        let host = self.endpoint.domain(module);
        Prepared::sign(method, host, action, params, &self.credentials, (timestamp, nonce))
    }

    /// Sends a signed call once, exactly as it is: sent twice, it is a replay.
    ///
    /// # Errors
    /// There is no answer; a refusal is one.
    pub async fn send(&self, prepared: &Prepared) -> Result<Answered, CallError> {
        let address = self.endpoint.address(&prepared.host);
        let sending = transport::send(address, self.tls.clone(), prepared);
        match tokio::time::timeout(self.timeout, sending).await {
            Ok(answered) => answered,
            Err(_) => Err(CallError::Timeout(self.timeout)),
        }
    }
}
