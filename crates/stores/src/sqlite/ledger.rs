//! Money, as rows. What may happen is decided by `faregate-ledger`; this reads and writes it down.

use faregate_contract::RequestId;
use faregate_ledger::{Capped, Ending, Entry, Hold, HoldState, Money, Move, Refused, Step};
use faregate_pipeline::facts::{HoldOutcome, Intent, Settlement};
use faregate_pipeline::time::Millis;

use super::balances::{About, book, books, locked, set_spent};
use super::{currency, orders};
use crate::error::{Fault, broken};
use crate::failpoint;
use crate::sql::{Connection, Row, Rows};

/// A hold that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenHold {
    /// The call's id.
    pub request_id: RequestId,
    /// Whose money.
    pub account: String,
    /// How much.
    pub amount: Money,
    /// Where it is: in doubt, or on its way.
    pub state: HoldState,
    /// For what.
    pub module: String,
    /// For what.
    pub action: String,
    /// Since when.
    pub at: Millis,
    /// Since when it is in doubt, if it is: nothing of it was sent after that.
    pub doubted_at: Option<Millis>,
}

/// Sets the intent's price aside, unless this call, or these bytes, did so before. Claims are kept
/// for twice the window: a stamp may be one window ahead, and is good for one more.
pub(crate) fn reserve(
    c: &Connection,
    intent: &Intent,
    window_ms: i64,
    now: Millis,
) -> Result<HoldOutcome, Fault> {
    failpoint::at("reserve.begin")?;
    let (id, print) = (intent.request_id.as_bytes(), intent.print.to_be_bytes());
    c.prepare_cached("DELETE FROM claims WHERE at_ms < ?1")?
        .execute([now.plus(window_ms.saturating_mul(-2)).as_ms()])?;
    let held = c
        .prepare_cached(
            "SELECT 1 FROM holds WHERE request_id = ?1 \
             UNION ALL SELECT 1 FROM claims WHERE print = ?2",
        )?
        .exists((id, print))?;
    if held {
        return Ok(HoldOutcome::Duplicate);
    }
    let nothing = Money::zero(intent.amount.currency());
    let Some((mut balance, mut daily)) = books(c, &intent.account)? else {
        return Ok(HoldOutcome::Insufficient { available: nothing, credit: nothing });
    };
    let (hold, entry) = match Hold::reserve(&mut balance, intent.amount) {
        Ok(reserved) => reserved,
        Err(Refused::Insufficient { available }) => {
            return Ok(HoldOutcome::Insufficient { available, credit: balance.credit() });
        }
        // Of the price's currency the account has nothing.
        Err(Refused::Currency { .. }) => {
            return Ok(HoldOutcome::Insufficient { available: nothing, credit: nothing });
        }
        Err(
            refused @ (Refused::NotHeld { .. }
            | Refused::NotPositive(_)
            | Refused::NotSpent { .. }
            | Refused::Overflow
            | Refused::WrongStep { .. }),
        ) => return Err(broken(refused)),
    };
    if let Err(Capped { cap, spent, resets_at_ms }) = daily.spend(intent.amount, now.as_ms()) {
        return Ok(HoldOutcome::Capped { cap, spent, resets_at: Millis::new(resets_at_ms) });
    }
    c.prepare_cached(
        "INSERT INTO holds \
         (request_id, account, amount, currency, state, module, action, print, at_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute((
        id,
        &intent.account,
        intent.amount.micros(),
        intent.amount.currency().as_str(),
        hold.state().as_str(),
        &intent.module,
        &intent.action,
        print,
        now.as_ms(),
    ))?;
    failpoint::at("reserve.held")?;
    c.prepare_cached("INSERT INTO claims (print, request_id, at_ms) VALUES (?1, ?2, ?3)")?
        .execute((print, id, now.as_ms()))?;
    let about = About { account: &intent.account, request_id: Some(intent.request_id), note: "" };
    book(c, about, entry, &balance, now)?;
    set_spent(c, &intent.account, &daily)?;
    failpoint::at("reserve.booked")?;
    Ok(HoldOutcome::Held)
}

/// A hold, whose it is and since when.
struct Kept {
    hold: Hold,
    account: String,
    at: Millis,
}

/// None if there is no such hold.
fn hold(c: &Connection, id: RequestId) -> Result<Option<Kept>, Fault> {
    c.lock("SELECT 1 FROM holds WHERE request_id = ?1", [id.as_bytes()])?;
    let Some(open) = hold_of(c, id)? else { return Ok(None) };
    let hold = Hold::restore(open.amount, open.state);
    Ok(Some(Kept { hold, account: open.account, at: open.at }))
}

/// Takes steps with a hold, and books its end. None if there is no such hold.
///
/// `plan` sees the state and says the steps.
pub(crate) fn advance(
    c: &Connection,
    id: RequestId,
    note: &str,
    now: Millis,
    plan: impl FnOnce(HoldState) -> Result<Vec<Step>, Fault>,
) -> Result<Option<HoldState>, Fault> {
    let Some(Kept { mut hold, account, at }) = hold(c, id)? else {
        return Ok(None);
    };
    let steps = plan(hold.state())?;
    if steps.is_empty() {
        return Ok(Some(hold.state()));
    }
    let found = locked(c, &account)?;
    let (mut after, mut daily) = found.ok_or_else(|| broken("a hold without a balance"))?;
    for step in steps {
        let entry = hold.step(&mut after, step).map_err(broken)?;
        if let Some(entry) = entry {
            book(c, About { account: &account, request_id: Some(id), note }, entry, &after, now)?;
            if entry.way == Move::Release {
                daily.give_back(entry.amount, at.as_ms());
                set_spent(c, &account, &daily)?;
            }
        }
    }
    let left = !hold.state().is_open() || hold.state() == HoldState::InDoubt;
    set_state(c, id, hold.state(), left.then_some(now))?;
    Ok(Some(hold.state()))
}

/// The mark that the first byte may go upstream.
pub(crate) fn mark_sending(c: &Connection, id: RequestId) -> Result<(), Fault> {
    failpoint::at("mark.begin")?;
    let from = hold(c, id)?.ok_or_else(|| unknown(id))?.hold.state();
    let sending = from.after(Step::Send).ok_or(Refused::WrongStep { from, step: Step::Send });
    set_state(c, id, sending.map_err(broken)?, None)?;
    Ok(failpoint::at("mark.done")?)
}

/// `left` is when it ended, or came to be in doubt.
fn set_state(
    c: &Connection,
    id: RequestId,
    state: HoldState,
    left: Option<Millis>,
) -> Result<(), Fault> {
    c.prepare_cached("UPDATE holds SET state = ?2, ended_at_ms = ?3 WHERE request_id = ?1")?
        .execute((id.as_bytes(), state.as_str(), left.map(Millis::as_ms)))?;
    Ok(())
}

/// Ends a hold as the call went, or leaves it in doubt. Said again, it changes nothing; said
/// otherwise after the end, it is refused.
pub(crate) fn settle(
    c: &Connection,
    id: RequestId,
    settlement: Settlement,
    note: &str,
    now: Millis,
) -> Result<(), Fault> {
    let mut unsent = false;
    let plan = |state: HoldState| {
        let ending = match settlement {
            Settlement::Commit => Some(Ending::Commit),
            Settlement::Release => Some(Ending::Release),
            Settlement::InDoubt => None,
        };
        unsent = state == HoldState::Reserved;
        match (state, ending) {
            // Never sent, so there is nothing to doubt.
            (HoldState::Reserved, Some(Ending::Release) | None) => Ok(vec![Step::GiveBack]),
            (HoldState::Sending, None) => Ok(vec![Step::Doubt]),
            (HoldState::Sending, Some(ending)) => Ok(vec![Step::Answer(ending), Step::Settle]),
            // The answer came after all.
            (HoldState::InDoubt, Some(ending)) => Ok(vec![Step::Judge(ending)]),
            (HoldState::Answered(_), None) => Ok(vec![Step::Settle]),
            (HoldState::Answered(saved), Some(ending)) if saved == ending => Ok(vec![Step::Settle]),
            (HoldState::Committed, Some(Ending::Commit) | None)
            | (HoldState::Released, Some(Ending::Release) | None)
            | (HoldState::InDoubt, None) => Ok(Vec::new()),
            (HoldState::Reserved, Some(Ending::Commit))
            | (HoldState::Answered(_) | HoldState::Committed | HoldState::Released, Some(_)) => {
                Err(broken(format!("the hold of {id} is {state}: it cannot {settlement:?}")))
            }
        }
    };
    advance(c, id, note, now, plan)?.ok_or_else(|| unknown(id))?;
    if unsent {
        // The same bytes may be invited again (an unsent 6200).
        c.prepare_cached("DELETE FROM claims WHERE request_id = ?1")?.execute([id.as_bytes()])?;
        orders::forget(c, id)?;
    }
    Ok(())
}

pub(crate) fn unknown(id: RequestId) -> Fault {
    broken(format!("there is no hold of {id}"))
}

/// After a crash: gives back what was never sent, doubts what was. How many of each.
pub(crate) fn recover(c: &Connection, now: Millis) -> Result<(usize, usize), Fault> {
    let (mut n_released, mut n_in_doubt) = (0, 0);
    for open in open_holds(c)? {
        let plan = |state: HoldState| Ok(state.on_restart().into_iter().collect());
        match advance(c, open.request_id, "after a restart", now, plan)? {
            Some(HoldState::Released) => {
                orders::forget(c, open.request_id)?;
                n_released += 1;
            }
            Some(HoldState::InDoubt) => n_in_doubt += 1,
            Some(
                HoldState::Reserved
                | HoldState::Sending
                | HoldState::Answered(_)
                | HoldState::Committed,
            )
            | None => {}
        }
    }
    Ok((n_released, n_in_doubt))
}

/// Holds that have not ended, oldest first.
pub(crate) fn open_holds(c: &Connection) -> Result<Vec<OpenHold>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT request_id, account, amount, currency, state, module, action, at_ms, ended_at_ms \
         FROM holds WHERE state NOT IN ('committed', 'released') ORDER BY at_ms, request_id",
    )?;
    let (mut rows, mut holds) = (statement.query([])?, Vec::new());
    while let Some(row) = rows.next()? {
        holds.push(row_of(&row)?);
    }
    Ok(holds)
}

/// The hold of a call, whatever became of it.
pub(crate) fn hold_of(c: &Connection, id: RequestId) -> Result<Option<OpenHold>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT request_id, account, amount, currency, state, module, action, at_ms, ended_at_ms \
         FROM holds WHERE request_id = ?1",
    )?;
    let mut rows = statement.query([id.as_bytes()])?;
    rows.next()?.map(|row| row_of(&row)).transpose()
}

fn row_of(row: &Row<'_>) -> Result<OpenHold, Fault> {
    let code: String = row.get("currency")?;
    let state: String = row.get("state")?;
    let state = HoldState::parse(&state).map_err(broken)?;
    let left: Option<i64> = row.get("ended_at_ms")?;
    Ok(OpenHold {
        doubted_at: left.filter(|_| state == HoldState::InDoubt).map(Millis::new),
        request_id: RequestId::from_bytes(row.get("request_id")?),
        account: row.get("account")?,
        amount: Money::from_micros(row.get("amount")?, currency(&code)?),
        state,
        module: row.get("module")?,
        action: row.get("action")?,
        at: Millis::new(row.get("at_ms")?),
    })
}

/// An entry of the books, as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedEntry {
    /// Its number.
    pub seq: i64,
    /// When it was booked.
    pub at: Millis,
    /// What moved.
    pub entry: Entry,
    /// Why.
    pub note: String,
}

/// The entries of a call, oldest first.
pub(crate) fn entries_of(c: &Connection, id: RequestId) -> Result<Vec<BookedEntry>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT seq, at_ms, way, amount, currency, note FROM entries \
         WHERE request_id = ?1 ORDER BY seq",
    )?;
    booked(statement.query([id.as_bytes()])?)
}

/// The newest entries of an account before the one of this number, newest first.
pub(crate) fn newest_entries(
    c: &Connection,
    account: &str,
    before: Option<i64>,
    n_max: usize,
) -> Result<Vec<BookedEntry>, Fault> {
    let mut statement = c.prepare_cached(
        "SELECT seq, at_ms, way, amount, currency, note FROM entries \
         WHERE account = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
    )?;
    let n_max = i64::try_from(n_max).unwrap_or(i64::MAX);
    booked(statement.query((account, before.unwrap_or(i64::MAX), n_max))?)
}

fn booked(mut rows: Rows<'_>) -> Result<Vec<BookedEntry>, Fault> {
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let way: String = row.get("way")?;
        let code: String = row.get("currency")?;
        entries.push(BookedEntry {
            seq: row.get("seq")?,
            at: Millis::new(row.get("at_ms")?),
            entry: Entry {
                way: Move::parse(&way).map_err(broken)?,
                amount: Money::from_micros(row.get("amount")?, currency(&code)?),
            },
            note: row.get("note")?,
        });
    }
    Ok(entries)
}
