//! Policies: put, attached, detached; and from where a key may be used.

use faregate_pipeline::authz::policy::{Bundle, TEXT_BYTES_MAX, read_kept};
use faregate_pipeline::facts::Network;

use serde_json::{Value, json};

use super::{Admin, check_id, no_account};
use crate::clock;
use crate::error::AdminError;
use crate::sqlite::policies::{self, PolicyEntry, Principal};
use crate::sqlite::{accounts, changed, users};

impl Admin {
    /// Keeps a policy of an account, in place of what it was. Whoever puts it has had its names checked by
    /// [`faregate_pipeline::authz::policy::read`]; what cannot be read at all is refused here too.
    ///
    /// # Errors
    /// There is no such account, the name cannot be one, or the text is no policy.
    pub fn put_policy(
        &mut self,
        account: &str,
        name: &str,
        document: &str,
    ) -> Result<(), AdminError> {
        check_id("a policy", name)?;
        readable(name, document)?;
        self.change(|c, _, noted| {
            if accounts::account(c, account)?.is_none() {
                return Err(no_account(account));
            }
            let now = clock::wall();
            let before = policies::all(c, Some(account), Some(name))?.into_iter().next();
            let before = before.map(|entry| Value::from(entry.document));
            noted.changed("PutPolicy", subject(account, name), (before, Some(document.into())));
            policies::put(c, account, (name, document), now)?;
            Ok(changed(c, "policy", account, now)?)
        })
    }

    /// The policies of an account, or of all, with whom they limit.
    ///
    /// # Errors
    /// The store failed.
    pub fn list_policies(&self, account: Option<&str>) -> Result<Vec<PolicyEntry>, AdminError> {
        Ok(policies::all(self.connection()?, account, None)?)
    }

    /// One policy.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn policy(&self, account: &str, name: &str) -> Result<PolicyEntry, AdminError> {
        let found = policies::all(self.connection()?, Some(account), Some(name))?;
        found.into_iter().next().ok_or_else(|| no_policy(name))
    }

    /// Forgets a policy that limits nobody.
    ///
    /// # Errors
    /// There is none, or it is attached.
    pub fn delete_policy(&mut self, account: &str, name: &str) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            let found = policies::all(c, Some(account), Some(name))?;
            let entry = found.into_iter().next().ok_or_else(|| no_policy(name))?;
            if let Some(first) = entry.attached.first() {
                return Err(AdminError::Invalid(format!(
                    "the policy `{name}` is attached to {first}{}: detach it first",
                    match entry.attached.len() {
                        1 => String::new(),
                        n => format!(" and {} more", n.saturating_sub(1)),
                    }
                )));
            }
            let before = Some(entry.document.into());
            noted.changed("DeletePolicy", subject(account, name), (before, None));
            policies::delete(c, account, name)?;
            Ok(changed(c, "policy", account, clock::wall())?)
        })
    }

    /// Puts a principal under a policy.
    ///
    /// # Errors
    /// There is no such policy, or the account has no such key, user or group: a policy that is said to limit somebody
    /// must limit him.
    pub fn attach_policy(
        &mut self,
        account: &str,
        name: &str,
        to: &Principal,
    ) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            if policies::all(c, Some(account), Some(name))?.is_empty() {
                return Err(no_policy(name));
            }
            let is_there = match to {
                Principal::Key(key) => {
                    policies::account_of_key(c, key)?.as_deref() == Some(account)
                }
                Principal::User(user) => users::user(c, account, user)?.is_some(),
                Principal::Group(group) => users::groups(c, account)?.contains(group),
            };
            if !is_there {
                let what = match to {
                    Principal::Key(_) => "key of this account",
                    Principal::User(_) => "user of this account",
                    Principal::Group(_) => "group of users of this account",
                };
                return Err(AdminError::NotFound { what, name: to.name().to_owned() });
            }
            let after = Some(json!({ "attached": to.to_string() }));
            noted.changed("AttachPolicy", subject(account, name), (None, after));
            policies::attach(c, account, name, to)?;
            Ok(changed(c, "policy", account, clock::wall())?)
        })
    }

    /// Lets a principal go of a policy. A key of the account's own without any may do all: to let go of its last
    /// one is a wish that has to be said, by `unlimited`.
    ///
    /// # Errors
    /// It is not attached, or it is the last one of a key and nobody said that this is meant.
    pub fn detach_policy(
        &mut self,
        account: &str,
        name: &str,
        from: &Principal,
        unlimited: bool,
    ) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            let before = Some(json!({ "attached": from.to_string() }));
            noted.changed("DetachPolicy", subject(account, name), (before, None));
            if !policies::detach(c, account, name, from)? {
                let name = format!("{name}` at `{from}");
                return Err(AdminError::NotFound { what: "policy", name });
            }
            let last = policies::count_of(c, account, from)? == 0;
            if last && !unlimited && matches!(from, Principal::Key(_)) {
                return Err(AdminError::Invalid(format!(
                    "`{name}` is the last policy of {from}, which may then do all that its account may: \
                     attach another first, disable the key, or say --unlimited"
                )));
            }
            Ok(changed(c, "policy", account, clock::wall())?)
        })
    }

    /// What a key is under; none: it may do all that its account may.
    ///
    /// # Errors
    /// There is no such key, or a policy cannot be read.
    pub fn policies_of_key(&self, key: &str) -> Result<Option<Bundle>, AdminError> {
        let found = accounts::key(self.connection()?, &self.vault, key)?;
        let no_key = || AdminError::NotFound { what: "key", name: key.to_owned() };
        Ok(found.ok_or_else(no_key)?.policies)
    }

    /// Narrows what a temporary key may to what this policy says.
    ///
    /// # Errors
    /// There is no such key, or the text is no policy.
    pub fn set_session_policy(&mut self, key: &str, document: &str) -> Result<(), AdminError> {
        readable("session", document)?;
        let after = json!({ "sessionPolicy": document });
        self.limit_key(key, after, |c| policies::set_session(c, key, document))
    }

    /// Says from where a key may be used, within what its account allows; from anywhere, if empty.
    ///
    /// # Errors
    /// There is no such key.
    pub fn set_key_sources(&mut self, key: &str, sources: &[Network]) -> Result<(), AdminError> {
        let names: Vec<String> = sources.iter().map(ToString::to_string).collect();
        self.limit_key(key, json!({ "sources": names }), |c| policies::set_sources(c, key, sources))
    }

    fn limit_key(
        &mut self,
        key: &str,
        after: Value,
        limit: impl FnOnce(&crate::sql::Connection) -> Result<(), crate::Fault>,
    ) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            if !accounts::key_exists(c, key)? {
                return Err(AdminError::NotFound { what: "key", name: key.to_owned() });
            }
            limit(c)?;
            noted.changed("LimitKey", format!("key/{key}"), (None, Some(after)));
            Ok(changed(c, "key", key, clock::wall())?)
        })
    }
}

fn no_policy(name: &str) -> AdminError {
    AdminError::NotFound { what: "policy", name: name.to_owned() }
}

pub(super) fn readable(name: &str, document: &str) -> Result<(), AdminError> {
    if document.len() > TEXT_BYTES_MAX {
        return Err(AdminError::Invalid(format!("a policy has at most {TEXT_BYTES_MAX} bytes")));
    }
    read_kept(name, document)
        .map(drop)
        .map_err(|why| AdminError::Invalid(format!("the policy `{name}`: {why}")))
}

fn subject(account: &str, name: &str) -> String {
    format!("policy/{account}/{name}")
}
