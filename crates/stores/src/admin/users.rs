//! Users and groups of an account.

use serde_json::{Value, json};

use super::{Admin, check_id, no_account};
use crate::clock;
use crate::error::AdminError;
use crate::sqlite::users::{self, User};
use crate::sqlite::{accounts, changed};

impl Admin {
    /// Makes a user: enabled, without keys, in no group.
    ///
    /// # Errors
    /// There is no such account, or there is a user of that name.
    pub fn create_user(&mut self, account: &str, name: &str) -> Result<User, AdminError> {
        check_id("a user", name)?;
        self.change(|c, _, noted| {
            if accounts::account(c, account)?.is_none() {
                return Err(no_account(account));
            }
            if users::user(c, account, name)?.is_some() {
                return Err(AdminError::Exists { what: "a user", name: name.to_owned() });
            }
            let user = User {
                account: account.to_owned(),
                name: name.to_owned(),
                enabled: true,
                trusted: Vec::new(),
                groups: Vec::new(),
                created_at: clock::wall(),
            };
            users::put_user(c, &user)?;
            noted.changed("CreateUser", subject(&user), (None, Some(value(&user))));
            Ok(user)
        })
    }

    /// The users of an account, by name.
    ///
    /// # Errors
    /// The store failed.
    pub fn list_users(&self, account: &str) -> Result<Vec<User>, AdminError> {
        Ok(users::users(self.connection()?, account, None)?)
    }

    /// Enables or disables a user, and says who may act as it; what is none stays as it is.
    ///
    /// # Errors
    /// There is no such user.
    pub fn update_user(
        &mut self,
        account: &str,
        name: &str,
        (enabled, trusted): (Option<bool>, Option<Vec<String>>),
    ) -> Result<User, AdminError> {
        self.change(|c, _, noted| {
            let before = users::user(c, account, name)?.ok_or_else(|| no_user(name))?;
            let user = User {
                enabled: enabled.unwrap_or(before.enabled),
                trusted: trusted.unwrap_or_else(|| before.trusted.clone()),
                ..before.clone()
            };
            users::put_user(c, &user)?;
            let values = (Some(value(&before)), Some(value(&user)));
            noted.changed("UpdateUser", subject(&user), values);
            changed(c, "key", account, clock::wall())?;
            Ok(user)
        })
    }

    /// Takes a user away that has no keys.
    ///
    /// # Errors
    /// There is no such user, or it has keys.
    pub fn delete_user(&mut self, account: &str, name: &str) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            let before = users::user(c, account, name)?.ok_or_else(|| no_user(name))?;
            let n_keys = users::keys_of_user(c, account, name)?;
            if n_keys > 0 {
                let say = format!("the user `{name}` has {n_keys} keys: delete them first");
                return Err(AdminError::Refused(say));
            }
            users::delete_user(c, account, name)?;
            noted.changed("DeleteUser", subject(&before), (Some(value(&before)), None));
            Ok(())
        })
    }

    /// Makes a group of users.
    ///
    /// # Errors
    /// There is no such account, or there is a group of that name.
    pub fn create_group(&mut self, account: &str, name: &str) -> Result<(), AdminError> {
        check_id("a group", name)?;
        self.change(|c, _, noted| {
            if accounts::account(c, account)?.is_none() {
                return Err(no_account(account));
            }
            if users::groups(c, account)?.iter().any(|known| known == name) {
                return Err(AdminError::Exists { what: "a group", name: name.to_owned() });
            }
            users::insert_group(c, account, name, clock::wall())?;
            let after = Some(json!({ "users": [] }));
            noted.changed("CreateGroup", group_subject(account, name), (None, after));
            Ok(())
        })
    }

    /// The groups of an account with their members, by name.
    ///
    /// # Errors
    /// The store failed.
    pub fn list_groups(&self, account: &str) -> Result<Vec<(String, Vec<String>)>, AdminError> {
        let c = self.connection()?;
        let with_members = |name: String| {
            let members = users::members(c, account, &name)?;
            Ok((name, members))
        };
        users::groups(c, account)?.into_iter().map(with_members).collect()
    }

    /// Says who is in a group; nobody else is.
    ///
    /// # Errors
    /// There is no such group, or one of the users does not exist.
    pub fn set_group(
        &mut self,
        account: &str,
        name: &str,
        members: &[String],
    ) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            if !users::groups(c, account)?.iter().any(|known| known == name) {
                return Err(no_group(name));
            }
            for user in members {
                users::user(c, account, user)?.ok_or_else(|| no_user(user))?;
            }
            let before = users::members(c, account, name)?;
            users::set_members(c, account, name, members)?;
            let values = (Some(json!({ "users": before })), Some(json!({ "users": members })));
            noted.changed("UpdateGroup", group_subject(account, name), values);
            Ok(changed(c, "key", account, clock::wall())?)
        })
    }

    /// Takes a group away; its members stay users.
    ///
    /// # Errors
    /// There is no such group.
    pub fn delete_group(&mut self, account: &str, name: &str) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            if !users::groups(c, account)?.iter().any(|known| known == name) {
                return Err(no_group(name));
            }
            let before = Some(json!({ "users": users::members(c, account, name)? }));
            users::delete_group(c, account, name)?;
            noted.changed("DeleteGroup", group_subject(account, name), (before, None));
            Ok(changed(c, "key", account, clock::wall())?)
        })
    }
}

pub(super) fn no_user(name: &str) -> AdminError {
    AdminError::NotFound { what: "user", name: name.to_owned() }
}

fn no_group(name: &str) -> AdminError {
    AdminError::NotFound { what: "group", name: name.to_owned() }
}

fn subject(user: &User) -> String {
    format!("account/{}/user/{}", user.account, user.name)
}

fn group_subject(account: &str, name: &str) -> String {
    format!("account/{account}/group/{name}")
}

fn value(user: &User) -> Value {
    json!({ "enabled": user.enabled, "trusted": user.trusted, "groups": user.groups })
}
