//! The demo's accounts: one for each code that depends on who calls.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;

use faregate_ledger::{Currency, Money};
use faregate_pipeline::facts::{AccountState, Identity, Rate, ResourceRef};
use faregate_stores::{Admin, NewAccount, NewKey, OPERATOR};

use crate::exit::{Exit, Failure};
use crate::running::{Profile, write_private};

/// One account.
pub(super) struct Role {
    pub(super) name: &'static str,
    /// What it shows, for the table.
    pub(super) shows: &'static str,
    balance: &'static str,
    identity: Identity,
    state: AccountState,
    per_second: Option<NonZeroU32>,
}

const fn role(name: &'static str, shows: &'static str, balance: &'static str) -> Role {
    let (identity, state) = (Identity::Verified, AccountState::Active);
    Role { name, shows, balance, identity, state, per_second: None }
}

/// All of them.
pub(super) const ROLES: [Role; 6] = [
    role("demo", "everything works", "10000.00"),
    role("poor", "buys nothing: 5300", "1.00"),
    Role { identity: Identity::Unverified, ..role("unverified", "may not buy: 5500", "10000.00") },
    Role { state: AccountState::Suspended, ..role("suspended", "may not call: 4300", "10000.00") },
    Role {
        per_second: NonZeroU32::new(5),
        ..role("limited", "5 calls a second: 4400", "10000.00")
    },
    role("other", "owns ins-0ther001: 5000 for the others", "10000.00"),
];

/// Who administers all others; made after them, for it is no customer.
pub(super) const OPERATOR_ROLE: Role =
    role("operator", "administers: account.api.qcloud.com", "0.00");

/// What account `other` owns from the start.
const INSTANCE: &str = "ins-0ther001";

/// Makes the accounts that are not there yet; the same accounts and keys at every start on a folder.
pub(super) fn ensure(data: &Path, compute: &Path) -> Result<BTreeMap<String, Profile>, Failure> {
    let path = data.join("demo.json");
    let mut known: BTreeMap<String, Profile> = match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|cause| {
            Failure::new(Exit::Invalid, format!("`{}` is damaged: {cause}", path.display()))
        })?,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Err(cause) => {
            return Err(Failure::new(Exit::Invalid, format!("`{}`: {cause}", path.display())));
        }
    };
    let mut admin = Admin::open(data)?;
    for role in &ROLES {
        if known.contains_key(role.name) {
            continue;
        }
        let profile = make(&mut admin, role)?;
        // Once only: `other` may have returned it since.
        if role.name == "other" {
            let id = INSTANCE.to_owned();
            let (module, kind) = ("cvm".to_owned(), "instance".to_owned());
            admin.adopt(&ResourceRef { module, kind, id }, &profile.account_id)?;
            faregate_compute::seed(compute, &profile.account_id, INSTANCE)
                .map_err(|cause| Failure::new(Exit::Unexpected, cause))?;
        }
        known.insert(role.name.to_owned(), profile);
    }
    if !known.contains_key(OPERATOR_ROLE.name) {
        let key = match admin.make_operator()? {
            Some(key) => key,
            // An earlier start was interrupted before the key was written down.
            None => admin.create_key(OPERATOR)?,
        };
        known.insert(OPERATOR_ROLE.name.to_owned(), profile_of(OPERATOR.to_owned(), &key));
    }
    write_private(&path, &serde_json::to_vec_pretty(&known).map_err(std::io::Error::from)?)?;
    Ok(known)
}

/// Goes on where an earlier start was interrupted.
fn make(admin: &mut Admin, role: &Role) -> Result<Profile, Failure> {
    let accounts = admin.list_accounts()?;
    let found = accounts.into_iter().find(|(account, _)| account.name == role.name);
    let account = match found {
        Some((account, _)) => account,
        None => admin.create_account(NewAccount {
            id: None,
            name: role.name.to_owned(),
            groups: Vec::new(),
            currency: Currency::CNY,
        })?,
    };
    admin.set_identity(&account.id, role.identity)?;
    admin.set_state(&account.id, role.state)?;
    let rate = role.per_second.map(|per_second| Rate { per_second, burst: per_second });
    admin.set_rate(&account.id, rate)?;
    let amount = Money::parse(role.balance, Currency::CNY)
        .map_err(|cause| Failure::new(Exit::Unexpected, cause))?;
    if admin.balance(&account.id)?.available().micros() == 0 {
        admin.topup(&account.id, amount, "demo")?;
    }
    let key = admin.create_key(&account.id)?;
    Ok(profile_of(account.id, &key))
}

fn profile_of(account_id: String, key: &NewKey) -> Profile {
    Profile {
        account_id,
        secret_id: key.secret_id.as_str().to_owned(),
        secret_key: key.secret_key.as_str().to_owned(),
    }
}

/// What each account has now.
pub(super) fn balances(
    data: &Path,
    accounts: &BTreeMap<String, Profile>,
) -> Result<BTreeMap<String, String>, Failure> {
    let admin = Admin::open(data)?;
    let mut balances = BTreeMap::new();
    for (name, profile) in accounts {
        let available = admin.balance(&profile.account_id)?.available();
        balances.insert(name.clone(), available.to_string());
    }
    Ok(balances)
}
