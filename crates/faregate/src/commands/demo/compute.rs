//! Compute as a process of its own: this program, executed again.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use clap::Args;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use crate::exit::{Exit, Failure};

/// How long it may take until it listens.
const START_MAX: Duration = Duration::from_secs(10);

/// The demo's upstream, until its standard input closes.
#[derive(Debug, Args)]
pub(crate) struct Compute {
    /// Its folder
    data: PathBuf,
}

impl Compute {
    pub(crate) fn run(self) -> Result<(), Failure> {
        faregate_compute::run(&self.data).map_err(|cause| {
            let source = std::error::Error::source(&cause).map(|source| format!(": {source}"));
            Failure::new(Exit::Unexpected, format!("{cause}{}", source.unwrap_or_default()))
        })
    }
}

/// The running process.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// It ends when this closes; kept here, for `Child::wait` would close it.
    stdin: Option<ChildStdin>,
    pub(super) pid: u32,
    /// Where it listens.
    pub(super) address: String,
}

impl Process {
    /// Starts it, and returns when it listens.
    pub(super) async fn start(data: &Path) -> Result<Self, Failure> {
        let failed =
            |why: String| Failure::new(Exit::Unexpected, format!("compute does not start: {why}"));
        let mut child = Command::new(std::env::current_exe()?)
            .arg("__compute")
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C at the terminal is for the demo: compute ends after the gateway, by its input.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or_else(|| failed("it has no output".to_owned()))?;
        let mut lines = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(START_MAX, lines.next_line())
            .await
            .map_err(|_| failed(format!("no word within {} s", START_MAX.as_secs())))??;
        let address = line.as_deref().and_then(|line| line.strip_prefix("listening "));
        let address = address.ok_or_else(|| failed("it ended".to_owned()))?.to_owned();
        let pid = child.id().ok_or_else(|| failed("it ended".to_owned()))?;
        Ok(Self { child, stdin, pid, address })
    }

    /// Until it is dead.
    pub(super) async fn dead(&mut self) -> String {
        self.child.wait().await.map_or_else(|cause| cause.to_string(), |status| status.to_string())
    }

    /// Ends it: its input closes; if that does not help, it is killed.
    pub(super) async fn stop(mut self) {
        drop(self.stdin.take());
        if tokio::time::timeout(Duration::from_secs(2), self.child.wait()).await.is_err() {
            // It is dead already, or will be by `kill_on_drop`.
            drop(self.child.kill().await);
        }
    }
}
