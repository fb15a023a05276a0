//! Fills a data folder: so many accounts, keys and live nonces, made by the store's own code.
//!
//! `fill DATA accounts N [FIRST]`: verified accounts 200000000 and on, with a key each, `AKIDbench00000000` and on.
//! `fill DATA keys N`: so many keys more, of the first account, `AKIDmore00000000` and on.
//! `fill DATA nonces N`: so many spent nonces of 1,000 keys, stamped over the last hour, so live for one more at least
//! where the validity period is two hours.
//!
//! The secret of a key is `secret` and its id: a bench has no secrets. No gateway may run on the folder.
#![expect(clippy::print_stderr, reason = "a tool of the bench, run by people")]

use std::path::Path;
use std::process::ExitCode;

use faregate_bench::clock;
use faregate_ledger::Currency;
use faregate_pipeline::facts::{Claim, ClaimRequest, Identity};
use faregate_pipeline::time::Millis;
use faregate_stores::{Admin, NewAccount, Options, Stores};

const FIRST_ACCOUNT: u64 = 200_000_000;
const HOUR_MS: i64 = 3_600_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (data, what, n, first) = match arguments.as_slice() {
        [data, what, n] => (data, what, n.parse(), Ok(0)),
        [data, what, n, first] => (data, what, n.parse(), first.parse()),
        _ => {
            eprintln!("usage: fill DATA accounts|keys|nonces N [FIRST]");
            return ExitCode::from(2);
        }
    };
    let (Ok(n), Ok(first)) = (n, first) else {
        eprintln!("fill: how many is a number");
        return ExitCode::from(2);
    };
    let data = Path::new(data);
    let filled = match what.as_str() {
        "accounts" => accounts(data, first, n),
        "keys" => keys(data, first, n),
        "nonces" => nonces(data, first, n),
        other => Err(format!("`{other}` is none of accounts, keys, nonces")),
    };
    match filled {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("fill: {e}");
            ExitCode::FAILURE
        }
    }
}

fn accounts(data: &Path, first: u64, n: u64) -> Result<(), String> {
    let mut admin = Admin::open(data).map_err(|e| e.to_string())?;
    for at in first..first.saturating_add(n) {
        let id = FIRST_ACCOUNT.saturating_add(at).to_string();
        let new = NewAccount {
            id: Some(id.clone()),
            name: format!("bench {at}"),
            groups: Vec::new(),
            currency: Currency::CNY,
        };
        admin.create_account(new).map_err(|e| e.to_string())?;
        admin.set_identity(&id, Identity::Verified).map_err(|e| e.to_string())?;
        import(&mut admin, &id, &format!("AKIDbench{at:08}"))?;
    }
    Ok(())
}

fn keys(data: &Path, first: u64, n: u64) -> Result<(), String> {
    let mut admin = Admin::open(data).map_err(|e| e.to_string())?;
    for at in first..first.saturating_add(n) {
        import(&mut admin, &FIRST_ACCOUNT.to_string(), &format!("AKIDmore{at:08}"))?;
    }
    Ok(())
}

fn import(admin: &mut Admin, account: &str, key: &str) -> Result<(), String> {
    admin.import_key(account, key, &format!("secret{key}"), None).map_err(|e| e.to_string())
}

fn nonces(data: &Path, first: u64, n: u64) -> Result<(), String> {
    let begun = clock::wall().plus(-HOUR_MS);
    let mut options = Options::new(data);
    options.retention_ms = options.window_ms;
    let stores = Stores::open(options, begun).map_err(|e| e.to_string())?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().build().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        for at in first..first.saturating_add(n) {
            let share = at.saturating_sub(first).saturating_mul(HOUR_MS.unsigned_abs()) / n.max(1);
            let now = begun.plus(i64::try_from(share).unwrap_or(HOUR_MS));
            let claim = ClaimRequest {
                print: u128::from(mixed(at)) << 64 | u128::from(mixed(!at)),
                key_print: mixed(at % 1_000),
                nonce: mixed(at),
                stamp: Millis::from_secs(now.as_secs()),
                refuse_last_nonce: true,
                live_max: None,
                account: 1,
                is_read: true,
            };
            match stores.enter(&claim, &[], now).await {
                Ok((Claim::New, ..)) => {}
                Ok((other, ..)) => return Err(format!("nonce {at}: {other:?}")),
                Err(down) => return Err(format!("nonce {at}: {down:?}")),
            }
        }
        Ok(())
    })
}

/// splitmix64.
fn mixed(n: u64) -> u64 {
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
