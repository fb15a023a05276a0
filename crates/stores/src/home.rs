//! The data folder: what lies in it, who may read it, and who has it open.
//!
//! ```text
//! faregate.db   accounts, keys (sealed), resources, money     keyring   opens the keys, mode 0600
//! nonces/       the journal of spent nonces                   lock      held by the running gateway
//! receipts/     what became of each call of the last day
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use faregate_pipeline::time::Millis;
use rusqlite::Connection;

use crate::disk::{self, Lasting};
use crate::error::OpenError;
use crate::migrate::migrate;
use crate::nonces;
use crate::sqlite::{Role, connect};
use crate::vault::Vault;

/// The paths of a data folder.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    folder: PathBuf,
}

impl Home {
    pub(crate) fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("faregate.db")
    }

    pub(crate) fn keyring(&self) -> PathBuf {
        self.folder.join("keyring")
    }

    pub(crate) fn nonces(&self) -> PathBuf {
        self.folder.join("nonces")
    }

    pub(crate) fn receipts(&self) -> PathBuf {
        self.folder.join("receipts")
    }

    /// Makes the folder (mode 0700) and all that lies in it, once.
    pub(crate) fn create(&self, now: Millis) -> Result<(), OpenError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&self.folder).map_err(OpenError::io(&self.folder))?;
        let _lock = self.lock()?;
        let exists = self.database().try_exists().map_err(OpenError::io(&self.database()))?;
        if exists {
            return Err(OpenError::Exists(self.folder.clone()));
        }
        // The database last: without it there is no store. A keyring without one is kept: it may be
        // all that opens a database which is still to be restored.
        if !self.keyring().try_exists().map_err(OpenError::io(&self.keyring()))? {
            Vault::create(&self.keyring())?;
        }
        let store_id = Vault::open(&self.keyring())?.store_id();
        nonces::recovery::create(&self.nonces(), store_id)
            .map_err(OpenError::io(&self.nonces()))?;
        let unfinished = self.folder.join("faregate.db.new");
        disk::replace(&unfinished, &[], Lasting::Process).map_err(OpenError::io(&unfinished))?;
        let mut connection = connect(&unfinished, Role::Writer)?;
        migrate(&mut connection, now)?;
        connection.close().map_err(|(_, cause)| cause)?;
        fs::rename(&unfinished, self.database()).map_err(OpenError::io(&unfinished))?;
        disk::sync_folder(&self.folder).map_err(OpenError::io(&self.folder))
    }

    /// Held until the file is dropped; refused while another gateway holds it.
    pub(crate) fn lock(&self) -> Result<File, OpenError> {
        let path = self.folder.join("lock");
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(OpenError::io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(self.folder.clone())),
            Err(TryLockError::Error(cause)) => Err(OpenError::io(&path)(cause)),
        }
    }

    /// The keyring, which must be there.
    pub(crate) fn vault(&self) -> Result<Vault, OpenError> {
        let path = self.keyring();
        if !path.try_exists().map_err(OpenError::io(&path))? {
            return Err(OpenError::KeyringMissing(path));
        }
        Vault::open(&path)
    }

    /// The folder and a keyring in it, for a gateway whose database is elsewhere; what is there stays.
    pub(crate) fn prepare(&self) -> Result<Vault, OpenError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&self.folder).map_err(OpenError::io(&self.folder))?;
        if !self.keyring().try_exists().map_err(OpenError::io(&self.keyring()))? {
            Vault::create(&self.keyring())?;
        }
        self.vault()
    }

    /// Takes the keyring of another folder over, unless there is one: what it sealed is opened here.
    pub(crate) fn adopt_keyring(&self, from: &Self) -> Result<(), OpenError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&self.folder).map_err(OpenError::io(&self.folder))?;
        if self.keyring().try_exists().map_err(OpenError::io(&self.keyring()))? {
            return Ok(());
        }
        let bytes = fs::read(from.keyring()).map_err(OpenError::io(&from.keyring()))?;
        disk::replace(&self.keyring(), &bytes, Lasting::Power)
            .map_err(OpenError::io(&self.keyring()))
    }

    /// The keyring and a connection that may write, the schema up to date.
    pub(crate) fn open(&self, now: Millis) -> Result<(Vault, Connection), OpenError> {
        let exists = self.database().try_exists().map_err(OpenError::io(&self.database()))?;
        if !exists {
            return Err(OpenError::NoStore(self.folder.clone()));
        }
        let vault = self.vault()?;
        let mut connection = connect(&self.database(), Role::Writer)?;
        migrate(&mut connection, now)?;
        Ok((vault, connection))
    }
}

#[cfg(test)]
mod spec {
    use std::os::unix::fs::PermissionsExt as _;

    use crate::conformance::TEN;
    use crate::{Admin, NewAccount, OpenError, Options, Stores};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_data_folder_is_private_and_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("some").join("data");
        Stores::create(&data).unwrap();
        let home = Home::at(&data);
        let modes = [data.clone(), home.keyring(), home.database()].map(|path| mode(&path));
        assert_eq!(modes, [0o700, 0o600, 0o600]);
        let keyring = fs::read(home.keyring()).unwrap();
        let refused = Stores::create(&data).unwrap_err();
        assert!(matches!(refused, OpenError::Exists(_)), "{refused}");
        let first = Stores::open(Options::new(&data), TEN).unwrap().print_secret();
        assert_eq!(Stores::open(Options::new(&data), TEN).unwrap().print_secret(), first);
        // What is left of a store is not overwritten: the keyring may open a backup.
        fs::remove_file(home.database()).unwrap();
        Stores::create(&data).unwrap();
        assert_eq!(fs::read(home.keyring()).unwrap(), keyring);
    }

    /// Damages a store that was closed, and gives what opening it says, for the gateway and the
    /// operator.
    fn refusals(damage: impl FnOnce(&Home)) -> [String; 2] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Stores::create(&data).unwrap();
        damage(&Home::at(&data));
        let refused = |opened: Result<(), OpenError>| opened.unwrap_err().to_string();
        [
            refused(Stores::open(Options::new(&data), TEN).map(drop)),
            refused(Admin::open(&data).map(drop)),
        ]
    }

    #[test]
    fn what_cannot_be_believed_is_not_opened_and_says_the_fix() {
        let chmod = |home: &Home| {
            fs::set_permissions(home.keyring(), fs::Permissions::from_mode(0o644)).unwrap();
        };
        let newer = |home: &Home| {
            let connection = Connection::open(home.database()).unwrap();
            connection.execute("INSERT INTO schema_version VALUES (99, x'00', 0)", []).unwrap();
        };
        let changed = |home: &Home| {
            let connection = Connection::open(home.database()).unwrap();
            connection.execute("UPDATE schema_version SET sha256 = x'00'", []).unwrap();
        };
        let rows: [(&str, [String; 2]); 6] = [
            ("faregate init", refusals(|home| fs::remove_file(home.database()).unwrap())),
            ("backup", refusals(|home| fs::remove_file(home.keyring()).unwrap())),
            ("damaged (line 0)", refusals(|home| fs::write(home.keyring(), "").unwrap())),
            ("chmod 600", refusals(chmod)),
            ("run the newer", refusals(newer)),
            ("that made it", refusals(changed)),
        ];
        for (fix, says) in rows {
            assert!(says.iter().all(|say| say.contains(fix)), "{fix}: {says:?}");
        }
        let no_folder = Stores::open(Options::new("/nonexistent/faregate"), TEN).map(drop);
        assert!(matches!(no_folder, Err(OpenError::NoStore(_))));
    }

    #[test]
    fn a_second_gateway_is_refused_and_the_operator_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Stores::create(&data).unwrap();
        let first = Stores::open(Options::new(&data), TEN).unwrap();
        let second = Stores::open(Options::new(&data), TEN).map(drop).unwrap_err();
        assert!(matches!(second, OpenError::InUse(_)), "{second}");
        let mut admin = Admin::open(&data).unwrap();
        let new = NewAccount {
            id: None,
            name: "Ann".into(),
            groups: Vec::new(),
            currency: faregate_ledger::Currency::CNY,
        };
        admin.create_account(new).unwrap();
        let clone = first.clone();
        drop(first);
        assert!(Stores::open(Options::new(&data), TEN).is_err(), "a clone holds it");
        drop(clone);
        Stores::open(Options::new(&data), TEN).unwrap();
    }
}
