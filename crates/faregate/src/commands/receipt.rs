//! `faregate explain <RequestId>`: one call of the last day, gate by gate.

use faregate_console::requests;
use faregate_contract::{Code, RequestId};
use faregate_gateway::ops::receipts;
use faregate_pipeline::order::ORDER;
use faregate_pipeline::time::Millis;
use faregate_stores::{Admin, BookedEntry, ChargeState, Kept, OpenHold, Receipt};
use serde_json::json;

use crate::clock::date_and_time;
use crate::exit::Failure;
use crate::output::{self, Shape};
use crate::place::Place;

/// How long a receipt may take from the call to the disk.
const ON_DISK_MS: u64 = 400;

/// What is known of a call.
struct Known {
    kept: Vec<Kept>,
    hold: Option<OpenHold>,
    entries: Vec<BookedEntry>,
}

/// Shows it.
pub(crate) fn explain(admin: &Admin, id: RequestId, place: &Place) -> Result<(), Failure> {
    let shape = &place.shape;
    let known = find(admin, id)?;
    let (later, own): (Vec<Receipt<'_>>, Vec<_>) =
        known.kept.iter().filter_map(Kept::receipt).partition(Receipt::is_settlement);
    let own = match (own.first(), &known.hold) {
        (Some(own), _) => own,
        (None, Some(hold)) => {
            show_hold(hold, &later, &known.entries, shape);
            return Ok(());
        }
        (None, None) => {
            return Err(Failure::usage(format!(
                "there is no receipt of {id}: receipts are kept for a day, in the data folder of the gateway that \
                 answered (--data DIR)"
            )));
        }
    };
    if shape.is_json() {
        let mut told = receipts::told(own, &later, known.hold.as_ref());
        if let Some(members) = told.as_object_mut() {
            members.insert("account".to_owned(), json!(own.account));
            members.insert("peer".to_owned(), json!(own.peer));
            members.insert("detail".to_owned(), json!(own.detail));
            members.insert("profile".to_owned(), json!(own.profile));
            members.insert("url".to_owned(), json!(page(admin, place, own)));
        }
        shape.write(&told, || {});
        return Ok(());
    }
    head(own);
    gates(own);
    money(own, &later, known.hold.as_ref(), &known.entries);
    if own.code != 0 {
        let topic = match (own.module, own.module_code) {
            (Some(module), Some(code)) => format!("{module} {code}"),
            _ => own.code.to_string(),
        };
        output::data(format_args!("\nMore: faregate explain {topic}"));
    }
    if let Some(url) = page(admin, place, own) {
        output::data(format_args!("\nFor its account, for five minutes:\n  {url}"));
    }
    Ok(())
}

/// The page of the call, by a link that the account's newest key signs; none where there is no key or no page.
fn page(admin: &Admin, place: &Place, own: &Receipt<'_>) -> Option<String> {
    let key = admin.newest_key(own.account?, requests::may_look).ok().flatten()?;
    // The gateway's own clock, which in a sandbox may be ahead.
    let now = admin.now().unwrap_or_else(|_| Millis::new(crate::clock::now_ms()));
    let link = requests::link(own.request_id, &key.id, &key.secret, now);
    Some(format!("{}{link}", place.pages()?))
}

fn find(admin: &Admin, id: RequestId) -> Result<Known, Failure> {
    let mut kept = admin.receipts_of(id)?;
    let now = u64::try_from(crate::clock::now_ms()).unwrap_or_default();
    if kept.is_empty() && now.saturating_sub(arrived_ms(id)) < 2_000 {
        // Answered a moment ago: its receipt is on its way to the disk.
        std::thread::sleep(std::time::Duration::from_millis(ON_DISK_MS));
        kept = admin.receipts_of(id)?;
    }
    let (hold, entries) = admin.books_of(id)?;
    Ok(Known { kept, hold, entries })
}

fn arrived_ms(id: RequestId) -> u64 {
    let [t0, t1, t2, t3, t4, t5, ..] = *id.as_bytes();
    u64::from_be_bytes([0, 0, t0, t1, t2, t3, t4, t5])
}

fn head(own: &Receipt<'_>) {
    let code = Code::from_wire(own.code);
    let what = match (own.action, own.module) {
        (Some(action), Some(module)) => format!("{action} of {module}"),
        _ => "a call that named no action of ours".to_owned(),
    };
    let who = own.account.map_or_else(|| "nobody known".to_owned(), |id| format!("account {id}"));
    let reason = own.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    let took = f64::from(own.took_us) / 1000.0;
    let answered = if code.is_success() { "Success" } else { code.error_type() };
    output::data(format_args!("{}\n", own.request_id));
    output::data(format_args!("call      {what}, by {who}, from {}", own.peer.unwrap_or("?")));
    output::data(format_args!("arrived   {}", utc(arrived_ms(own.request_id))));
    output::data(format_args!("answered  {code} {answered}{reason}, after {took:.1} ms"));
    if let Some(first) = own.replay_of {
        output::data(format_args!(
            "saved     the answer is that of {first}, which had the same token"
        ));
    }
    output::data("");
}

/// A line a gate; under the one that refused, its evidence.
fn gates(own: &Receipt<'_>) {
    for (place, gate) in ORDER.iter().enumerate() {
        let refused = own.gate.map(usize::from) == Some(place);
        let mark = own.marks.get(place);
        let until = own.marks.get(place.saturating_add(1)).copied();
        let until = until.unwrap_or_else(|| own.took_us.saturating_mul(10));
        let outcome = match mark {
            _ if refused => format!("refused with {}", own.code),
            Some(_) => "passed".to_owned(),
            None if own.code == 0 => "passed".to_owned(),
            None => "not reached".to_owned(),
        };
        let time = mark.map(|mark| f64::from(until.saturating_sub(*mark)) / 10.0);
        let time = time.map(|us| format!("{us:>10.1} us")).unwrap_or_default();
        let line = format!("  {:>2}  {:<10}  {outcome:<18}{time}", place + 1, gate.name);
        output::data(line.trim_end());
        if refused {
            evidence(own);
        }
    }
}

fn evidence(own: &Receipt<'_>) {
    let told = [("told", own.message), ("module", own.module_code), ("log", own.detail)];
    for (name, text) in told {
        if let Some(text) = text {
            output::data(format_args!("        {name:<7} {}", plain(text)));
        }
    }
    if let Some(profile) = own.profile {
        output::data(format_args!("        signed  as {}", plain(profile)));
    }
}

fn money(
    own: &Receipt<'_>,
    later: &[Receipt<'_>],
    hold: Option<&OpenHold>,
    entries: &[BookedEntry],
) {
    output::data("");
    match own.upstream_status {
        Some(status) => {
            let took = f64::from(own.upstream_us) / 1000.0;
            output::data(format_args!("upstream  HTTP {status} after {took:.1} ms"));
        }
        None if own.upstream_us > 0 => output::data("upstream  asked, and no answer came"),
        None => output::data("upstream  not asked"),
    }
    match (own.charge, hold) {
        (None, None) => output::data("charge    nothing"),
        (_, Some(hold)) => {
            let currency = hold.amount.currency();
            output::data(format_args!("charge    {} {currency} {}", hold.amount, hold.state));
        }
        (Some(charge), None) => {
            let currency = charge.amount.currency();
            let state = charge.state.as_str();
            output::data(format_args!("charge    {} {currency} {state}", charge.amount));
        }
    }
    show_settlements(later);
    show_entries(entries);
}

fn show_settlements(later: &[Receipt<'_>]) {
    for receipt in later {
        let Some(charge) = receipt.charge else { continue };
        let done = match charge.state {
            ChargeState::Committed => "committed",
            ChargeState::Released => "released",
            ChargeState::InDoubt => "left in doubt",
            ChargeState::Refunded => "refunded",
        };
        let why = receipt.detail.unwrap_or("by the gateway");
        output::data(format_args!("settled   {done}: {}", plain(why)));
    }
}

fn show_entries(entries: &[BookedEntry]) {
    for booked in entries {
        let (entry, currency) = (booked.entry, booked.entry.amount.currency());
        let note =
            if booked.note.is_empty() { String::new() } else { format!("  {}", booked.note) };
        output::data(format_args!(
            "entry {:<4}{} {currency} from {} to {}{}",
            booked.seq,
            entry.amount,
            entry.debit(),
            entry.credit(),
            plain(&note)
        ));
    }
}

/// A call that left no receipt: killed before its answer, or still under way.
fn show_hold(hold: &OpenHold, later: &[Receipt<'_>], entries: &[BookedEntry], shape: &Shape) {
    if shape.is_json() {
        shape.write(&receipts::told_by_hold(hold), || {});
        return;
    }
    let (id, currency) = (hold.request_id, hold.amount.currency());
    output::data(format_args!("{id}\n"));
    output::data(format_args!(
        "call      {} of {}, by account {}",
        hold.action, hold.module, hold.account
    ));
    output::data(format_args!("arrived   {}", utc(arrived_ms(id))));
    output::data(
        "answered  never: it is under way, or the gateway was killed, or it is older than a day",
    );
    output::data(format_args!("charge    {} {currency} {}", hold.amount, hold.state));
    show_settlements(later);
    show_entries(entries);
}

/// Text that clients or modules may have made: no control character reaches the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// `2026-11-24 11:40:19.123 UTC`.
fn utc(ms: u64) -> String {
    let s = i64::try_from(ms / 1_000).unwrap_or(i64::MAX);
    format!("{}.{:03} UTC", date_and_time(s), ms % 1_000)
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_time_is_shown_in_utc() {
        for (ms, text) in [
            (0, "1970-01-01 00:00:00.000 UTC"),
            (951_782_399_999, "2000-02-28 23:59:59.999 UTC"),
            (951_782_400_000, "2000-02-29 00:00:00.000 UTC"),
            (1_528_987_484_123, "2018-06-14 14:44:44.123 UTC"),
            (4_107_542_400_000, "2100-03-01 00:00:00.000 UTC"),
        ] {
            assert_eq!(utc(ms), text);
        }
    }

    #[test]
    fn no_control_character_reaches_the_terminal() {
        assert_eq!(plain("a\u{1b}[31mb\n"), "a\u{fffd}[31mb\u{fffd}");
    }
}
