//! Where cells lie in Redis, and by which numbers its scripts decide.

use faregate_pipeline::facts::{Cell, CellKey, Kind, Limit, Rate, Subject};
use faregate_pipeline::quota::cells::Kept;
use faregate_pipeline::quota::gcra::emptiest;
use redis::ScriptInvocation;
use smallvec::SmallVec;

/// Numbers of Lua are whole up to here.
const WHOLE: u64 = 1 << 53;

/// The hash that a cell is a field of, in a slot of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Book {
    Account(i64),
    Address(u128),
}

impl Book {
    pub(super) const fn of(cell: &Cell) -> Self {
        Self::of_key(&cell.key)
    }

    pub(super) const fn of_key(key: &CellKey) -> Self {
        match key.subject {
            Subject::Account(slot)
            | Subject::Action(slot, _)
            | Subject::Key(slot, _)
            | Subject::Rehearsal(slot) => Self::Account(slot),
            Subject::Address(address) => Self::Address(address),
        }
    }

    pub(super) fn name(self, prefix: &str) -> String {
        match self {
            Self::Account(slot) => format!("{prefix}{{{slot}}}"),
            Self::Address(address) => format!("{prefix}{{a{address:x}}}"),
        }
    }
}

/// Every book that these cells lie in, once.
pub(super) fn books(cells: &[Cell]) -> SmallVec<[Book; 2]> {
    let mut books = SmallVec::new();
    for book in cells.iter().map(Book::of) {
        if !books.contains(&book) {
            books.push(book);
        }
    }
    books
}

/// What a script is told of a cell.
pub(super) fn tell(call: &mut ScriptInvocation<'_>, cell: &Cell) {
    // Every field by its name: one that is new is carried over here, or does not compile.
    let Cell { key, limit, cost, name: _, hidden: _, in_calls: _ } = cell;
    call.arg(field(key));
    let whole = |n: u64| n.min(WHOLE);
    match limit {
        Limit::Rate(rate) => {
            let most = (*cost).min(rate.burst.get());
            let of = |units| emptiest(0, Rate { burst: units, ..*rate });
            let cost_us = std::num::NonZeroU32::new(most).map_or(0, of);
            call.arg("r").arg(emptiest(0, *rate)).arg(cost_us);
        }
        Limit::Day(total) | Limit::Month(total) => {
            let kind = if key.kind == Kind::Day { "d" } else { "m" };
            let total = whole(total.get());
            call.arg(kind).arg(total).arg(u64::from(*cost).min(total));
        }
        Limit::AtOnce(most) => {
            call.arg("c").arg(most.get()).arg((*cost).min(1));
        }
    }
}

/// Of calls under way it is the beginning of each gateway's own.
pub(super) fn field(key: &CellKey) -> String {
    let kind = match key.kind {
        Kind::Rate => "qr",
        Kind::Day => "qd",
        Kind::Month => "qm",
        Kind::AtOnce => "qc",
    };
    let end = if key.kind == Kind::AtOnce { "." } else { "" };
    match key.subject {
        Subject::Account(_) | Subject::Address(_) => format!("{kind}a{end}"),
        Subject::Action(_, print) => format!("{kind}x{print:x}{end}"),
        Subject::Key(_, print) => format!("{kind}k{print:x}{end}"),
        Subject::Rehearsal(_) => format!("{kind}r{end}"),
    }
}

/// The cell of an account's field, and what is kept of it; none, if the field is no cell's.
pub(super) fn read(slot: i64, field: &str, value: &str) -> Option<(CellKey, Kept)> {
    let (kind, subject) = field.strip_prefix('q')?.split_at_checked(1)?;
    let kind = match kind {
        "r" => Kind::Rate,
        "d" => Kind::Day,
        "m" => Kind::Month,
        "c" => Kind::AtOnce,
        _ => return None,
    };
    let subject = subject.split_once('.').map_or(subject, |(subject, _)| subject);
    let (first, print) = subject.split_at_checked(1)?;
    let print = || u64::from_str_radix(print, 16).ok();
    let subject = match first {
        "a" => Subject::Account(slot),
        "r" => Subject::Rehearsal(slot),
        "x" => Subject::Action(slot, print()?),
        "k" => Subject::Key(slot, print()?),
        _ => return None,
    };
    let kept = match kind {
        Kind::Rate => Kept { at: value.parse().ok()?, used: 0 },
        Kind::AtOnce => Kept { at: 0, used: value.parse().ok()? },
        Kind::Day | Kind::Month => {
            let (at, used) = value.split_once(' ')?;
            Kept { at: at.parse().ok()?, used: used.parse().ok()? }
        }
    };
    Some((CellKey { subject, kind }, kept))
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_field_is_read_as_the_cell_that_it_was_written_for() {
        let subjects = [
            Subject::Account(7),
            Subject::Action(7, 0xfeed),
            Subject::Key(7, 1),
            Subject::Rehearsal(7),
        ];
        for subject in subjects {
            for (kind, value, kept) in [
                (Kind::Rate, "1800000000000000", Kept { at: 1_800_000_000_000_000, used: 0 }),
                (Kind::Day, "19000 3", Kept { at: 19_000, used: 3 }),
                (Kind::Month, "24221 9", Kept { at: 24_221, used: 9 }),
                (Kind::AtOnce, "2", Kept { at: 0, used: 2 }),
            ] {
                let key = CellKey { subject, kind };
                let name = if kind == Kind::AtOnce { "0a1b2c3d" } else { "" };
                assert_eq!(read(7, &format!("{}{name}", field(&key)), value), Some((key, kept)));
            }
        }
        for (field, value) in [("e", "1"), ("l1f", "7 1"), ("qz", "1"), ("qra", "x"), ("qda", "1")]
        {
            assert_eq!(read(7, field, value), None, "{field}");
        }
    }
}
