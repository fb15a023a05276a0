//! Accounts and keys, as rows of PostgreSQL.

use std::sync::Arc;

use deadpool_postgres::GenericClient;
use faregate_ledger::Currency;
use faregate_pipeline::facts::{
    Account, AccountState, Key, MinSignature, Network, Rate, ReplayIdentity,
};
use faregate_pipeline::time::Millis;
use faregate_signing::{KeyId, SecretKey};
use tokio_postgres::Row;
use zeroize::Zeroizing;

use crate::error::{Fault, NOT_CARRIED, broken};
use crate::sqlite::accounts::{
    FIRST_ACCOUNT, KeyEntry, identity, identity_text, sources_text, state, state_text,
};
use crate::sqlite::users::KeyUse;
use crate::sqlite::{currency, json, list};
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
        quotas: Vec::new(),
        replay_identity: row
            .try_get::<_, Option<&str>>("replay_identity")?
            .map(replay)
            .transpose()?,
        min_signature: row.try_get::<_, Option<&str>>("min_signature")?.map(least).transpose()?,
    })
}

/// One account, with the currency of its money; locked against other operators, if it is to be changed.
pub(crate) async fn account(
    c: &impl GenericClient,
    id: &str,
    lock: bool,
) -> Result<Option<(Account, Currency)>, Fault> {
    let lock = if lock { " FOR UPDATE OF a" } else { "" };
    let sql = format!(
        "SELECT {ACCOUNT}, b.currency FROM accounts a JOIN balances b ON b.account = a.id \
         WHERE a.id = $1{lock}"
    );
    let statement = c.prepare_cached(&sql).await?;
    c.query_opt(&statement, &[&id]).await?.as_ref().map(with_currency).transpose()
}

/// All accounts, oldest first.
pub(crate) async fn accounts(c: &impl GenericClient) -> Result<Vec<(Account, Currency)>, Fault> {
    let sql = format!(
        "SELECT {ACCOUNT}, b.currency FROM accounts a JOIN balances b ON b.account = a.id \
         ORDER BY a.slot"
    );
    c.query(&sql, &[]).await?.iter().map(with_currency).collect()
}

fn with_currency(row: &Row) -> Result<(Account, Currency), Fault> {
    Ok((account_of(row)?, currency(row.try_get("currency")?)?))
}

/// The next slot, and the first id from there on that is not taken.
pub(crate) async fn next_account(c: &impl GenericClient) -> Result<(i64, String), Fault> {
    let row = c.query_one("SELECT coalesce(max(slot), 0) + 1 FROM accounts", &[]).await?;
    let slot: i64 = row.try_get(0)?;
    let mut number = FIRST_ACCOUNT.saturating_add(slot);
    loop {
        let id = number.to_string();
        if c.query_opt("SELECT 1 FROM accounts WHERE id = $1", &[&id]).await?.is_none() {
            return Ok((slot, id));
        }
        number = number.saturating_add(1);
    }
}

/// Writes a new account and its empty balance, and tells the gateways, in one statement.
pub(crate) async fn insert_account(
    c: &impl GenericClient,
    account: &Account,
    currency: Currency,
    now: Millis,
) -> Result<(), Fault> {
    // Every field by its name: one that is new is carried over here, or does not compile.
    let Account {
        id,
        slot,
        name,
        state,
        identity,
        identity_until,
        groups,
        sources,
        rate,
        quotas,
        replay_identity,
        min_signature,
    } = account;
    if !quotas.is_empty() {
        return Err(broken(NOT_CARRIED));
    }
    c.execute(
        "WITH a AS (INSERT INTO accounts (slot, id, name, state, identity, account_groups, sources, \
         rate_per_s, rate_burst, replay_identity, created_at_ms, min_signature, identity_until_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $13, $14)), \
         b AS (INSERT INTO balances (account, currency, available, held, revenue) \
         VALUES ($2, $12, 0, 0, 0)) \
         INSERT INTO changes (at_ms, kind, key) \
         VALUES ((extract(epoch FROM clock_timestamp()) * 1000)::bigint, 'account', $2)",
        &[
            slot,
            id,
            name,
            &state_text(*state),
            &identity_text(*identity),
            &json(groups)?,
            &json(&sources_text(sources))?,
            &rate.map(|rate| i64::from(rate.per_second.get())),
            &rate.map(|rate| i64::from(rate.burst.get())),
            &replay_identity.map(ReplayIdentity::as_str),
            &now.as_ms(),
            &currency.as_str(),
            &min_signature.map(MinSignature::as_str),
            &identity_until.map(Millis::as_ms),
        ],
    )
    .await?;
    Ok(())
}

/// Writes what may change in an account.
pub(crate) async fn update_account(c: &impl GenericClient, account: &Account) -> Result<(), Fault> {
    let Account {
        id,
        slot: _,
        name,
        state,
        identity,
        identity_until,
        groups,
        sources,
        rate,
        quotas,
        replay_identity,
        min_signature,
    } = account;
    if !quotas.is_empty() {
        return Err(broken(NOT_CARRIED));
    }
    c.execute(
        "WITH a AS (UPDATE accounts SET name = $2, state = $3, identity = $4, account_groups = $5, \
         sources = $6, rate_per_s = $7, rate_burst = $8, replay_identity = $9, min_signature = $10, \
         identity_until_ms = $11 WHERE id = $1) \
         INSERT INTO changes (at_ms, kind, key) \
         VALUES ((extract(epoch FROM clock_timestamp()) * 1000)::bigint, 'account', $1)",
        &[
            id,
            name,
            &state_text(*state),
            &identity_text(*identity),
            &json(groups)?,
            &json(&sources_text(sources))?,
            &rate.map(|rate| i64::from(rate.per_second.get())),
            &rate.map(|rate| i64::from(rate.burst.get())),
            &replay_identity.map(ReplayIdentity::as_str),
            &min_signature.map(MinSignature::as_str),
            &identity_until.map(Millis::as_ms),
        ],
    )
    .await?;
    Ok(())
}

/// A key, opened, with the account behind it.
pub(crate) async fn key(
    c: &impl GenericClient,
    vault: &Vault,
    id: &str,
) -> Result<Option<Key>, Fault> {
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
    if row.try_get("limited")? {
        // What limits a key is not read here yet: it must not seem to have no limits.
        return Err(broken(NOT_CARRIED));
    }
    let account = account_of(&row)?;
    let epoch = u32::try_from(row.try_get::<_, i64>("epoch")?).map_err(broken)?;
    let place = |kind| Place { kind, account: &account.id, key_id: id };
    let secret = vault.open_sealed(place(Sealed::Secret), epoch, row.try_get("secret")?)?;
    let token: Option<&[u8]> = row.try_get("token")?;
    let token = token.map(|sealed| vault.open_sealed(place(Sealed::Token), epoch, sealed));
    let text = |bytes: Zeroizing<Vec<u8>>| String::from_utf8(bytes.to_vec()).map_err(broken);
    Ok(Some(Key {
        enabled: row.try_get("enabled")?,
        token: token.transpose()?.map(text).transpose()?,
        expires_at: row.try_get::<_, Option<i64>>("expires_at_ms")?.map(Millis::new),
        ..Key::new(KeyId::from(id), SecretKey::new(secret.to_vec()), Arc::new(account))
    }))
}

/// Seals and writes a new key.
pub(crate) async fn insert_key(
    c: &impl GenericClient,
    vault: &Vault,
    account: &str,
    (id, secret, token): (&str, &str, Option<&str>),
    now: Millis,
) -> Result<(), Fault> {
    let place = |kind| Place { kind, account, key_id: id };
    let (epoch, secret) = vault.seal(place(Sealed::Secret), secret.as_bytes())?;
    let token = token.map(|token| vault.seal(place(Sealed::Token), token.as_bytes()));
    let token = token.transpose()?.map(|(_, sealed)| sealed);
    c.execute(
        "WITH k AS (INSERT INTO keys (id, account, enabled, epoch, secret, token, created_at_ms) \
         VALUES ($1, $2, true, $3, $4, $5, $6)) \
         INSERT INTO changes (at_ms, kind, key) \
         VALUES ((extract(epoch FROM clock_timestamp()) * 1000)::bigint, 'key', $1)",
        &[&id, &account, &i64::from(epoch), &secret, &token, &now.as_ms()],
    )
    .await?;
    Ok(())
}

/// Keys of one account, or of all.
pub(crate) async fn keys(
    c: &impl GenericClient,
    account: Option<&str>,
) -> Result<Vec<KeyEntry>, Fault> {
    let rows = c
        .query(
            "SELECT id, account, enabled, token IS NOT NULL, created_at_ms, user_name, expires_at_ms, \
             at_ms, address, action FROM keys LEFT JOIN key_uses ON key = id \
             WHERE $1::text IS NULL OR account = $1 ORDER BY created_at_ms, id",
            &[&account],
        )
        .await?;
    let entry = |row: &Row| {
        Ok(KeyEntry {
            id: KeyId::from(row.try_get::<_, String>(0)?),
            account: row.try_get(1)?,
            enabled: row.try_get(2)?,
            has_token: row.try_get(3)?,
            created_at: Millis::new(row.try_get(4)?),
            user: row.try_get(5)?,
            expires_at: row.try_get::<_, Option<i64>>(6)?.map(Millis::new),
            last_used: match row.try_get::<_, Option<i64>>(7)? {
                Some(at) => {
                    let (address, action) = (row.try_get(8)?, row.try_get(9)?);
                    Some(KeyUse { at: Millis::new(at), address, action })
                }
                None => None,
            },
        })
    };
    rows.iter().map(entry).collect()
}

/// False if there is no such key.
pub(crate) async fn set_key_enabled(
    c: &impl GenericClient,
    id: &str,
    enabled: bool,
) -> Result<bool, Fault> {
    let n = c
        .execute(
            "WITH k AS (UPDATE keys SET enabled = $2 WHERE id = $1 RETURNING id) \
             INSERT INTO changes (at_ms, kind, key) \
             SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, 'key', id FROM k",
            &[&id, &enabled],
        )
        .await?;
    Ok(n == 1)
}
