//! `faregate completion` and `faregate man`: what shells and manuals know of the command line, made from it.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::{Exit, Failure};
use crate::output;

/// Print a script that completes commands and flags in your shell
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate completion bash > ~/.local/share/bash-completion/completions/faregate\n  faregate completion fish > ~/.config/fish/completions/faregate.fish"
)]
pub(crate) struct Completion {
    /// The shell
    #[arg(value_enum)]
    shell: Known,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Known {
    Bash,
    Zsh,
    Fish,
}

impl Completion {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let shell = match self.shell {
            Known::Bash => Shell::Bash,
            Known::Zsh => Shell::Zsh,
            Known::Fish => Shell::Fish,
        };
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "faregate", &mut script);
        output::data(String::from_utf8_lossy(&script).trim_end());
        Ok(())
    }
}

/// Print the manual page, or write those of all commands
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate man | man -l -\n  faregate man --dir ~/.local/share/man/man1"
)]
pub(crate) struct Man {
    /// Write a page a command into this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut command = Cli::command();
        command.build();
        match &self.dir {
            None => output::data(String::from_utf8_lossy(&page(&command)?).trim_end()),
            Some(folder) => {
                std::fs::create_dir_all(folder)?;
                write(&command, "faregate", folder)?;
            }
        }
        Ok(())
    }
}

fn page(command: &clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(page)
}

/// `faregate-key-create.1` and all others that are shown in the help.
fn write(command: &clap::Command, name: &str, folder: &Path) -> Result<(), Failure> {
    let path = folder.join(format!("{name}.1"));
    let named = command.clone().name(name.to_owned()).display_name(name.to_owned());
    std::fs::write(&path, page(&named)?).map_err(|cause| {
        Failure::new(Exit::Unexpected, format!("`{}`: {cause}", path.display()))
    })?;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        if below.get_name() != "help" {
            write(below, &format!("{name}-{}", below.get_name()), folder)?;
        }
    }
    Ok(())
}
