//! The keyring, and secrets at rest: AES-256-GCM, bound to account, key and epoch.
//!
//! A SecretKey must be had again to check a MAC, so it is sealed, not hashed. The additional data
//! "sk1|account|key id|epoch" keeps a row from being moved to another account (CRATES 9).

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use faregate_pipeline::replay::Prints;
use zeroize::{Zeroize as _, Zeroizing};

use crate::disk::{self, Lasting};
use crate::error::{Fault, OpenError, broken};

/// What is sealed: one kind does not open as the other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sealed {
    Secret,
    Token,
    /// What a call sends, kept until it is answered; the key id is the request's.
    Order,
}

/// Whose secret it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) kind: Sealed,
    pub(crate) account: &'a str,
    pub(crate) key_id: &'a str,
}

/// The keys of a data folder: one seals secrets, one keys the prints of claims.
pub(crate) struct Vault {
    path: PathBuf,
    epochs: RwLock<Epochs>,
    prints: [u8; 16],
}

type Epochs = BTreeMap<u32, Arc<LessSafeKey>>;

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("epochs", &self.epochs()).finish_non_exhaustive()
    }
}

impl Vault {
    /// Draws new keys and writes the keyring, mode 0600.
    pub(crate) fn create(path: &Path) -> Result<(), OpenError> {
        let (mut seal, mut prints) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 16]));
        getrandom::fill(&mut *seal).map_err(Fault::from)?;
        getrandom::fill(&mut *prints).map_err(Fault::from)?;
        let text = Zeroizing::new(format!(
            "# Faregate's keyring: opens the sealed keys of the database beside it. Keep it secret,\n\
             # and back it up apart from the database: without it no key opens.\n\
             prints {}\nseal 1 {}\n",
            Hex(&*prints),
            Hex(&*seal)
        ));
        disk::replace(path, text.as_bytes(), Lasting::Power).map_err(OpenError::io(path))
    }

    /// Reads the keyring; refuses one that others could have read.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let mode = fs::metadata(path).map_err(OpenError::io(path))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(OpenError::KeyringExposed { path: path.to_owned(), mode });
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(OpenError::io(path))?);
        let damaged = |line| OpenError::KeyringDamaged { path: path.to_owned(), line };
        let (mut epochs, mut prints) = (Epochs::new(), None);
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            match (words.next(), words.next(), words.next(), words.next()) {
                (None, None, None, None) => {}
                (Some("prints"), Some(hex), None, None) => {
                    prints = Some(unhex::<16>(hex).ok_or_else(|| damaged(at + 1))?);
                }
                (Some("seal"), Some(epoch), Some(hex), None) => {
                    let epoch = epoch.parse().map_err(|_| damaged(at + 1))?;
                    let mut bytes = unhex::<32>(hex).ok_or_else(|| damaged(at + 1))?;
                    let key = UnboundKey::new(&AES_256_GCM, &bytes);
                    bytes.zeroize();
                    let key = LessSafeKey::new(key.map_err(|_| damaged(at + 1))?);
                    epochs.insert(epoch, Arc::new(key));
                }
                _ => return Err(damaged(at + 1)),
            }
        }
        let n_lines = text.lines().count();
        match prints {
            Some(prints) if !epochs.is_empty() => {
                Ok(Self { path: path.to_owned(), epochs: RwLock::new(epochs), prints })
            }
            Some(_) | None => Err(damaged(n_lines)),
        }
    }

    /// What the nonce journal knows itself by: a file of another store is none of ours.
    pub(crate) fn store_id(&self) -> u64 {
        Prints::new(self.prints).of_key("the nonce journal")
    }

    /// The key of the prints.
    pub(crate) const fn prints(&self) -> [u8; 16] {
        self.prints
    }

    /// What only who has this keyring can say of these texts: HMAC-SHA256 over each behind its length.
    pub(crate) fn witness(&self, texts: &[&[u8]]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.prints);
        let mut context = hmac::Context::with_key(&key);
        for text in texts {
            context.update(&text.len().to_be_bytes());
            context.update(text);
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }

    /// Seals under the newest epoch: the epoch, and the nonce, ciphertext and tag.
    pub(crate) fn seal(&self, place: Place<'_>, secret: &[u8]) -> Result<(u32, Vec<u8>), Fault> {
        let (epoch, key) = {
            let epochs = self.epochs.read().unwrap_or_else(PoisonError::into_inner);
            let newest = epochs.last_key_value().ok_or_else(|| broken("no epoch"))?;
            (*newest.0, Arc::clone(newest.1))
        };
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce)?;
        let mut bytes = Zeroizing::new(secret.to_vec());
        let aad = Aad::from(additional_data(place, epoch));
        let tag = key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, &mut bytes)
            .map_err(|_| broken("a secret could not be sealed"))?;
        Ok((epoch, [&nonce, bytes.as_slice(), tag.as_ref()].concat()))
    }

    /// The epochs, the oldest first.
    pub(crate) fn epochs(&self) -> Vec<u32> {
        let epochs = self.epochs.read().unwrap_or_else(PoisonError::into_inner);
        epochs.keys().copied().collect()
    }

    /// The epoch under which is sealed now.
    pub(crate) fn newest(&self) -> Result<u32, Fault> {
        self.epochs().last().copied().ok_or_else(|| broken("no epoch"))
    }

    /// Draws the key of one more epoch, and writes the keyring anew: on disk when this returns.
    pub(crate) fn add_epoch(&self) -> Result<u32, OpenError> {
        let mut seal = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seal).map_err(Fault::from)?;
        self.reload()?;
        let epoch = self.newest()?.saturating_add(1);
        let text = fs::read_to_string(&self.path).map_err(OpenError::io(&self.path))?;
        let text = Zeroizing::new(text);
        let text = Zeroizing::new(format!("{}\nseal {epoch} {}\n", text.trim_end(), Hex(&*seal)));
        disk::replace(&self.path, text.as_bytes(), Lasting::Power)
            .map_err(OpenError::io(&self.path))?;
        self.reload()?;
        Ok(epoch)
    }

    /// Reads the keyring again, for another process may have written it.
    pub(crate) fn reload(&self) -> Result<(), OpenError> {
        let fresh = Self::open(&self.path)?;
        let fresh = fresh.epochs.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.epochs.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// The key of an epoch; one that is not known may have been added by another process.
    fn key(&self, epoch: u32) -> Option<Arc<LessSafeKey>> {
        let known = || {
            let epochs = self.epochs.read().unwrap_or_else(PoisonError::into_inner);
            epochs.get(&epoch).map(Arc::clone)
        };
        known().or_else(|| {
            self.reload().ok()?;
            known()
        })
    }

    /// Opens what was sealed for this place.
    pub(crate) fn open_sealed(
        &self,
        place: Place<'_>,
        epoch: u32,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let shut = || {
            let id = place.key_id;
            broken(match place.kind {
                Sealed::Secret | Sealed::Token => {
                    format!("the secret of key `{id}` does not open: is this its keyring?")
                }
                Sealed::Order => format!("the order of {id} does not open: is this its keyring?"),
            })
        };
        let key = self.key(epoch).ok_or_else(shut)?;
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(shut)?;
        let mut bytes = Zeroizing::new(body.to_vec());
        let aad = Aad::from(additional_data(place, epoch));
        let n_plain = key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut bytes)
            .map_err(|_| shut())?
            .len();
        bytes.truncate(n_plain);
        Ok(bytes)
    }
}

fn additional_data(place: Place<'_>, epoch: u32) -> String {
    let kind = match place.kind {
        Sealed::Secret => "sk1",
        Sealed::Token => "tk1",
        Sealed::Order => "or1",
    };
    format!("{kind}|{}|{}|{epoch}", place.account, place.key_id)
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() != N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod spec {
    use super::*;

    const PLACE: Place<'static> =
        Place { kind: Sealed::Secret, account: "100000001", key_id: "AKIDone" };

    #[test]
    fn a_sealed_secret_opens_only_in_its_own_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring");
        Vault::create(&path).unwrap();
        let vault = Vault::open(&path).unwrap();
        let (epoch, sealed) = vault.seal(PLACE, b"secret").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_eq!(vault.open_sealed(PLACE, epoch, &sealed).unwrap().as_slice(), b"secret");
        assert_ne!(vault.seal(PLACE, b"secret").unwrap().1, sealed, "each sealing is its own");
        for (what, place, epoch) in [
            ("kind", Place { kind: Sealed::Token, ..PLACE }, epoch),
            ("account", Place { account: "100000002", ..PLACE }, epoch),
            ("key", Place { key_id: "AKIDtwo", ..PLACE }, epoch),
            ("epoch", PLACE, epoch + 1),
        ] {
            assert!(vault.open_sealed(place, epoch, &sealed).is_err(), "another {what}");
        }
        let other = folder.path().join("other");
        Vault::create(&other).unwrap();
        assert!(Vault::open(&other).unwrap().open_sealed(PLACE, epoch, &sealed).is_err());
        assert!(!format!("{vault:?}").contains(&Hex(&vault.prints()).to_string()));
    }

    #[test]
    fn a_keyring_that_others_can_read_or_that_is_damaged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring");
        Vault::create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let good = fs::read_to_string(&path).unwrap();
        for (what, text, line) in [
            ("empty", String::new(), 0),
            ("cut", good.trim_end().strip_suffix(|_: char| true).unwrap().to_owned(), 4),
            ("no prints", good.replace("prints", "# prints"), 4),
            ("another word", good.replace("seal", "sea1"), 4),
            ("not hexadecimal", good.replace("prints ", "prints x"), 3),
        ] {
            fs::write(&path, text).unwrap();
            let refused = Vault::open(&path).unwrap_err();
            assert!(
                matches!(refused, OpenError::KeyringDamaged { line: l, .. } if l == line),
                "{what}: {refused}"
            );
        }
        fs::write(&path, good).unwrap();
        Vault::open(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Vault::open(&path).unwrap_err();
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }
}
