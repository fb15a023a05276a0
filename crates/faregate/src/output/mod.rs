//! The only place that prints: data to standard output, everything else to standard error.
//!
//! A reader that went away (`faregate codes | head -1`) is no error, so what cannot be written is dropped.

mod bar;
mod shape;

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::environment;
use crate::exit::Exit;

pub(crate) use bar::Bar;
pub(crate) use shape::Shape;

/// One line of data.
pub(crate) fn data(line: impl Display) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}

/// One line of JSON.
pub(crate) fn json(value: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(value) {
        data(line);
    }
}

/// One line for the person at the terminal.
pub(crate) fn note(line: impl Display) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

/// Why it was not done, in one line.
pub(crate) fn error(message: &str) {
    let (red, plain) = if is_coloured() { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
    note(format_args!("{red}error:{plain} {message}"));
}

/// Help and version to standard output; a wrong command line to standard error, exit 2.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    drop(error.print());
    if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS }
}

/// Rows in columns as wide as they need to be.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) {
    let mut widths = header.map(|title| title.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    data(line(header));
    for row in rows {
        data(line(row.each_ref().map(String::as_str)));
    }
}

/// Is standard output read by a person.
pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// May standard error be coloured: `NO_COLOR` forbids it, `CLICOLOR_FORCE` and `FORCE_COLOR` demand it.
pub(crate) fn is_coloured() -> bool {
    if environment::is_set("NO_COLOR") {
        return false;
    }
    let dumb = environment::text("TERM").is_some_and(|term| term == "dumb");
    environment::is_set("CLICOLOR_FORCE")
        || environment::is_set("FORCE_COLOR")
        || (std::io::stderr().is_terminal() && !dumb)
}
