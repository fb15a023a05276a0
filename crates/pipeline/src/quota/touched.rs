//! Which cells a call touches, and what it takes from them.

use std::hash::Hasher as _;
use std::net::IpAddr;
use std::num::NonZeroU32;

use faregate_catalog::Operation;
use siphasher::sip::SipHasher24;
use smallvec::SmallVec;

use super::is_dry_run;
use crate::authn::Authenticated;
use crate::facts::{
    Account, Cell, CellKey, Kind, Limit, Limits, OwnQuota, Quotas, Rate, Scope, Subject,
};

/// The cells of a call; most have no more than these.
pub type Cells = SmallVec<[Cell; 4]>;

/// How often an account may rehearse: a dry run uses none of its quotas, and is not for nothing.
const DRY_RUNS: Rate = Rate {
    per_second: NonZeroU32::MIN.saturating_add(9),
    burst: NonZeroU32::MIN.saturating_add(49),
};

/// The same cells without what the call takes: for an answer that used nothing, and yet says what is left.
#[must_use]
pub fn at_no_cost(mut cells: Cells) -> Cells {
    cells.iter_mut().for_each(|cell| cell.cost = 0);
    cells
}

/// The cells that a call takes from: those of [`of_the_call`], or that of dry runs alone.
#[must_use]
pub fn cells(call: &Authenticated, defaults: &Quotas) -> Cells {
    if !is_dry_run(call) {
        return of_the_call(call, defaults);
    }
    let key = CellKey { subject: Subject::Rehearsal(call.account().slot), kind: Kind::Rate };
    let (limit, name) = (Limit::Rate(DRY_RUNS), "dry-run");
    SmallVec::from_iter([Cell { key, limit, cost: 1, name, hidden: false, in_calls: true }])
}

/// The names of a scope's four kinds of limits in the headers.
type Names = [&'static str; 4];
const ACCOUNT: Names = ["account", "account-day", "account-month", "account-at-once"];
const ACTION: Names = ["action", "action-day", "action-month", "action-at-once"];
const KEY: Names = ["key", "key-day", "key-month", "key-at-once"];
const ADDRESS: Names = ["address", "address-day", "address-month", "address-at-once"];

/// The cells that a call touches: of its account, of its account at this action, of its key, of its address.
///
/// Whatever a client may choose (a key of several, a spelling, a domain of the module) leads to the same cells of its
/// account, so that traffic gains nothing by being spread.
#[must_use]
pub fn of_the_call(call: &Authenticated, defaults: &Quotas) -> Cells {
    let operation = call.operation();
    let account = call.account();
    let mut cells = Cells::new();
    let cost = match &operation.batch {
        None => 1,
        Some(batch) => {
            let items = call.input().count_items(&operation.parameters, &batch.over);
            u32::try_from(items).unwrap_or(u32::MAX).clamp(1, batch.max)
        }
    };
    let own = |scope| own(account, scope, None);
    let mut of_account = merged(own(Scope::Account), defaults.account);
    of_account.rate = account.rate.or(of_account.rate);
    add(&mut cells, of_account, ACCOUNT, cost, || Subject::Account(account.slot));
    let module = call.module();
    let documented = documented(operation);
    let said = if account.quotas.is_empty() {
        None
    } else {
        let name = format!("{}:{}", module.name, operation.action);
        self::own(account, Scope::Action, Some(&name)).or_else(|| own(Scope::Action))
    };
    let of_action = merged(said, merged(Some(&documented), defaults.action));
    add(&mut cells, of_action, ACTION, cost, || {
        Subject::Action(account.slot, print(&[&module.name, &operation.action]))
    });
    add(&mut cells, merged(own(Scope::Key), defaults.key), KEY, cost, || {
        Subject::Key(account.slot, print(&[call.key().id.as_str()]))
    });
    add(&mut cells, merged(own(Scope::Address), defaults.address), ADDRESS, cost, || {
        Subject::Address(address(call.raw().peer))
    });
    cells
}

fn own<'a>(account: &'a Account, scope: Scope, action: Option<&str>) -> Option<&'a Limits> {
    let fits = |own: &&OwnQuota| own.scope == scope && own.action.as_deref() == action;
    account.quotas.iter().find(fits).map(|own| &own.limits)
}

/// What the module's document says.
fn documented(operation: &Operation) -> Limits {
    let rate = operation.quota.map(|rate| Rate { per_second: rate.per_second, burst: rate.burst });
    let faregate_catalog::Totals { day, month, at_once, in_calls, hidden } = operation.totals;
    Limits { rate, day, month, at_once, in_calls, hidden }
}

/// Each limit as it is said, else as it is said for all.
fn merged(said: Option<&Limits>, otherwise: Limits) -> Limits {
    let Some(said) = said else { return otherwise };
    Limits {
        rate: said.rate.or(otherwise.rate),
        day: said.day.or(otherwise.day),
        month: said.month.or(otherwise.month),
        at_once: said.at_once.or(otherwise.at_once),
        in_calls: said.in_calls || otherwise.in_calls,
        hidden: said.hidden || otherwise.hidden,
    }
}

fn add(
    cells: &mut Cells,
    limits: Limits,
    names: Names,
    cost: u32,
    subject: impl FnOnce() -> Subject,
) {
    let Limits { rate, day, month, at_once, in_calls, hidden } = limits;
    let all = [
        rate.map(Limit::Rate),
        day.map(Limit::Day),
        month.map(Limit::Month),
        at_once.map(Limit::AtOnce),
    ];
    if all.iter().all(Option::is_none) {
        return;
    }
    let subject = subject();
    let cost = if in_calls { 1 } else { cost };
    for (limit, name) in all.into_iter().zip(names) {
        let Some(limit) = limit else { continue };
        let key = CellKey { subject, kind: Kind::of(limit) };
        cells.push(Cell { key, limit, cost, name, hidden, in_calls });
    }
}

/// The same for the same names in every process and release: cells are kept by it.
#[must_use]
pub fn print(names: &[&str]) -> u64 {
    let mut hasher = SipHasher24::new_with_keys(0x6661_7265, 0x6761_7465);
    for name in names {
        hasher.write(name.as_bytes());
        // Names of two parts are not those of another two.
        hasher.write_u8(0xff);
    }
    hasher.finish()
}

/// Whose address it is: one IPv4 address, or the 64 bits that one client of IPv6 has.
fn address(peer: IpAddr) -> u128 {
    match peer.to_canonical() {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6) & !u128::from(u64::MAX),
    }
}
