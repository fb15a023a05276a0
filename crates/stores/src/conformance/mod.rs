//! One test set for every home: what a store must do, whatever keeps it.

mod accounts;
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

use std::num::NonZeroU32;

use faregate_contract::RequestId;
use faregate_ledger::{Currency, Money};
use faregate_pipeline::facts::{Account, Identity, Intent, Rate};
use faregate_pipeline::time::Millis;

use crate::{Admin, NewAccount, Options, Stores};

/// Ten o'clock on a day.
pub(crate) const TEN: Millis = Millis::new(1_526_896_800_000);

/// A home with an operator beside it.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) stores: Stores,
    pub(crate) admin: Admin,
}

pub(crate) fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Stores::create(&data).unwrap();
    let stores = Stores::open(Options::new(&data), TEN).unwrap();
    World { admin: Admin::open(&data).unwrap(), stores, folder }
}

impl World {
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
