//! `faregate resources import`: a file of what accounts own, row by row, as far as it goes.
//!
//! Rows are written in transactions of many; how far the file is imported is written in the same ones. So whatever
//! ends the command, the next run of it goes on with the first row that is not written.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use faregate_pipeline::facts::ResourceRef;
use faregate_stores::{Admin, Import as How, ImportRow, Imported};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::rows::{is_heading, of_csv, of_json};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::place::Place;

/// Rows a transaction: large enough that the disk is not waited for, small enough that calls are not.
const ROWS_A_TIME: usize = 5_000;

/// Import what accounts owned before the gateway was there
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate resources import instances.csv --dry-run\n  faregate resources import instances.jsonl",
    after_help = "A row of CSV is `module/type,id,account`; of JSON Lines an object with these three members, or with\n`module`, `type`, `id` and `account`. A first row `type,id,account` is a heading. What is owned already stays\nas it is. Ctrl-C loses nothing: the same command goes on where it ended. Exit 4: some rows were refused."
)]
pub(crate) struct Import {
    /// The file, .csv or .jsonl
    file: PathBuf,
    /// Look at every row, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Where refused rows go, with the reason of each [default: FILE.errors]
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// Begin with the first row, though some are imported
    #[arg(long)]
    restart: bool,
    #[command(flatten)]
    place: Place,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Csv,
    Lines,
}

/// What became of the rows.
#[derive(Debug, Default)]
struct Tally {
    n_new: u64,
    n_already: u64,
    n_refused: u64,
}

struct Run<'a> {
    admin: Admin,
    import: &'a Import,
    digest: [u8; 32],
    errors: Errors,
    tally: Tally,
    /// Lines that were read.
    n_lines: i64,
    chunk: Vec<(i64, String, ImportRow)>,
    /// Of a dry run, whose each would be: nothing is written that a later row could be compared with.
    would_be: HashMap<ResourceRef, String>,
}

impl Import {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let form = match self.file.extension().and_then(|end| end.to_str()) {
            Some("csv") => Form::Csv,
            Some("jsonl" | "ndjson") => Form::Lines,
            Some(_) | None => {
                let name = self.file.display();
                return Err(Failure::usage(format!("`{name}` is neither .csv nor .jsonl")));
            }
        };
        let admin = self.place.open()?;
        let (digest, n_lines) = digest(&self.file)?;
        let before = if self.restart || self.dry_run { 0 } else { admin.imported(&digest)? };
        if before > 0 {
            output::note(format_args!(
                "{before} lines of this file are imported; going on behind them"
            ));
        }
        let stop = Arc::new(AtomicBool::new(false));
        watch(&stop)?;
        let errors = Errors::new(&self, before > 0);
        let tally = Tally::default();
        let chunk = Vec::with_capacity(ROWS_A_TIME);
        let mut run = Run {
            admin,
            import: &self,
            digest,
            errors,
            tally,
            n_lines: 0,
            chunk,
            would_be: HashMap::new(),
        };
        let ended = run.all(form, before, n_lines, &stop)?;
        run.tell(ended)
    }
}

/// The file as it is: another file of the same name begins anew.
fn digest(path: &Path) -> Result<([u8; 32], u64), Failure> {
    let mut file = open(path)?;
    let (mut hasher, mut bytes, mut n_lines) = (Sha256::new(), vec![0; 1 << 16], 0_u64);
    loop {
        let n = file.read(&mut bytes)?;
        let Some(read) = bytes.get(..n).filter(|read| !read.is_empty()) else { break };
        hasher.update(read);
        let ends = read.iter().filter(|byte| **byte == b'\n').count();
        n_lines = n_lines.saturating_add(u64::try_from(ends).unwrap_or(0));
    }
    Ok((hasher.finalize().into(), n_lines))
}

fn open(path: &Path) -> Result<File, Failure> {
    let why = |cause| Failure::usage(format!("`{}`: {cause}", path.display()));
    File::open(path).map_err(why)
}

/// Ctrl-C ends it after the rows that are under way.
fn watch(stop: &Arc<AtomicBool>) -> Result<(), Failure> {
    let stop = Arc::clone(stop);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                stop.store(true, Ordering::Relaxed);
            }
        });
    });
    Ok(())
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Whole,
    Interrupted,
}

impl Run<'_> {
    fn all(
        &mut self,
        form: Form,
        before: i64,
        n_lines: u64,
        stop: &AtomicBool,
    ) -> Result<Ended, Failure> {
        let mut lines = BufReader::with_capacity(1 << 18, open(&self.import.file)?);
        let (mut line, mut bar) = (String::new(), output::Bar::new("rows"));
        loop {
            line.clear();
            let n = lines.read_line(&mut line).map_err(|cause| {
                let at = self.n_lines.saturating_add(1);
                Failure::usage(format!("line {at} cannot be read: {cause}"))
            })?;
            if n == 0 {
                break;
            }
            self.n_lines = self.n_lines.saturating_add(1);
            if self.n_lines <= before {
                continue;
            }
            self.line(form, line.trim_end_matches(['\r', '\n']))?;
            if self.chunk.len() >= ROWS_A_TIME {
                self.flush()?;
                bar.at(u64::try_from(self.n_lines).unwrap_or(0), n_lines);
                if stop.load(Ordering::Relaxed) {
                    return Ok(Ended::Interrupted);
                }
            }
        }
        self.flush()?;
        Ok(Ended::Whole)
    }

    fn line(&mut self, form: Form, line: &str) -> Result<(), Failure> {
        let heading = self.n_lines == 1 && form == Form::Csv && is_heading(line);
        if line.trim().is_empty() || heading {
            return Ok(());
        }
        let row = match form {
            Form::Csv => of_csv(line),
            Form::Lines => of_json(line),
        };
        match row {
            Ok(row) => {
                self.chunk.push((self.n_lines, line.to_owned(), row));
                Ok(())
            }
            Err(why) => self.refuse(self.n_lines, line, why),
        }
    }

    fn refuse(&mut self, at: i64, line: &str, why: &str) -> Result<(), Failure> {
        self.tally.n_refused = self.tally.n_refused.saturating_add(1);
        Ok(self.errors.add(at, why, line)?)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let how = if self.import.dry_run { How::DryRun } else { How::Write };
        let chunk = std::mem::take(&mut self.chunk);
        let rows: Vec<ImportRow> = chunk.iter().map(|(_, _, row)| row.clone()).collect();
        let done = self.admin.import(&self.digest, &rows, self.n_lines, how)?;
        for ((at, line, row), imported) in chunk.into_iter().zip(done) {
            let (at, line) = (&at, &line);
            match self.in_dry_run(row, imported) {
                Imported::New => self.tally.n_new = self.tally.n_new.saturating_add(1),
                Imported::Already => self.tally.n_already = self.tally.n_already.saturating_add(1),
                Imported::NoAccount => self.refuse(*at, line, "there is no such account")?,
                Imported::Taken => self.refuse(*at, line, "another account owns it")?,
            }
        }
        Ok(self.errors.flush()?)
    }

    fn in_dry_run(&mut self, row: ImportRow, imported: Imported) -> Imported {
        if !self.import.dry_run || imported != Imported::New {
            return imported;
        }
        match self.would_be.entry(row.resource) {
            Entry::Vacant(free) => {
                free.insert(row.account);
                Imported::New
            }
            Entry::Occupied(first) if *first.get() == row.account => Imported::Already,
            Entry::Occupied(_) => Imported::Taken,
        }
    }

    fn tell(self, ended: Ended) -> Result<(), Failure> {
        let Tally { n_new, n_already, n_refused } = self.tally;
        let told = json!({
            "lines": self.n_lines,
            "imported": n_new,
            "already": n_already,
            "refused": n_refused,
            "errors": (n_refused > 0).then(|| self.errors.path.display().to_string()),
            "dryRun": self.import.dry_run,
            "complete": ended == Ended::Whole,
        });
        self.import.place.shape.write(&told, || {
            let done = if self.import.dry_run { "would be imported" } else { "imported" };
            output::data(format_args!(
                "{n_new} {done}, {n_already} owned already, {n_refused} refused"
            ));
            if n_refused > 0 {
                output::note(format_args!("refused rows: {}", self.errors.path.display()));
            }
        });
        if ended == Ended::Interrupted {
            output::note(format_args!(
                "stopped behind line {}; the same command goes on there",
                self.n_lines
            ));
            return Err(Failure::silent(Exit::Interrupted));
        }
        if n_refused > 0 { Err(Failure::silent(Exit::Failed)) } else { Ok(()) }
    }
}

/// Refused rows, in a file that is made with the first of them.
struct Errors {
    path: PathBuf,
    goes_on: bool,
    file: Option<BufWriter<File>>,
}

impl Errors {
    fn new(import: &Import, goes_on: bool) -> Self {
        let beside = || {
            let mut name = import.file.clone().into_os_string();
            name.push(".errors");
            PathBuf::from(name)
        };
        Self { path: import.errors.clone().unwrap_or_else(beside), goes_on, file: None }
    }

    fn add(&mut self, at: i64, why: &str, line: &str) -> std::io::Result<()> {
        if self.file.is_none() {
            let mut options = File::options();
            options.create(true).write(true).append(self.goes_on).truncate(!self.goes_on);
            self.file = Some(BufWriter::new(options.open(&self.path)?));
        }
        self.file.as_mut().map_or(Ok(()), |file| writeln!(file, "line {at}: {why}: {line}"))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}
