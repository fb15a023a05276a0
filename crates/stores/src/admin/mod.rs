//! What the command line writes, beside a running gateway.
//!
//! Each write is one transaction of its own and leaves a row in `changes`, by which the
//! gateway forgets what it remembered, within a second.

mod audit;
mod feedback;
mod keyring;
mod keys;
mod money;
mod objects;
mod policies;
mod quotas;
mod sandbox;
mod service;
mod sessions;
mod users;

use std::path::Path;

use faregate_ledger::Currency;
use faregate_pipeline::facts::{
    Account, AccountState, Identity, MinSignature, Network, Rate, ReplayIdentity,
};
use faregate_pipeline::time::Millis;
use rusqlite::TransactionBehavior;

pub use self::keyring::Rotated;
pub use self::keys::NewKey;
pub use self::objects::{Import, ImportRow, Imported};
pub use self::sessions::{NewSession, Session};
use crate::clock;
use crate::error::{AdminError, OpenError};
use crate::home::Home;
use crate::options::SharedAt;
use crate::postgres::operator;
use crate::sql::Connection;
use crate::sql::session;
use crate::sqlite::audits::Actor;
use crate::sqlite::{accounts, balances, changed};
use crate::vault::Vault;

/// The administrative side of a data folder.
#[derive(Debug)]
pub struct Admin {
    side: Side,
    vault: Vault,
    home: Home,
    actor: Actor,
}

/// The group of the accounts that may administer all others.
pub const OPERATORS: &str = "operators";

/// The account that `init` makes for the operator.
pub const OPERATOR: &str = "100000000";

/// Which home it writes into.
#[derive(Debug)]
enum Side {
    Embedded(rusqlite::Connection),
    Shared(Box<Shared>),
}

#[derive(Debug)]
struct Shared {
    session: session::Session,
    at: SharedAt,
}

/// What a new account begins with.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its id; none lets the store count on: `100000001`, `100000002`, …
    pub id: Option<String>,
    /// What people call it.
    pub name: String,
    /// Groups that an action's audience may name.
    pub groups: Vec<String>,
    /// Of its money, for ever.
    pub currency: Currency,
}

impl Admin {
    /// Opens a data folder, whether or not a gateway runs on it.
    ///
    /// # Errors
    /// There is none, or it cannot be believed: each says what to do.
    pub fn open(data: &Path) -> Result<Self, OpenError> {
        let home = Home::at(data);
        let (vault, connection) = home.open(clock::wall())?;
        Ok(Self { side: Side::Embedded(connection), vault, home, actor: Actor::local(None) })
    }

    /// Opens the home that a configuration names, whether or not gateways run on it.
    ///
    /// # Errors
    /// It cannot be reached, or cannot be believed: each says what to do.
    pub fn open_at(data: &Path, shared: Option<&SharedAt>) -> Result<Self, OpenError> {
        let Some(at) = shared else { return Self::open(data) };
        let home = Home::at(data);
        let vault = home.vault()?;
        let session = operator::session(at, &vault)?;
        let side = Side::Shared(Box::new(Shared { session, at: at.clone() }));
        Ok(Self { side, vault, home, actor: Actor::local(None) })
    }

    /// Makes an account: active, unverified, with nothing.
    ///
    /// # Errors
    /// The id is taken or cannot be one.
    pub fn create_account(&mut self, new: NewAccount) -> Result<Account, AdminError> {
        self.change(|c, _, noted| {
            let (slot, next_id) = accounts::next_account(c)?;
            let id = new.id.clone().unwrap_or(next_id);
            check_id("an account", &id)?;
            if accounts::account(c, &id)?.is_some() {
                return Err(AdminError::Exists { what: "an account", name: id });
            }
            let account = fresh_account(id, slot, &new);
            let now = clock::wall();
            accounts::insert_account(c, &account, new.currency, now)?;
            changed(c, "account", &account.id, now)?;
            let after = Some(audit::account(&account));
            noted.changed("CreateAccount", format!("account/{}", account.id), (None, after));
            Ok(account)
        })
    }

    /// All accounts, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub fn list_accounts(&self) -> Result<Vec<(Account, Currency)>, AdminError> {
        Ok(accounts::accounts(self.connection()?)?)
    }

    /// One account, and the currency of its money.
    ///
    /// # Errors
    /// There is no such account.
    pub fn account(&self, id: &str) -> Result<(Account, Currency), AdminError> {
        accounts::account(self.connection()?, id)?.ok_or_else(|| no_account(id))
    }

    /// Suspends an account, or resumes it.
    ///
    /// # Errors
    /// There is no such account.
    pub fn set_state(&mut self, id: &str, state: AccountState) -> Result<(), AdminError> {
        match state {
            AccountState::Closed => self.close_account(id),
            AccountState::Active | AccountState::Suspended => {
                self.change_account(id, |account| account.state = state)
            }
        }
    }

    /// Closes an account for good: its calls are refused, its books stay.
    ///
    /// # Errors
    /// There is no such account, it is closed already, or money of it is held.
    pub fn close_account(&mut self, id: &str) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            let (before, _) = accounts::account(c, id)?.ok_or_else(|| no_account(id))?;
            if before.state == AccountState::Closed {
                return Err(AdminError::Refused(format!("the account `{id}` is closed already")));
            }
            let held = balances::locked(c, id)?.map(|(balance, _)| balance.held());
            if let Some(held) = held.filter(|held| held.micros() != 0) {
                let say = format!("{held} of the account `{id}` are held for calls under way");
                return Err(AdminError::Refused(say));
            }
            let now = clock::wall();
            accounts::close_account(c, id, now)?;
            let after = Account { state: AccountState::Closed, ..before.clone() };
            let values = (Some(audit::account(&before)), Some(audit::account(&after)));
            noted.changed("CloseAccount", format!("account/{id}"), values);
            Ok(changed(c, "account", id, now)?)
        })
    }

    /// Makes the account of the operator, whose keys may administer all others; none if it was made before.
    ///
    /// # Errors
    /// The store failed.
    pub fn make_operator(&mut self) -> Result<Option<NewKey>, AdminError> {
        let made = self.change(|c, _, noted| {
            if accounts::account(c, OPERATOR)?.is_some() {
                return Ok(false);
            }
            let account = Account {
                identity: Identity::Verified,
                groups: vec![OPERATORS.to_owned()],
                // Below all others, which count from 1; 0 is nobody's, for calls that nobody signs.
                ..Account::new(OPERATOR, -1, "operator")
            };
            let now = clock::wall();
            accounts::insert_account(c, &account, Currency::CNY, now)?;
            changed(c, "account", &account.id, now)?;
            let after = Some(audit::account(&account));
            noted.changed("CreateAccount", format!("account/{OPERATOR}"), (None, after));
            Ok(true)
        })?;
        if made { self.create_key(OPERATOR).map(Some) } else { Ok(None) }
    }

    /// Says what is known of an account's identity.
    ///
    /// # Errors
    /// There is no such account.
    pub fn set_identity(&mut self, id: &str, identity: Identity) -> Result<(), AdminError> {
        self.set_identity_until(id, identity, None)
    }

    /// The same, and until when it is good: a verification that is over is refused as expired.
    ///
    /// # Errors
    /// There is no such account, or something else than a verification has an end.
    pub fn set_identity_until(
        &mut self,
        id: &str,
        identity: Identity,
        until: Option<Millis>,
    ) -> Result<(), AdminError> {
        if identity == Identity::Expired || (until.is_some() && identity != Identity::Verified) {
            let why = "only a verified identity has an end, and it expires by itself";
            return Err(AdminError::Invalid(why.to_owned()));
        }
        self.change_account(id, |account| {
            account.identity = identity;
            account.identity_until = until;
        })
    }

    /// Limits an account over all actions, or no longer.
    ///
    /// # Errors
    /// There is no such account.
    pub fn set_rate(&mut self, id: &str, rate: Option<Rate>) -> Result<(), AdminError> {
        self.change_account(id, |account| account.rate = rate)
    }

    /// Says from where an account may call; from anywhere, if empty.
    ///
    /// # Errors
    /// There is no such account.
    pub fn set_sources(&mut self, id: &str, sources: Vec<Network>) -> Result<(), AdminError> {
        self.change_account(id, |account| account.sources = sources)
    }

    /// Puts an account into groups, and out of all others.
    ///
    /// # Errors
    /// There is no such account.
    pub fn set_groups(&mut self, id: &str, groups: Vec<String>) -> Result<(), AdminError> {
        self.change_account(id, |account| account.groups = groups)
    }

    /// Says what makes two calls of an account the same one; none: as in the configuration.
    ///
    /// # Errors
    /// There is no such account.
    pub fn set_replay_identity(
        &mut self,
        id: &str,
        identity: Option<ReplayIdentity>,
    ) -> Result<(), AdminError> {
        self.change_account(id, |account| account.replay_identity = identity)
    }

    /// Says which signature an account takes at least; none: as everywhere.
    ///
    /// # Errors
    /// There is no such account.
    pub fn set_min_signature(
        &mut self,
        id: &str,
        least: Option<MinSignature>,
    ) -> Result<(), AdminError> {
        self.change_account(id, |account| account.min_signature = least)
    }

    /// Changes several things of an account at once; its id, its slot and its state stay.
    ///
    /// # Errors
    /// There is no such account, or it is closed.
    pub fn update_account(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Account) + Send,
    ) -> Result<(), AdminError> {
        self.change_account(id, |account| {
            let (id, slot, state) = (account.id.clone(), account.slot, account.state);
            change(account);
            *account = Account { id, slot, state, ..account.clone() };
        })
    }

    fn change_account(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Account) + Send,
    ) -> Result<(), AdminError> {
        self.change(|c, _, noted| {
            let (mut account, _) = accounts::account(c, id)?.ok_or_else(|| no_account(id))?;
            let before = account.clone();
            change(&mut account);
            if before.state == AccountState::Closed {
                return Err(AdminError::Refused(format!("the account `{id}` is closed, for good")));
            }
            accounts::update_account(c, &account)?;
            let action = audit::action_of(&before, &account);
            let values = (Some(audit::account(&before)), Some(audit::account(&account)));
            noted.changed(action, format!("account/{id}"), values);
            Ok(changed(c, "account", id, clock::wall())?)
        })
    }

    fn connection(&self) -> Result<&Connection, AdminError> {
        Ok(match &self.side {
            Side::Embedded(connection) => connection,
            Side::Shared(shared) => &shared.session,
        })
    }

    /// One immediate transaction: done as a whole, or not at all.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Connection, &Vault) -> Result<T, AdminError>,
    ) -> Result<T, AdminError> {
        match &mut self.side {
            Side::Embedded(connection) => {
                let immediate = TransactionBehavior::Immediate;
                let transaction = connection.transaction_with_behavior(immediate)?;
                let sqlite: &rusqlite::Connection = &transaction;
                let done = work(sqlite, &self.vault)?;
                transaction.commit()?;
                Ok(done)
            }
            Side::Shared(shared) => shared.session.transaction(|c| work(c, &self.vault)),
        }
    }
}

/// An account as it is asked for.
pub(crate) fn fresh_account(id: String, slot: i64, new: &NewAccount) -> Account {
    Account { groups: new.groups.clone(), ..Account::new(id, slot, new.name.clone()) }
}

pub(crate) fn no_account(id: &str) -> AdminError {
    AdminError::NotFound { what: "account", name: id.to_owned() }
}

/// Ids stand in headers, addresses, and between bars in what is sealed with a key.
pub(crate) fn check_id(what: &str, id: &str) -> Result<(), AdminError> {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if (1..=128).contains(&id.len()) && id.bytes().all(good) {
        return Ok(());
    }
    Err(AdminError::Invalid(format!(
        "`{id}` cannot be the id of {what}: 1 to 128 of letters, digits, `-`, `_` and `.`"
    )))
}
