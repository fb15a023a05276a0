//! What is to be said of a data folder, for `faregate doctor`: nothing is changed, and a gateway may be running on it.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use faregate_pipeline::facts::Account;
use faregate_pipeline::replay::Prints;
use faregate_pipeline::time::Millis;

use crate::admin::Admin;
use crate::error::{AdminError, OpenError};
use crate::home::Home;
use crate::nonces::inspect;
pub use crate::nonces::inspect::Draws;
use crate::sqlite::accounts::KeyEntry;
use crate::vault::Vault;

/// A file or folder that others than its owner can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// Where it is.
    pub path: PathBuf,
    /// Its permission bits.
    pub mode: u32,
    /// What they should be.
    pub wanted: u32,
}

/// A data folder, looked at.
#[derive(Debug)]
pub struct Inspection {
    /// What others can read.
    pub exposed: Vec<Exposed>,
    /// Each key with its account, and how it draws its Nonces, if it was used lately.
    pub keys: Vec<(KeyEntry, Account, Option<Draws>)>,
    /// When the gateway last looked at the clock.
    pub clock_seen: Option<Millis>,
    /// The nonces can be believed; those of a copy cannot.
    pub is_original: bool,
    /// Calls stamped at or before it are refused.
    pub fence: Option<Millis>,
}

/// Looks at permissions alone: it works where the store does not open because of them. In a folder that is
/// closed to others, what is open is open to nobody, but the keyring opens for its owner alone either way.
#[must_use]
pub fn exposed(data: &Path) -> Vec<Exposed> {
    let home = Home::at(data);
    let look = |path: PathBuf, wanted: u32| {
        let mode = std::fs::metadata(&path).ok()?.permissions().mode() & 0o777;
        (mode & 0o077 != 0).then_some(Exposed { path, mode, wanted })
    };
    let folder = look(data.to_owned(), 0o700);
    let inside = folder.is_some().then(|| look(home.database(), 0o600)).flatten();
    folder.into_iter().chain(inside).chain(look(home.keyring(), 0o600)).collect()
}

/// Looks at a data folder.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn inspect(data: &Path) -> Result<Inspection, AdminError> {
    let open = |cause: OpenError| AdminError::Invalid(cause.to_string());
    let admin = Admin::open(data).map_err(open)?;
    let home = Home::at(data);
    let vault = Vault::open(&home.keyring()).map_err(open)?;
    let prints = Prints::new(vault.prints());
    let fence = crate::nonces::fence_of(&home.nonces(), vault.store_id());
    let draws = inspect::draws(&home.nonces(), vault.store_id());
    let draws: HashMap<u64, Draws> =
        draws.map_err(|cause| open(OpenError::io(&home.nonces())(cause)))?;
    let accounts: HashMap<String, Account> = admin
        .list_accounts()?
        .into_iter()
        .map(|(account, _)| (account.id.clone(), account))
        .collect();
    let known = |key: KeyEntry| {
        let account = accounts.get(&key.account)?.clone();
        let draws = draws.get(&prints.of_key(key.id.as_str())).copied();
        Some((key, account, draws))
    };
    Ok(Inspection {
        exposed: exposed(data),
        keys: admin.list_keys(None)?.into_iter().filter_map(known).collect(),
        clock_seen: crate::nonces::clock_seen(&home.nonces(), vault.store_id()),
        is_original: fence.is_some(),
        fence: fence.flatten(),
    })
}
