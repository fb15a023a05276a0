//! `faregate scenario`: files of calls and expected answers, for a CI.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::exit::{Exit, Failure};
use crate::output;
use crate::scenario::cloud::Cloud;
use crate::scenario::run::{Played, run};
use crate::scenario::{Scenario, read, report};

/// Run files of calls and what they must answer
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate scenario run every-code.yaml\n  faregate scenario run --start-demo --junit out.xml scenarios/*.yaml"
)]
pub(crate) enum ScenarioCommand {
    Run(Run),
}

/// Play scenarios against the running demo, or one of their own
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate scenario run every-code.yaml\n  faregate scenario run --start-demo --junit out.xml scenarios/*.yaml",
    after_help = "Exit codes: 0 every expectation held, 3 a file is no scenario, 4 one did not hold, 5 no demo runs.\n\
                  What a scenario changes (faults, maintenance, the clock) is taken back at its end. The format is in\n\
                  docs/sandbox.md, examples are in examples/scenarios."
)]
pub(crate) struct Run {
    /// The files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Start a demo for them, and end it afterwards
    #[arg(long)]
    start_demo: bool,
    /// The seed of that demo
    #[arg(long, value_name = "N", requires = "start_demo", value_parser = clap::value_parser!(i64).range(0..))]
    seed: Option<i64>,
    /// Write what came of them to a file, as JUnit's XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Answer with JSON
    #[arg(long)]
    json: bool,
}

impl ScenarioCommand {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Run(run) => run.run(),
        }
    }
}

impl Run {
    fn run(self) -> Result<(), Failure> {
        // All files first: a CI should not wait for what it cannot play.
        let scenarios = self.read()?;
        let mut cloud = if self.start_demo { Cloud::start(self.seed)? } else { Cloud::running()? };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut all: Vec<Played> = Vec::with_capacity(scenarios.len());
        for scenario in &scenarios {
            let played = runtime.block_on(run(scenario, &mut cloud));
            if !self.json {
                report::print(&played);
            }
            all.push(played);
        }
        if self.json {
            output::json(&report::json(&all));
        }
        if let Some(junit) = &self.junit {
            std::fs::write(junit, report::junit(&all)).map_err(|cause| {
                let why = format!("cannot write `{}`: {cause}", junit.display());
                Failure::new(Exit::Unexpected, why)
            })?;
        }
        match all.iter().map(Played::n_failed).sum::<usize>() {
            0 => Ok(()),
            n => {
                let word = if n == 1 { "step" } else { "steps" };
                Err(Failure::new(Exit::Failed, format!("{n} {word} failed")))
            }
        }
    }

    fn read(&self) -> Result<Vec<Scenario>, Failure> {
        let (mut scenarios, mut n_bad) = (Vec::new(), 0_usize);
        for file in &self.files {
            let name = file.display().to_string();
            let read = std::fs::read_to_string(file)
                .map_err(|cause| format!("error: `{name}`: {cause}"))
                .and_then(|text| read(&name, &text, output::is_coloured()));
            match read {
                Ok(scenario) => scenarios.push(scenario),
                Err(why) => {
                    output::note(why.trim_end());
                    n_bad += 1;
                }
            }
        }
        match n_bad {
            0 => Ok(scenarios),
            1 => Err(Failure::new(Exit::Invalid, "one file is no scenario")),
            n => Err(Failure::new(Exit::Invalid, format!("{n} files are no scenarios"))),
        }
    }
}
