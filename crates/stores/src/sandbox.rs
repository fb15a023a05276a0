//! The sandbox as a running gateway sees it: a clock that may be ahead, and faults on purpose.
//!
//! Invariant: where there is no sandbox the clock is the machine's and there are no faults. A stamp that
//! was accepted by a clock set ahead is one from the future to the nonces, and covered like one.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use crate::error::OpenError;
use crate::sqlite::sandbox::{self, Sandbox};
use crate::sqlite::{Role, connect};
use crate::{Stores, changes};

impl Stores {
    /// Makes the data folder a sandbox's; its draws begin from this seed, or from the one they had.
    ///
    /// # Errors
    /// It could not be written.
    pub fn begin_sandbox(&self, seed: Option<i64>) -> Result<(), OpenError> {
        if self.inner.shared.is_some() {
            return Err(OpenError::NotCarried("sandbox = true"));
        }
        let connection = connect(&self.inner.database, Role::Writer)?;
        sandbox::begin(&connection, seed)?;
        let seq = changes::last_seq(&connection)?;
        self.inner.cache.set_sandbox(sandbox::read(&connection)?);
        Ok(sandbox::set_seen(&connection, seq)?)
    }

    /// Says that the data folder is no sandbox's.
    ///
    /// # Errors
    /// It has faults, or a clock that is ahead; or it could not be written.
    pub fn end_sandbox(&self) -> Result<(), OpenError> {
        if self.inner.shared.is_some() {
            return Ok(());
        }
        let connection = connect(&self.inner.database, Role::Writer)?;
        let ahead_ms = sandbox::read(&connection)?.map_or(0, |sandbox| sandbox.ahead_ms);
        let n_faults = sandbox::faults(&connection)?.len();
        if ahead_ms != 0 || n_faults != 0 {
            return Err(OpenError::SandboxLeft { ahead_ms, n_faults });
        }
        sandbox::end(&connection)?;
        self.inner.cache.set_sandbox(None);
        Ok(())
    }

    /// How far the sandbox's clock is ahead of the machine's, in milliseconds, as it changes.
    #[must_use]
    pub fn clock_ahead(&self) -> Arc<AtomicI64> {
        self.inner.cache.ahead_ms()
    }

    /// 0 while there are no faults, else another number after each change: one relaxed load.
    #[must_use]
    pub fn faults_version(&self) -> u64 {
        self.inner.cache.faults_version()
    }

    /// What the sandbox is told to do wrong, at most a second old.
    #[must_use]
    pub fn sandbox(&self) -> Arc<Sandbox> {
        self.inner.cache.sandbox()
    }

    /// Writes down how often a fault has struck, without waiting.
    pub fn fault_fired(&self, id: i64, fired: u32) {
        drop(self.write("faults", move |c| sandbox::fired(c, id, fired)));
    }
}
