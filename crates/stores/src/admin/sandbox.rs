//! The sandbox beside a running gateway: faults on purpose, and the test clock.

use std::time::Duration;

use faregate_pipeline::time::Millis;

use serde_json::json;

use super::{Admin, Side};
use crate::clock;
use crate::error::AdminError;
use crate::sql::Connection;
use crate::sqlite::sandbox::{self, NewFault, Sandbox, StoredFault};
use crate::sqlite::{accounts, changed};

/// The test clock goes at most ten years ahead: every sum of times stays far from its bounds.
const AHEAD_MS_MAX: i64 = 3_650 * 86_400_000;

impl Admin {
    /// What the sandbox is told to do wrong.
    ///
    /// # Errors
    /// This is no sandbox's data folder.
    pub fn sandbox(&self) -> Result<Sandbox, AdminError> {
        required(self.connection()?)
    }

    /// The time as the gateway on this folder reads it: the machine's, or the sandbox's own.
    ///
    /// # Errors
    /// The store failed.
    pub fn now(&self) -> Result<Millis, AdminError> {
        // The shared home has no test clock.
        if matches!(self.side, Side::Shared(_)) {
            return Ok(clock::wall());
        }
        let ahead_ms = sandbox::read(self.connection()?)?.map_or(0, |sandbox| sandbox.ahead_ms);
        Ok(clock::wall().plus(ahead_ms))
    }

    /// Adds a fault on purpose.
    ///
    /// # Errors
    /// This is no sandbox's data folder, the account does not exist, or the module is empty.
    pub fn add_fault(&mut self, fault: NewFault) -> Result<StoredFault, AdminError> {
        if fault.module.is_empty() || fault.action.as_deref().is_some_and(str::is_empty) {
            return Err(AdminError::Invalid("a module or action cannot be empty".to_owned()));
        }
        self.change(|c, _, noted| {
            required(c)?;
            if let Some(account) = &fault.account
                && accounts::account(c, account)?.is_none()
            {
                return Err(super::no_account(account));
            }
            let id = sandbox::add(c, &fault)?;
            let after = Some(json!({ "module": fault.module, "action": fault.action }));
            noted.changed("AddFault", format!("fault/{id}"), (None, after));
            changed(c, "sandbox", &fault.module, clock::wall())?;
            Ok(StoredFault { id, what: fault, fired: 0 })
        })
    }

    /// Takes a fault away.
    ///
    /// # Errors
    /// This is no sandbox's data folder, or there is no such fault.
    pub fn remove_fault(&mut self, id: i64) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            required(c)?;
            if !sandbox::remove(c, id)? {
                return Err(AdminError::NotFound { what: "fault", name: id.to_string() });
            }
            noted.changed("RemoveFault", format!("fault/{id}"), (None, None));
            Ok(changed(c, "sandbox", "", clock::wall())?)
        })
    }

    /// Takes all faults away; how many there were. Works on every folder: it only mends.
    ///
    /// # Errors
    /// The store failed.
    pub fn clear_faults(&mut self) -> Result<usize, AdminError> {
        self.change(|c, _, noted| {
            let n = sandbox::clear(c)?;
            noted.changed("ClearFaults", "fault".to_owned(), (Some(json!({ "faults": n })), None));
            changed(c, "sandbox", "", clock::wall())?;
            Ok(n)
        })
    }

    /// Sets the sandbox's clock ahead by so much more; how far ahead it is now. It never goes back
    /// but by [`Self::reset_clock`].
    ///
    /// # Errors
    /// This is no sandbox's data folder, or the step is not forward, or too far.
    pub fn advance_clock(&mut self, by_ms: i64) -> Result<i64, AdminError> {
        self.change(|c, _, noted| {
            let ahead_ms = required(c)?.ahead_ms.saturating_add(by_ms);
            if by_ms <= 0 {
                return Err(AdminError::Invalid("the test clock only goes forward".to_owned()));
            }
            if ahead_ms > AHEAD_MS_MAX {
                return Err(AdminError::Invalid(
                    "the test clock goes ten years ahead at most".to_owned(),
                ));
            }
            sandbox::set_ahead(c, ahead_ms)?;
            let values = (json!({ "aheadMs": ahead_ms - by_ms }), json!({ "aheadMs": ahead_ms }));
            noted.changed("AdvanceClock", "clock".to_owned(), (Some(values.0), Some(values.1)));
            changed(c, "sandbox", "clock", clock::wall())?;
            Ok(ahead_ms)
        })
    }

    /// Sets the sandbox's clock to the machine's again. Works on every folder: it only mends.
    ///
    /// # Errors
    /// The store failed.
    pub fn reset_clock(&mut self) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            sandbox::set_ahead(c, 0)?;
            noted.changed("ResetClock", "clock".to_owned(), (None, Some(json!({ "aheadMs": 0 }))));
            Ok(changed(c, "sandbox", "clock", clock::wall())?)
        })
    }

    /// Waits until the gateway that runs on this folder follows everything that was written. False
    /// if it does not within that time; most often, none runs.
    ///
    /// # Errors
    /// The store failed.
    pub fn followed_within(&self, most: Duration) -> Result<bool, AdminError> {
        let began = clock::monotonic();
        loop {
            if sandbox::all_seen(self.connection()?)? {
                return Ok(true);
            }
            if began.elapsed() >= most {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn required(c: &Connection) -> Result<Sandbox, AdminError> {
    sandbox::read(c)?.ok_or_else(|| {
        AdminError::Invalid(
            "this data folder is no sandbox's: faults and the test clock exist only where a gateway \
             runs with `sandbox = true`, like `faregate demo`"
                .to_owned(),
        )
    })
}
