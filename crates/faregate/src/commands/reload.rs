//! `faregate reload` and `faregate status`: what the running gateway serves, and since when.

use clap::Args;
use faregate_gateway::reload::socket::Ask;
use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::place::Place;
use crate::{control, output};

/// Make the running gateway read its configuration and documents anew
///
/// A bad file replaces nothing: its faults are shown, and what was loaded before goes on.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate reload\n  faregate reload -c /etc/faregate/faregate.toml"
)]
pub(crate) struct Reload {
    #[command(flatten)]
    place: Place,
}

/// Show what the running gateway serves, and what became of its last reload
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  faregate status\n  faregate status --json")]
pub(crate) struct Status {
    #[command(flatten)]
    place: Place,
}

impl Reload {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let status = status(&self.place, &Ask::Reload)?;
        show(&self.place, &status);
        if is_good(&status) {
            return Ok(());
        }
        Err(Failure::new(Exit::Invalid, "not reloaded: what was loaded before goes on"))
    }
}

impl Status {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let status = status(&self.place, &Ask::Status)?;
        show(&self.place, &status);
        Ok(())
    }
}

fn status(place: &Place, question: &Ask) -> Result<Value, Failure> {
    let answer = control::ask(&place.folder()?, question)?;
    Ok(answer.get("status").cloned().unwrap_or_default())
}

fn is_good(status: &Value) -> bool {
    status.get("good").and_then(Value::as_bool) == Some(true)
}

fn show(place: &Place, status: &Value) {
    place.shape.write(status, || {
        let text = |key: &str| status.get(key).map_or(String::new(), plain);
        let ago = |key: &str| {
            let at = status.get(key).and_then(Value::as_i64).unwrap_or_default();
            format!("{} s ago", crate::clock::now_ms().saturating_sub(at).max(0) / 1000)
        };
        let served = format!("{} modules, {} actions", text("modules"), text("actions"));
        let good = if is_good(status) { "good" } else { "refused" };
        let rows = [
            ("serves", served),
            ("loaded", format!("{}, for the {}. time", ago("loadedAt"), text("generation"))),
            ("last read", format!("{}, for {}: {good}", ago("readAt"), text("because"))),
        ];
        for (name, value) in rows {
            output::data(format_args!("{name:10} {value}"));
        }
        let waits = status.get("waitsForRestart").and_then(Value::as_array);
        for key in waits.into_iter().flatten().filter_map(Value::as_str) {
            output::data(format_args!("{:10} {key} changed: restart to use it", "waits"));
        }
        let list =
            |key: &str| status.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        for warning in list("warnings").iter().filter_map(Value::as_str) {
            output::note(warning.trim_end());
        }
        if let Some(faults) = status.get("faults").and_then(Value::as_str).filter(|f| !f.is_empty())
        {
            output::note(faults.trim_end());
        }
    });
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
