//! Failpoints: where a test lets the purchase path be killed, panic, hang, or meet a disk that fails.
//!
//! They are in builds with debug assertions alone: what is shipped has none, whatever its environment says.
//! `FAREGATE_FAILPOINT=reserve.held#1=eio:FILE` strikes at the first arrival there, and makes the file.

#[cfg(debug_assertions)]
use std::path::PathBuf;
#[cfg(debug_assertions)]
use std::sync::OnceLock;
#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicU32, Ordering};

#[cfg(debug_assertions)]
use crate::environment;

/// Arrives at a point of the store.
///
/// # Errors
/// The disk fails here, on purpose.
#[cfg(not(debug_assertions))]
#[expect(clippy::unnecessary_wraps, reason = "with debug assertions it fails on purpose")]
pub(crate) const fn at(_point: &str) -> rusqlite::Result<()> {
    Ok(())
}

/// Arrives at a point where no disk is asked.
#[cfg(not(debug_assertions))]
pub const fn pass(_point: &str) {}

/// Arrives at a point where no disk is asked.
#[cfg(debug_assertions)]
pub fn pass(point: &str) {
    // What a disk would say is nobody's concern here.
    drop(at(point));
}

/// Arrives at a point of the store.
///
/// # Errors
/// The disk fails here, on purpose.
#[cfg(debug_assertions)]
pub(crate) fn at(point: &str) -> rusqlite::Result<()> {
    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
    match PLAN.get_or_init(Plan::read) {
        Some(plan) if plan.point == point => plan.arrive(),
        Some(_) | None => Ok(()),
    }
}

#[cfg(debug_assertions)]
struct Plan {
    point: String,
    /// At which arrival.
    turn: u32,
    kind: String,
    struck: PathBuf,
    n_arrived: AtomicU32,
}

#[cfg(debug_assertions)]
impl Plan {
    fn read() -> Option<Self> {
        let text = environment::failpoint()?;
        let (place, rest) = text.split_once('=')?;
        let (point, turn) = place.split_once('#')?;
        let (kind, struck) = rest.split_once(':')?;
        Some(Self {
            point: point.to_owned(),
            turn: turn.parse().ok()?,
            kind: kind.to_owned(),
            struck: PathBuf::from(struck),
            n_arrived: AtomicU32::new(0),
        })
    }

    fn arrive(&self) -> rusqlite::Result<()> {
        let n_before = self.n_arrived.fetch_add(1, Ordering::SeqCst);
        if n_before.saturating_add(1) != self.turn {
            return Ok(());
        }
        // Whoever waits for the file sees it before anything ends.
        drop(std::fs::write(&self.struck, &self.kind));
        let failed = |code| {
            let why = Some("a failpoint".to_owned());
            Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), why))
        };
        match self.kind.as_str() {
            "kill" => std::process::abort(),
            "panic" => std::panic::resume_unwind(Box::new("a failpoint")),
            "hang" => loop {
                std::thread::park();
            },
            "eio" => failed(rusqlite::ffi::SQLITE_IOERR),
            "enospc" => failed(rusqlite::ffi::SQLITE_FULL),
            _ => Ok(()),
        }
    }
}
