//! Scenario files: calls in an order, and what each must answer. A CI runs them, and so does `scripts/test`.
//!
//! [`read`] makes a [`Scenario`] of a file or says everything that is wrong with it, underlined; [`run`] plays
//! it against a [`cloud::Cloud`] and leaves that as it was; [`report`] says what came of it.

pub(crate) mod cloud;
mod expect;
mod problem;
mod raw;
mod read;
pub(crate) mod report;
pub(crate) mod run;

use std::collections::BTreeMap;
use std::time::Duration;

use faregate_contract::Dialect;
use faregate_pipeline::facts::SwitchState;
use faregate_signing::Method;
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

pub(crate) use read::read;

/// A file, read.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
}

/// One thing that is done.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: String,
    /// Where it stands in the file, from 1.
    pub(crate) line: usize,
    pub(crate) act: Act,
    pub(crate) expect: Expect,
    pub(crate) capture: Vec<(String, JsonPath)>,
}

/// What is done.
#[derive(Debug)]
pub(crate) enum Act {
    Call(Box<Call>),
    /// What an earlier step signed, by its place, with headers of its own.
    Again(usize, BTreeMap<String, String>),
    /// So many milliseconds ahead.
    Clock(i64),
    Fault(Box<Fault>),
    Maintenance(Box<Maintenance>),
    Wait(Duration),
}

/// A signed call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) module: String,
    pub(crate) action: String,
    pub(crate) account: String,
    pub(crate) params: Map<String, Value>,
    pub(crate) method: Method,
    pub(crate) dialect: Dialect,
    pub(crate) is_plain: bool,
    /// The stamp's distance from the sandbox's clock, in seconds.
    pub(crate) stamped_s: i64,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) times: Times,
}

/// How often a call is made, with a fresh Nonce each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// So often, and each must answer as expected.
    Each(u32),
    /// Until one answers as expected, so often at most.
    Until(u32),
}

/// A fault on purpose.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) module: String,
    pub(crate) action: Option<String>,
    pub(crate) effect: faregate_gateway::sandbox::Effect,
    pub(crate) times: Option<u32>,
    pub(crate) rate_ppm: u32,
    pub(crate) account: Option<String>,
}

/// Something taken out of service.
#[derive(Debug)]
pub(crate) struct Maintenance {
    pub(crate) module: String,
    pub(crate) action: Option<String>,
    pub(crate) state: Outage,
    pub(crate) message: Option<String>,
}

/// For how long; what has an end has it from when the step is played.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outage {
    For(i64),
    Forever(SwitchState),
}

/// What must be answered; what is not named may be anything.
#[derive(Debug, Default)]
pub(crate) struct Expect {
    pub(crate) code: Option<u16>,
    pub(crate) module_code: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<(String, JsonPath, Value)>,
    /// No answer at all.
    pub(crate) is_cut: bool,
}
