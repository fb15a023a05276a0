//! Quotas of accounts: set, shown, and made new.

use faregate_pipeline::facts::{CellKey, OwnQuota, Scope};
use faregate_pipeline::quota::cells::Kept;

use serde_json::json;

use super::{Admin, Shared, Side, no_account};
use crate::clock;
use crate::error::{AdminError, broken};
use crate::redis::{Setting, desk};
use crate::shared::prefix;
use crate::sqlite::{accounts, changed, quotas};

impl Admin {
    /// Sets what an account has of its own at a scope, or at one action; nothing at all forgets it. An account's rate
    /// over all actions is [`Self::set_rate`]'s.
    ///
    /// # Errors
    /// There is no such account, or the quota cannot be.
    pub fn set_quota(&mut self, account: &str, own: &OwnQuota) -> Result<(), AdminError> {
        if own.action.is_some() && own.scope != Scope::Action {
            return Err(AdminError::Invalid("only a quota of an action names one".to_owned()));
        }
        self.change(|c, _, noted| {
            if accounts::account(c, account)?.is_none() {
                return Err(no_account(account));
            }
            let all = |found: &[OwnQuota]| Some(json!(format!("{found:?}")));
            let before = quotas::own(c, account)?;
            quotas::set(c, account, own)?;
            let values = (all(&before), all(&quotas::own(c, account)?));
            noted.changed("PutQuota", format!("account/{account}"), values);
            Ok(changed(c, "account", account, clock::wall())?)
        })
    }

    /// What the cells of an account were when they were last written: a fifth of a second ago, at most.
    ///
    /// # Errors
    /// There is no such account.
    pub fn quota_cells(&self, account: &str) -> Result<Vec<(CellKey, Kept)>, AdminError> {
        let (account, _) = self.account(account)?;
        if let Side::Shared(shared) = &self.side {
            let (setting, slot) = (self.redis(shared)?, account.slot);
            return Ok(shared.session.wait(async move { desk::cells(&setting, slot).await })?);
        }
        Ok(quotas::all(self.connection()?, Some(account.slot))?)
    }

    /// Makes the cells of an account new.
    ///
    /// # Errors
    /// There is no such account.
    pub fn reset_quotas(&mut self, account: &str) -> Result<(), AdminError> {
        let slot = self.change(|c, _, noted| {
            let (account, _) = accounts::account(c, account)?.ok_or_else(|| no_account(account))?;
            quotas::forget(c, account.slot)?;
            noted.changed("ResetQuota", format!("account/{}", account.id), (None, None));
            changed(c, "quota", &account.slot.to_string(), clock::wall())?;
            Ok(account.slot)
        })?;
        if let Side::Shared(shared) = &self.side {
            let setting = self.redis(shared)?;
            shared.session.wait(async move { desk::forget(&setting, slot).await })?;
        }
        Ok(())
    }

    fn redis(&self, shared: &Shared) -> Result<Setting, AdminError> {
        Ok(Setting::new(&shared.at, prefix(&self.vault)).map_err(broken)?)
    }
}
