//! Users and groups: who signs for an account, and is limited by policies.

use faregate_stores::User;
use serde::{Deserialize, Serialize};

use super::{Act, Desk, Done, For, Refused};

/// A user of an account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct View {
    user_name: String,
    account_id: String,
    enabled: bool,
    /// The groups that it is in.
    groups: Vec<String>,
    /// Accounts, and users as `account/user`, that may act as it.
    trusted: Vec<String>,
    /// In seconds since 1970.
    created_at: i64,
}

impl From<User> for View {
    fn from(user: User) -> Self {
        Self {
            user_name: user.name,
            account_id: user.account,
            enabled: user.enabled,
            groups: user.groups,
            trusted: user.trusted,
            created_at: user.created_at.as_secs(),
        }
    }
}

/// One user.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct One {
    user: View,
}

/// Makes a user: without keys, in no group, and with nothing allowed until a policy does.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CreateUser {
    /// Of this account; without it, the caller's own.
    account_id: Option<String>,
    /// Letters, digits, `-`, `_` and `.`.
    user_name: String,
}

impl Act for CreateUser {
    type Answer = One;
    const ACTION: &'static str = "CreateUser";
    const FOR: For = For::Everyone;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        let account = desk.lasting(self.account_id)?;
        let user = desk.admin.create_user(&account, &self.user_name)?;
        Ok(One { user: user.into() })
    }
}

/// Lists the users of an account, by name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeUsers {
    /// Of this account; without it, the caller's own.
    account_id: Option<String>,
}

/// Users.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Users {
    users: Vec<View>,
}

impl Act for DescribeUsers {
    type Answer = Users;
    const ACTION: &'static str = "DescribeUsers";
    const FOR: For = For::Everyone;
    const WRITES: bool = false;

    fn act(self, desk: &mut Desk<'_>) -> Result<Users, Refused> {
        let account = desk.account(self.account_id)?;
        let users = desk.admin.list_users(&account)?;
        Ok(Users { users: users.into_iter().map(View::from).collect() })
    }
}

/// Enables or disables a user, and says who may act as it. What is not named stays as it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct UpdateUser {
    /// Of this account; without it, the caller's own.
    account_id: Option<String>,
    user_name: String,
    /// The keys and sessions of a disabled user are refused.
    enabled: Option<bool>,
    /// Accounts, and users as `account/user`, that may act as it by AssumeRole; `nobody` is none.
    trusted: Option<Vec<String>>,
}

impl Act for UpdateUser {
    type Answer = One;
    const ACTION: &'static str = "UpdateUser";
    const FOR: For = For::Everyone;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        let account = desk.lasting(self.account_id)?;
        let trusted = self.trusted.map(|mut trusted| {
            trusted.retain(|name| name != "nobody");
            trusted
        });
        let user = desk.admin.update_user(&account, &self.user_name, (self.enabled, trusted))?;
        Ok(One { user: user.into() })
    }
}

/// Takes a user away that has no keys.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DeleteUser {
    /// Of this account; without it, the caller's own.
    account_id: Option<String>,
    user_name: String,
}

impl Act for DeleteUser {
    type Answer = Done;
    const ACTION: &'static str = "DeleteUser";
    const FOR: For = For::Everyone;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Done, Refused> {
        let account = desk.lasting(self.account_id)?;
        desk.admin.delete_user(&account, &self.user_name)?;
        Ok(Done {})
    }
}

/// A group of users.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct GroupView {
    group_name: String,
    account_id: String,
    users: Vec<String>,
}

/// One group.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct OneGroup {
    group: GroupView,
}

/// Makes a group of users, for policies to be attached to.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CreateGroup {
    /// Of this account; without it, the caller's own.
    account_id: Option<String>,
    /// Letters, digits, `-`, `_` and `.`.
    group_name: String,
}

impl Act for CreateGroup {
    type Answer = OneGroup;
    const ACTION: &'static str = "CreateGroup";
    const FOR: For = For::Everyone;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<OneGroup, Refused> {
        let account_id = desk.lasting(self.account_id)?;
        desk.admin.create_group(&account_id, &self.group_name)?;
        let (group_name, users) = (self.group_name, Vec::new());
        Ok(OneGroup { group: GroupView { group_name, account_id, users } })
    }
}

/// Lists the groups of an account with their users, by name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeGroups {
    /// Of this account; without it, the caller's own.
    account_id: Option<String>,
}

/// Groups.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Groups {
    groups: Vec<GroupView>,
}

impl Act for DescribeGroups {
    type Answer = Groups;
    const ACTION: &'static str = "DescribeGroups";
    const FOR: For = For::Everyone;
    const WRITES: bool = false;

    fn act(self, desk: &mut Desk<'_>) -> Result<Groups, Refused> {
        let account = desk.account(self.account_id)?;
        let view = |(group_name, users)| {
            let account_id = account.clone();
            GroupView { group_name, account_id, users }
        };
        Ok(Groups { groups: desk.admin.list_groups(&account)?.into_iter().map(view).collect() })
    }
}

/// Says who is in a group; nobody else is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct UpdateGroup {
    /// Of this account; without it, the caller's own.
    account_id: Option<String>,
    group_name: String,
    /// Names of users; without them, nobody is in it any more.
    users: Option<Vec<String>>,
}

impl Act for UpdateGroup {
    type Answer = OneGroup;
    const ACTION: &'static str = "UpdateGroup";
    const FOR: For = For::Everyone;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<OneGroup, Refused> {
        let account_id = desk.lasting(self.account_id)?;
        let users = self.users.unwrap_or_default();
        desk.admin.set_group(&account_id, &self.group_name, &users)?;
        Ok(OneGroup { group: GroupView { group_name: self.group_name, account_id, users } })
    }
}

/// Takes a group away; its users stay.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DeleteGroup {
    /// Of this account; without it, the caller's own.
    account_id: Option<String>,
    group_name: String,
}

impl Act for DeleteGroup {
    type Answer = Done;
    const ACTION: &'static str = "DeleteGroup";
    const FOR: For = For::Everyone;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Done, Refused> {
        let account = desk.lasting(self.account_id)?;
        desk.admin.delete_group(&account, &self.group_name)?;
        Ok(Done {})
    }
}
