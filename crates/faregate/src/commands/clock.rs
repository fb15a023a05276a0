//! `faregate clock`: the sandbox's own time.

use clap::Args;
use serde_json::json;

use super::fault::{followed, followed_in_sandbox};
use super::maintenance::duration_ms;
use crate::clock::{date_and_time, now_ms};
use crate::exit::Failure;
use crate::output;
use crate::place::Place;

/// Set the sandbox's clock ahead: signatures expire, quotas refill, maintenance ends
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate clock +3h\n  faregate clock reset",
    after_help = "It goes forward only, or back to the machine's time by `reset`; nonces that were spent stay spent either way.\n\
                  Clients sign by their own clocks: after +3h theirs are 3 h behind, which is 4500 until they follow."
)]
pub(crate) struct Clock {
    /// `+90s`, `+10m`, `+3h` or `+1d`; `reset`; or `show`, which is the default
    #[arg(value_name = "TO", allow_hyphen_values = true, value_parser = to)]
    to: Option<To>,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    Ahead(i64),
    Reset,
    Show,
}

fn to(text: &str) -> Result<To, String> {
    match (text, text.strip_prefix('+')) {
        ("reset", _) => Ok(To::Reset),
        ("show", _) => Ok(To::Show),
        (_, Some(time)) => duration_ms(time).map(To::Ahead),
        (_, None) if text.starts_with('-') => {
            Err("the clock only goes forward; `reset` sets it to the machine's time".to_owned())
        }
        (_, None) => Err("write it as +3h, `show` or `reset`".to_owned()),
    }
}

impl Clock {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut admin = self.place.open()?;
        match self.to.unwrap_or(To::Show) {
            To::Ahead(ms) => {
                admin.advance_clock(ms)?;
                followed(&admin)?;
            }
            To::Reset => {
                admin.reset_clock()?;
                followed_in_sandbox(&admin)?;
            }
            To::Show => {}
        }
        let ahead_ms = match self.to {
            Some(To::Reset) => 0,
            Some(To::Ahead(_) | To::Show) | None => admin.sandbox()?.ahead_ms,
        };
        let machine_s = now_ms() / 1000;
        let sandbox_s = (now_ms().saturating_add(ahead_ms)) / 1000;
        let told = json!({ "aheadMs": ahead_ms, "sandbox": sandbox_s, "machine": machine_s });
        let rows = [("sandbox", sandbox_s), ("machine", machine_s)]
            .map(|(name, s)| [name.to_owned(), date_and_time(s), s.to_string()]);
        self.place.shape.write(&told, || {
            output::table(["CLOCK", "UTC", "TIMESTAMP"], &rows);
            if ahead_ms > 0 {
                output::data(format_args!("\n{} ahead", span(ahead_ms)));
            }
        });
        Ok(())
    }
}

/// `1 d 2 h 3 min`, without what is nothing.
fn span(ms: i64) -> String {
    let s = ms / 1000;
    let parts = [(s / 86_400, "d"), (s / 3_600 % 24, "h"), (s / 60 % 60, "min"), (s % 60, "s")];
    let said = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}"));
    said.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn the_clock_goes_ahead_or_is_reset() {
        assert_eq!(to("+3h"), Ok(To::Ahead(10_800_000)));
        assert_eq!((to("reset"), to("show")), (Ok(To::Reset), Ok(To::Show)));
        for (text, says) in
            [("-3h", "only goes forward"), ("3h", "+3h"), ("+", "90s"), ("+3", "90s"), ("", "+3h")]
        {
            assert!(to(text).unwrap_err().contains(says), "{text}");
        }
    }

    #[test]
    fn a_moment_is_said_as_a_date() {
        for (s, text) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_400, "2000-02-29 00:00:00"),
            (1_526_896_800, "2018-05-21 10:00:00"),
            (4_107_542_399, "2100-02-28 23:59:59"),
            (4_107_542_400, "2100-03-01 00:00:00"),
        ] {
            assert_eq!(date_and_time(s), text);
        }
        assert_eq!(span(93_784_000), "1 d 2 h 3 min 4 s");
        assert_eq!(span(10_800_000), "3 h");
    }
}
