//! The sealed half of a key, opened and sealed again.

use zeroize::Zeroizing;

use crate::error::Fault;
use crate::sql::{Connection, OptionalExtension as _};
use crate::vault::{Place, Sealed, Vault};

/// A secret, and a Token.
type Open = (Zeroizing<Vec<u8>>, Option<Zeroizing<Vec<u8>>>);

/// The secret and the Token of a key, opened.
pub(crate) fn sealed(
    c: &Connection,
    vault: &Vault,
    account: &str,
    id: &str,
) -> Result<Option<Open>, Fault> {
    let mut statement = c.prepare_cached("SELECT epoch, secret, token FROM keys WHERE id = ?1")?;
    let row: Option<(u32, Vec<u8>, Option<Vec<u8>>)> =
        statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let Some((epoch, secret, token)) = row else { return Ok(None) };
    let place = |kind| Place { kind, account, key_id: id };
    let secret = vault.open_sealed(place(Sealed::Secret), epoch, &secret)?;
    let token = token.map(|sealed| vault.open_sealed(place(Sealed::Token), epoch, &sealed));
    Ok(Some((secret, token.transpose()?)))
}

/// Seals a key that is there again.
pub(crate) fn seal(
    c: &Connection,
    vault: &Vault,
    (account, id): (&str, &str),
    (secret, token): (&[u8], Option<&[u8]>),
) -> Result<(), Fault> {
    let place = |kind| Place { kind, account, key_id: id };
    let (epoch, secret) = vault.seal(place(Sealed::Secret), secret)?;
    let token = token.map(|token| vault.seal(place(Sealed::Token), token)).transpose()?;
    c.prepare_cached("UPDATE keys SET epoch = ?2, secret = ?3, token = ?4 WHERE id = ?1")?
        .execute((id, epoch, secret, token.map(|(_, sealed)| sealed)))?;
    Ok(())
}
