//! A progress bar, on standard error, where a person looks at it: share, rate and time left.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::{clock, environment};

/// How long nothing is said, and between two pictures.
const QUIET: Duration = Duration::from_millis(200);

const WIDTH: u64 = 24;

/// Dropped, it leaves a clean line.
#[derive(Debug)]
pub(crate) struct Bar {
    what: &'static str,
    began: Instant,
    drawn: Option<Instant>,
    seen: bool,
}

impl Bar {
    /// `what` is counted, in the plural.
    pub(crate) fn new(what: &'static str) -> Self {
        let dumb = environment::text("TERM").is_some_and(|term| term == "dumb");
        let seen = std::io::stderr().is_terminal() && !dumb;
        Self { what, began: clock::monotonic(), drawn: None, seen }
    }

    /// So many of so many are done.
    pub(crate) fn at(&mut self, done: u64, all: u64) {
        let since = self.drawn.unwrap_or(self.began).elapsed();
        if self.seen && since >= QUIET {
            self.drawn = Some(clock::monotonic());
            let line = picture(self.what, done, all, self.began.elapsed());
            drop(write!(std::io::stderr().lock(), "\r\u{1b}[K{line}"));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            drop(write!(std::io::stderr().lock(), "\r\u{1b}[K"));
        }
    }
}

fn picture(what: &str, done: u64, all: u64, took: Duration) -> String {
    let all = all.max(done).max(1);
    let share = |of: u64| done.saturating_mul(of).checked_div(all).unwrap_or(0);
    let full = usize::try_from(share(WIDTH)).unwrap_or(0);
    let empty = usize::try_from(WIDTH).unwrap_or(0).saturating_sub(full);
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = done.saturating_mul(1_000).checked_div(ms).unwrap_or(0);
    let left_s = (all - done).checked_div(rate.max(1)).unwrap_or(0);
    format!(
        "[{}{}] {:>3} %  {done} of {all} {what}, {rate}/s, {left_s} s left",
        "#".repeat(full),
        "-".repeat(empty),
        share(100)
    )
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_picture_tells_share_rate_and_time_left() {
        for (done, all, took_s, tells) in [
            (0, 0, 0, "[------------------------]   0 %  0 of 1 entries, 0/s, 1 s left"),
            (5, 10, 1, "[############------------]  50 %  5 of 10 entries, 5/s, 1 s left"),
            (10, 10, 2, "[########################] 100 %  10 of 10 entries, 5/s, 0 s left"),
            (11, 10, 1, "[########################] 100 %  11 of 11 entries, 11/s, 0 s left"),
        ] {
            assert_eq!(picture("entries", done, all, Duration::from_secs(took_s)), tells);
        }
    }
}
