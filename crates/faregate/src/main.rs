//! `faregate`: the front door of a cloud API, from the command line.

mod cli;
mod clock;
mod commands;
mod control;
mod environment;
mod exit;
mod gate;
mod modules;
mod output;
mod place;
mod reference;
mod running;
mod scenario;

use std::process::ExitCode;

use clap::Parser;

// Calls allocate many short strings; the system's allocator is slower at it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    match cli.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                output::error(message);
            }
            failure.exit().into()
        }
    }
}
