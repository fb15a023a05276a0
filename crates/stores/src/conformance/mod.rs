//! One test set for every home: what a store must do, whatever keeps it.

mod accounts;
mod admin;
mod chain;
mod figures;
mod ledger;
pub(crate) mod nonces;
mod orders;
mod policies;
mod quota_model;
mod quotas;
mod refunds;
mod resources;
mod sandbox;
pub(crate) mod servers;
mod shared;
mod tls;
mod users;

use std::num::NonZeroU32;

use faregate_contract::RequestId;
use faregate_ledger::{Currency, Money};
use faregate_pipeline::facts::{Account, Identity, Intent, Rate};
use faregate_pipeline::time::Millis;

use crate::{Admin, NewAccount, Options, SharedAt, Stores};
use servers::Servers;

/// Ten o'clock on a day.
pub(crate) const TEN: Millis = Millis::new(1_526_896_800_000);

/// A home with an operator beside it.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) stores: Stores,
    pub(crate) admin: Admin,
    /// None is the embedded home.
    pub(crate) at: Option<SharedAt>,
}

std::thread_local! {
    /// While it is set, worlds are made on these servers, each in a database of its own.
    pub(crate) static ON_SHARED: std::cell::RefCell<Option<(std::rc::Rc<Servers>, u32)>> =
        const { std::cell::RefCell::new(None) };
}

/// A database of its own on those servers, ready to be used with a data folder.
pub(crate) fn shared_at(servers: &Servers, database: &str, data: &std::path::Path) -> SharedAt {
    servers.create_database(database);
    let at = SharedAt {
        postgres: servers.postgres_url(database),
        postgres_password: None,
        redis: servers.redis_url(),
        redis_password: None,
        ca_file: None,
    };
    crate::migrate_shared(data, &at).unwrap();
    at
}

pub(crate) fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let on = ON_SHARED.with_borrow_mut(|on| {
        let (servers, n) = on.as_mut()?;
        *n += 1;
        Some((std::rc::Rc::clone(servers), *n))
    });
    let at = match on {
        Some((servers, n)) => Some(shared_at(&servers, &format!("world{n}"), &data)),
        None => {
            Stores::create(&data).unwrap();
            None
        }
    };
    let options = Options { shared: at.clone(), ..Options::new(&data) };
    let stores = Stores::open(options, TEN).unwrap();
    World { admin: Admin::open_at(&data, at.as_ref()).unwrap(), stores, folder, at }
}

impl World {
    /// The same home after its gateway ended and began again.
    pub(crate) fn reopened(self) -> Self {
        let Self { folder, stores, admin, at } = self;
        drop((stores, admin));
        let data = folder.path().join("data");
        let options = Options { shared: at.clone(), ..Options::new(&data) };
        let stores = Stores::open(options, TEN).unwrap();
        Self { admin: Admin::open_at(&data, at.as_ref()).unwrap(), stores, folder, at }
    }

    /// A verified account with so much money.
    pub(crate) fn account(&mut self, balance: &str) -> Account {
        let new = NewAccount {
            id: None,
            name: "Ann".into(),
            groups: Vec::new(),
            currency: Currency::CNY,
        };
        let account = self.admin.create_account(new).unwrap();
        self.admin.set_identity(&account.id, Identity::Verified).unwrap();
        if money(balance).is_positive() {
            self.admin.topup(&account.id, money(balance), "a gift").unwrap();
        }
        account
    }

    /// Available and held.
    pub(crate) fn balance(&self, account: &Account) -> (String, String) {
        let balance = self.admin.balance(&account.id).unwrap();
        (balance.available().to_string(), balance.held().to_string())
    }
}

pub(crate) fn money(text: &str) -> Money {
    Money::parse(text, Currency::CNY).unwrap()
}

pub(crate) fn id(n: u8) -> RequestId {
    RequestId::new(1_526_896_800_000, [n; 10])
}

pub(crate) fn intent(n: u8, account: &Account, amount: &str) -> Intent {
    Intent {
        request_id: id(n),
        account: account.id.clone(),
        amount: money(amount),
        module: "cvm".into(),
        action: "RunInstances".into(),
        print: u128::from(n),
    }
}

pub(crate) fn rate(per_second: u32, burst: u32) -> Rate {
    Rate {
        per_second: NonZeroU32::new(per_second).unwrap(),
        burst: NonZeroU32::new(burst).unwrap(),
    }
}
