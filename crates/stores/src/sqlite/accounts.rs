//! Accounts and keys, as rows.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use faregate_ledger::Currency;
use faregate_pipeline::facts::{
    Account, AccountState, Identity, Key, MinSignature, Network, Rate, ReplayIdentity,
};
use faregate_pipeline::time::Millis;
use faregate_signing::{KeyId, SecretKey};
use zeroize::Zeroizing;

use super::policies::Principal;
use super::users::{self, KeyUse};
use super::{currency, json, list, policies, quotas};
use crate::error::{Fault, broken};
use crate::sql::{Connection, OptionalExtension as _, Row};
use crate::vault::{Place, Sealed, Vault};

/// A key as the list of keys shows it: without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// The SecretId.
    pub id: KeyId,
    /// Whose key it is.
    pub account: String,
    /// A disabled key is refused like an unknown one.
    pub enabled: bool,
    /// It is temporary: calls must carry its Token.
    pub has_token: bool,
    /// The user it is for; none is the account itself.
    pub user: Option<String>,
    /// When it ends by itself, if it does.
    pub expires_at: Option<Millis>,
    /// When it was last used, if it ever was.
    pub last_used: Option<KeyUse>,
    /// When it was made.
    pub created_at: Millis,
}

/// The columns that [`account_of`] reads.
const ACCOUNT: &str = "a.slot, a.id, a.name, a.state, a.identity, a.account_groups, a.sources, \
                       a.rate_per_s, a.rate_burst, a.replay_identity, \
                       a.min_signature, a.closed_at_ms, a.identity_until_ms";

fn account_of(c: &Connection, row: &Row<'_>) -> Result<Account, Fault> {
    let id: String = row.get("id")?;
    let quotas = quotas::own(c, &id)?;
    let rate = match (row.get("rate_per_s")?, row.get("rate_burst")?) {
        (Some(per_second), Some(burst)) => Some(Rate { per_second, burst }),
        (None, _) | (_, None) => None,
    };
    let sources = list(&row.get::<_, String>("sources")?)?;
    let network = |text: &String| {
        Network::parse(text).ok_or_else(|| broken(format!("`{text}` is not a block of addresses")))
    };
    Ok(Account {
        id,
        slot: row.get("slot")?,
        name: row.get("name")?,
        state: match row.get::<_, Option<i64>>("closed_at_ms")? {
            Some(_) => AccountState::Closed,
            None => state(&row.get::<_, String>("state")?)?,
        },
        identity: identity(&row.get::<_, String>("identity")?)?,
        identity_until: row.get::<_, Option<i64>>("identity_until_ms")?.map(Millis::new),
        groups: list(&row.get::<_, String>("account_groups")?)?,
        sources: sources.iter().map(network).collect::<Result<_, _>>()?,
        rate,
        quotas,
        replay_identity: row
            .get::<_, Option<String>>("replay_identity")?
            .map(|text| {
                ReplayIdentity::parse(&text)
                    .ok_or_else(|| broken(format!("`{text}` is not a replay identity")))
            })
            .transpose()?,
        min_signature: row
            .get::<_, Option<String>>("min_signature")?
            .map(|text| {
                MinSignature::parse(&text)
                    .ok_or_else(|| broken(format!("`{text}` is not a signature method")))
            })
            .transpose()?,
    })
}

pub(crate) fn state(text: &str) -> Result<AccountState, Fault> {
    match text {
        "active" => Ok(AccountState::Active),
        "suspended" => Ok(AccountState::Suspended),
        other => Err(broken(format!("`{other}` is not a state of an account"))),
    }
}

pub(crate) const fn state_text(state: AccountState) -> &'static str {
    match state {
        AccountState::Active => "active",
        AccountState::Suspended => "suspended",
        AccountState::Closed => "closed",
    }
}

pub(crate) fn identity(text: &str) -> Result<Identity, Fault> {
    match text {
        "unverified" => Ok(Identity::Unverified),
        "pending" => Ok(Identity::Pending),
        "verified" => Ok(Identity::Verified),
        "failed" => Ok(Identity::Failed),
        other => Err(broken(format!("`{other}` is not a state of identity"))),
    }
}

pub(crate) const fn identity_text(identity: Identity) -> &'static str {
    match identity {
        Identity::Unverified => "unverified",
        Identity::Pending => "pending",
        Identity::Verified => "verified",
        Identity::Failed => "failed",
        // Never kept: it is what a verified identity becomes by itself.
        Identity::Expired => "expired",
    }
}

/// One account, with the currency of its money.
pub(crate) fn account(c: &Connection, id: &str) -> Result<Option<(Account, Currency)>, Fault> {
    let sql = format!(
        "SELECT {ACCOUNT}, b.currency FROM accounts a JOIN balances b ON b.account = a.id \
         WHERE a.id = ?1"
    );
    let mut statement = c.prepare_cached(&sql)?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(|row| account_with_currency(c, &row)).transpose()
}

/// All accounts, oldest first.
pub(crate) fn accounts(c: &Connection) -> Result<Vec<(Account, Currency)>, Fault> {
    let sql = format!(
        "SELECT {ACCOUNT}, b.currency FROM accounts a JOIN balances b ON b.account = a.id \
         ORDER BY a.slot"
    );
    let mut statement = c.prepare_cached(&sql)?;
    let (mut rows, mut accounts) = (statement.query([])?, Vec::new());
    while let Some(row) = rows.next()? {
        accounts.push(account_with_currency(c, &row)?);
    }
    Ok(accounts)
}

fn account_with_currency(c: &Connection, row: &Row<'_>) -> Result<(Account, Currency), Fault> {
    Ok((account_of(c, row)?, currency(&row.get::<_, String>("currency")?)?))
}

/// Writes a new account and its empty balance. The slot must be free.
pub(crate) fn insert_account(
    c: &Connection,
    account: &Account,
    currency: Currency,
    now: Millis,
) -> Result<(), Fault> {
    c.prepare_cached(
        "INSERT INTO accounts (slot, id, name, state, identity, account_groups, sources, \
         rate_per_s, rate_burst, created_at_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute((
        account.slot,
        &account.id,
        &account.name,
        state_text(account.state),
        identity_text(account.identity),
        json(&account.groups)?,
        json(&sources_text(&account.sources))?,
        account.rate.map(|rate| rate.per_second.get()),
        account.rate.map(|rate| rate.burst.get()),
        now.as_ms(),
    ))?;
    c.prepare_cached(
        "INSERT INTO balances (account, currency, available, held, revenue) \
         VALUES (?1, ?2, 0, 0, 0)",
    )?
    .execute((&account.id, currency.as_str()))?;
    Ok(())
}

/// Writes what may change in an account. False if there is none of that id.
pub(crate) fn update_account(c: &Connection, account: &Account) -> Result<bool, Fault> {
    let n_rows = c
        .prepare_cached(
            "UPDATE accounts SET name = ?2, state = ?3, identity = ?4, account_groups = ?5, \
             sources = ?6, rate_per_s = ?7, rate_burst = ?8, replay_identity = ?9, \
             min_signature = ?10, \
             identity_until_ms = ?11 WHERE id = ?1",
        )?
        .execute((
            &account.id,
            &account.name,
            state_text(account.state),
            identity_text(account.identity),
            json(&account.groups)?,
            json(&sources_text(&account.sources))?,
            account.rate.map(|rate| rate.per_second.get()),
            account.rate.map(|rate| rate.burst.get()),
            account.replay_identity.map(ReplayIdentity::as_str),
            account.min_signature.map(MinSignature::as_str),
            account.identity_until.map(Millis::as_ms),
        ))?;
    Ok(n_rows == 1)
}

pub(crate) fn sources_text(sources: &[Network]) -> Vec<String> {
    sources.iter().map(ToString::to_string).collect()
}

/// A key, opened, with the account behind it.
pub(crate) fn key(c: &Connection, vault: &Vault, id: &str) -> Result<Option<Key>, Fault> {
    let sql = format!(
        "SELECT k.enabled AND coalesce(u.enabled, TRUE) AND (k.issuer IS NULL OR coalesce(i.enabled, FALSE)) AS enabled, \
         k.epoch, k.secret, k.token, k.user_name, \
         CASE WHEN i.account = k.account AND i.user_name IS NOT DISTINCT FROM k.user_name THEN i.id END AS issuer, k.expires_at_ms, coalesce(s.at_ms, 0) AS used_at_ms, {ACCOUNT} \
         FROM keys k JOIN accounts a ON a.id = k.account \
         LEFT JOIN users u ON u.account = k.account AND u.name = k.user_name \
         LEFT JOIN keys i ON i.id = k.issuer LEFT JOIN key_uses s ON s.key = k.id WHERE k.id = ?1"
    );
    let mut statement = c.prepare_cached(&sql)?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let (account, epoch) = (account_of(c, &row)?, row.get("epoch")?);
    let place = |kind| Place { kind, account: &account.id, key_id: id };
    let secret: Vec<u8> = row.get("secret")?;
    let secret = vault.open_sealed(place(Sealed::Secret), epoch, &secret)?;
    let token: Option<Vec<u8>> = row.get("token")?;
    let token = token.map(|sealed| vault.open_sealed(place(Sealed::Token), epoch, &sealed));
    let text = |bytes: Zeroizing<Vec<u8>>| String::from_utf8(bytes.to_vec()).map_err(broken);
    let user: Option<String> = row.get("user_name")?;
    let mut principals = Vec::new();
    if let Some(user) = &user {
        principals.push(Principal::User(user.clone()));
        principals
            .extend(users::groups_of(c, &account.id, user)?.into_iter().map(Principal::Group));
    }
    let limits = policies::limits(
        c,
        &account.id,
        (id, row.get::<_, Option<String>>("issuer")?.as_deref()),
        &principals,
    )?;
    Ok(Some(Key {
        id: KeyId::from(id),
        enabled: row.get("enabled")?,
        secret: SecretKey::new(secret.to_vec()),
        token: token.transpose()?.map(text).transpose()?,
        user,
        expires_at: row.get::<_, Option<i64>>("expires_at_ms")?.map(Millis::new),
        used_at_ms: AtomicI64::new(row.get("used_at_ms")?),
        sources: limits.sources,
        policies: limits.policies,
        account: Arc::new(account),
    }))
}

/// The secrets of the account's other keys, the newest first: what somebody may have signed with by mistake.
pub(crate) fn other_secrets(
    c: &Connection,
    vault: &Vault,
    account: &str,
    but: &str,
) -> Result<Vec<SecretKey>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT id, epoch, secret FROM keys WHERE account = ?1 AND id <> ?2 \
         ORDER BY created_at_ms DESC, id LIMIT 16",
    )?;
    let (mut rows, mut secrets) = (statement.query([account, but])?, Vec::new());
    while let Some(row) = rows.next()? {
        let (id, epoch, sealed): (String, _, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let place = Place { kind: Sealed::Secret, account, key_id: &id };
        secrets.push(SecretKey::new(vault.open_sealed(place, epoch, &sealed)?.to_vec()));
    }
    Ok(secrets)
}

/// Seals and writes a new key.
pub(crate) fn insert_key(
    c: &Connection,
    vault: &Vault,
    account: &str,
    (id, secret, token): (&str, &str, Option<&str>),
    now: Millis,
) -> Result<(), Fault> {
    let place = |kind| Place { kind, account, key_id: id };
    let (epoch, secret) = vault.seal(place(Sealed::Secret), secret.as_bytes())?;
    let token = token.map(|token| vault.seal(place(Sealed::Token), token.as_bytes()));
    c.prepare_cached(
        "INSERT INTO keys (id, account, enabled, epoch, secret, token, created_at_ms) \
         VALUES (?1, ?2, ?7, ?3, ?4, ?5, ?6)",
    )?
    .execute((
        id,
        account,
        epoch,
        secret,
        token.transpose()?.map(|(_, sealed)| sealed),
        now.as_ms(),
        true,
    ))?;
    Ok(())
}

pub(crate) fn key_exists(c: &Connection, id: &str) -> Result<bool, Fault> {
    let found = c.prepare_cached("SELECT 1 FROM keys WHERE id = ?1")?.exists([id])?;
    Ok(found)
}

/// Keys of one account, or of all.
pub(crate) fn keys(c: &Connection, account: Option<&str>) -> Result<Vec<KeyEntry>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT id, account, enabled, token IS NOT NULL, created_at_ms, user_name, expires_at_ms, at_ms, address, action \
         FROM keys LEFT JOIN key_uses ON key = id WHERE account = ?1 OR ?1 IS NULL ORDER BY created_at_ms, id",
    )?;
    let rows = statement.query_map([account], |row| {
        Ok(KeyEntry {
            id: KeyId::from(row.get::<_, String>(0)?),
            account: row.get(1)?,
            enabled: row.get(2)?,
            has_token: row.get(3)?,
            created_at: Millis::new(row.get(4)?),
            user: row.get(5)?,
            expires_at: row.get::<_, Option<i64>>(6)?.map(Millis::new),
            last_used: match row.get::<_, Option<i64>>(7)? {
                Some(at) => {
                    let (address, action) = (row.get(8)?, row.get(9)?);
                    Some(KeyUse { at: Millis::new(at), address, action })
                }
                None => None,
            },
        })
    })?;
    rows.collect::<Result<_, _>>()
}

/// False if there is no such key.
pub(crate) fn set_key_enabled(c: &Connection, id: &str, enabled: bool) -> Result<bool, Fault> {
    let mut statement = c.prepare_cached("UPDATE keys SET enabled = ?2 WHERE id = ?1")?;
    Ok(statement.execute((id, enabled))? == 1)
}

/// Closes an account: the column of its state knows only the other two.
pub(crate) fn close_account(c: &Connection, id: &str, now: Millis) -> Result<(), Fault> {
    c.prepare_cached("UPDATE accounts SET state = 'suspended', closed_at_ms = ?2 WHERE id = ?1")?
        .execute((id, now.as_ms()))?;
    Ok(())
}

pub(crate) fn delete_key(c: &Connection, account: &str, id: &str) -> Result<(), Fault> {
    c.prepare_cached("DELETE FROM keys WHERE id = ?1")?.execute([id])?;
    policies::detach_all(c, account, &Principal::Key(id.to_owned()))
}

/// Is a key enabled; none if there is no such key.
pub(crate) fn key_enabled(c: &Connection, id: &str) -> Result<Option<bool>, Fault> {
    let mut statement = c.prepare_cached("SELECT enabled FROM keys WHERE id = ?1")?;
    statement.query_row([id], |row| row.get(0)).optional()
}

/// The next slot, and the first id from there on that is not taken.
pub(crate) fn next_account(c: &Connection) -> Result<(i64, String), Fault> {
    let last: i64 =
        c.query_row("SELECT coalesce(max(slot), 0) FROM accounts", [], |row| row.get(0))?;
    let slot = last.max(0).saturating_add(1);
    let mut number = FIRST_ACCOUNT.saturating_add(slot);
    let mut taken = c.prepare_cached("SELECT 1 FROM accounts WHERE id = ?1")?;
    loop {
        let id = number.to_string();
        if taken.query_row([&id], |_| Ok(())).optional()?.is_none() {
            return Ok((slot, id));
        }
        number = number.saturating_add(1);
    }
}

/// Ids count up from here.
pub(crate) const FIRST_ACCOUNT: i64 = 100_000_000;
