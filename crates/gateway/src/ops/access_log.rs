//! One JSON line a call. Secrets never: what is written is named here, field by field.

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use faregate_contract::{Answer, Outcome};
use faregate_pipeline::time::Millis;
use serde::Serialize;

use crate::driver::Trail;
use crate::sandbox::INJECTED;

/// Where the lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nowhere.
    Off,
    /// Standard error.
    Stderr,
    /// A file, appended to.
    File(PathBuf),
}

/// Writes the lines.
pub struct AccessLog {
    out: Option<Mutex<Box<dyn Write + Send>>>,
}

impl std::fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.out.is_some() { "AccessLog(on)" } else { "AccessLog(off)" })
    }
}

#[derive(Serialize)]
struct Line<'a> {
    time_ms: u64,
    request_id: String,
    peer: String,
    account: Option<&'a str>,
    module: Option<&'a str>,
    action: Option<&'a str>,
    code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    module_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gate: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'static str>,
    gateway_us: u64,
    upstream_us: u64,
}

impl AccessLog {
    /// Opens the target.
    ///
    /// # Errors
    /// The file cannot be opened for appending.
    pub fn open(target: &Target) -> io::Result<Self> {
        let out: Option<Box<dyn Write + Send>> = match target {
            Target::Off => None,
            Target::Stderr => Some(Box::new(io::stderr())),
            Target::File(path) => {
                Some(Box::new(OpenOptions::new().create(true).append(true).open(path)?))
            }
        };
        Ok(Self { out: out.map(Mutex::new) })
    }

    /// A line of its own for a wall clock that was set; `n_steps` counts them since the start.
    pub(crate) fn clock_step(&self, at: Millis, step_ms: i64, n_steps: u64) {
        let Some(out) = &self.out else { return };
        let line = format!(
            "{{\"time_ms\":{at},\"event\":\"clock_step\",\"step_ms\":{step_ms},\"n_steps\":{n_steps}}}\n"
        );
        let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = out.write_all(line.as_bytes());
    }

    pub(crate) fn write(&self, answer: &Answer, trail: &Trail, took: Duration) {
        let Some(out) = &self.out else { return };
        let refusal = answer.refusal();
        let partly = matches!(answer.outcome, Outcome::Batch(_)).then_some("outcome");
        let [t0, t1, t2, t3, t4, t5, ..] = *answer.request_id.as_bytes();
        let line = Line {
            time_ms: u64::from_be_bytes([0, 0, t0, t1, t2, t3, t4, t5]),
            request_id: answer.request_id.to_string(),
            peer: trail.peer.to_string(),
            account: trail.account(),
            module: trail.module(),
            action: trail.action(),
            code: answer.code().number(),
            module_code: refusal.and_then(|r| r.module.as_ref()).map(|module| module.code.as_str()),
            gate: refusal.map(|_| trail.gate.name).or(partly),
            reason: refusal.map(|r| r.reason.as_str()),
            detail: refusal.and_then(|r| r.detail.for_log()),
            profile: trail.profile(),
            fault: trail.plan.as_ref().filter(|plan| plan.fired()).map(|_| INJECTED),
            gateway_us: micros(took.saturating_sub(trail.upstream)),
            upstream_us: micros(trail.upstream),
        };
        put(out, &line);
    }

    /// A line that is no call's: `event` says what happened.
    pub(crate) fn event(&self, event: &serde_json::Value) {
        if let Some(out) = &self.out {
            put(out, event);
        }
    }
}

fn put(out: &Mutex<Box<dyn Write + Send>>, line: &impl Serialize) {
    let Ok(mut bytes) = serde_json::to_vec(line) else { return };
    bytes.push(b'\n');
    let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
    // A log that cannot be written is not a reason to refuse calls: the answer is what was promised.
    let _ = out.write_all(&bytes);
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
