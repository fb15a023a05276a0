//! Keys with their accounts, as rows of PostgreSQL, for a call.

use std::sync::Arc;

use deadpool_postgres::GenericClient;
use faregate_pipeline::facts::{
    Account, AccountState, Key, MinSignature, Network, Rate, ReplayIdentity,
};
use faregate_pipeline::time::Millis;
use faregate_signing::{KeyId, SecretKey};
use tokio_postgres::Row;
use zeroize::Zeroizing;

use crate::error::{Fault, broken};
use crate::sqlite::accounts::{identity, state};
use crate::sqlite::list;
use crate::sqlite::users::KeyUse;
use crate::vault::{Place, Sealed, Vault};

const ACCOUNT: &str = "a.slot, a.id, a.name, a.state, a.identity, a.account_groups, a.sources, \
                       a.rate_per_s, a.rate_burst, a.replay_identity, \
                       a.min_signature, a.closed_at_ms, a.identity_until_ms";

fn account_of(row: &Row) -> Result<Account, Fault> {
    let positive = |n: i64| u32::try_from(n).ok().and_then(std::num::NonZeroU32::new);
    let number = |name| row.try_get::<_, Option<i64>>(name).map(|n| n.and_then(positive));
    let rate = match (number("rate_per_s")?, number("rate_burst")?) {
        (Some(per_second), Some(burst)) => Some(Rate { per_second, burst }),
        (None, _) | (_, None) => None,
    };
    let network = |text: &String| {
        Network::parse(text).ok_or_else(|| broken(format!("`{text}` is not a block of addresses")))
    };
    let replay = |text: &str| {
        ReplayIdentity::parse(text)
            .ok_or_else(|| broken(format!("`{text}` is not a replay identity")))
    };
    let least = |text: &str| {
        MinSignature::parse(text).ok_or_else(|| broken(format!("`{text}` is no least signature")))
    };
    Ok(Account {
        id: row.try_get("id")?,
        slot: row.try_get("slot")?,
        name: row.try_get("name")?,
        state: match row.try_get::<_, Option<i64>>("closed_at_ms")? {
            Some(_) => AccountState::Closed,
            None => state(row.try_get("state")?)?,
        },
        identity: identity(row.try_get("identity")?)?,
        identity_until: row.try_get::<_, Option<i64>>("identity_until_ms")?.map(Millis::new),
        groups: list(row.try_get("account_groups")?)?,
        sources: list(row.try_get("sources")?)?.iter().map(network).collect::<Result<_, _>>()?,
        rate,
        // An account that has any limits its keys: they are read elsewhere.
        quotas: Vec::new(),
        replay_identity: row
            .try_get::<_, Option<&str>>("replay_identity")?
            .map(replay)
            .transpose()?,
        min_signature: row.try_get::<_, Option<&str>>("min_signature")?.map(least).transpose()?,
    })
}

/// A key that was found.
pub(crate) enum Found {
    /// It may do all that its account may, within what is said for all.
    Key(Box<Key>),
    /// Policies, addresses or quotas limit it: they are to be read.
    Limited,
}

/// The secrets of all keys of an account, by their ids.
type Secrets = Vec<(KeyId, SecretKey)>;

/// A key, opened, with the account behind it; and the secrets of all keys of that account.
pub(crate) async fn key(
    c: &impl GenericClient,
    vault: &Vault,
    id: &str,
) -> Result<Option<(Found, Secrets)>, Fault> {
    let sql = format!(
        "SELECT k.enabled, k.epoch, k.secret, k.token, k.expires_at_ms, (k.user_name IS NOT NULL OR k.issuer IS NOT NULL \
         OR EXISTS (SELECT 1 FROM key_limits l \
         WHERE l.key = k.id) OR EXISTS (SELECT 1 FROM policy_attachments p \
         WHERE p.account = k.account AND p.kind = 'key' AND p.principal = k.id) OR EXISTS (SELECT 1 FROM quotas q \
         WHERE q.account = k.account)) AS limited, {ACCOUNT} \
         FROM keys k JOIN accounts a ON a.id = k.account WHERE k.id = $1"
    );
    let statement = c.prepare_cached(&sql).await?;
    let Some(row) = c.query_opt(&statement, &[&id]).await? else {
        return Ok(None);
    };
    let account = account_of(&row)?;
    let secrets = secrets(c, vault, &account.id).await?;
    if row.try_get("limited")? {
        return Ok(Some((Found::Limited, secrets)));
    }
    let epoch = u32::try_from(row.try_get::<_, i64>("epoch")?).map_err(broken)?;
    let place = |kind| Place { kind, account: &account.id, key_id: id };
    let secret = vault.open_sealed(place(Sealed::Secret), epoch, row.try_get("secret")?)?;
    let token: Option<&[u8]> = row.try_get("token")?;
    let token = token.map(|sealed| vault.open_sealed(place(Sealed::Token), epoch, sealed));
    let text = |bytes: Zeroizing<Vec<u8>>| String::from_utf8(bytes.to_vec()).map_err(broken);
    let key = Key {
        enabled: row.try_get("enabled")?,
        token: token.transpose()?.map(text).transpose()?,
        expires_at: row.try_get::<_, Option<i64>>("expires_at_ms")?.map(Millis::new),
        ..Key::new(KeyId::from(id), SecretKey::new(secret.to_vec()), Arc::new(account))
    };
    Ok(Some((Found::Key(Box::new(key)), secrets)))
}

/// What somebody may have signed with by mistake: as many as a search looks at, and the key itself.
async fn secrets(c: &impl GenericClient, vault: &Vault, account: &str) -> Result<Secrets, Fault> {
    let statement = c
        .prepare_cached(
            "SELECT id, epoch, secret FROM keys WHERE account = $1 \
             ORDER BY created_at_ms DESC, id LIMIT 17",
        )
        .await?;
    let opened = |row: &Row| {
        let (id, epoch): (&str, i64) = (row.try_get(0)?, row.try_get(1)?);
        let place = Place { kind: Sealed::Secret, account, key_id: id };
        let epoch = u32::try_from(epoch).map_err(broken)?;
        let secret = vault.open_sealed(place, epoch, row.try_get(2)?)?;
        Ok((KeyId::from(id), SecretKey::new(secret.to_vec())))
    };
    c.query(&statement, &[&account]).await?.iter().map(opened).collect()
}

/// When a key was last used, from where, for what; one that was deleted in the meantime was not used by anybody.
pub(crate) async fn used(c: &impl GenericClient, id: &str, last: &KeyUse) -> Result<(), Fault> {
    let statement = c
        .prepare_cached(
            "INSERT INTO key_uses (key, at_ms, address, action) \
             SELECT id, $2, $3, $4 FROM keys WHERE id = $1 ON CONFLICT (key) DO UPDATE \
             SET at_ms = excluded.at_ms, address = excluded.address, action = excluded.action",
        )
        .await?;
    c.execute(&statement, &[&id, &last.at.as_ms(), &last.address, &last.action]).await?;
    Ok(())
}
