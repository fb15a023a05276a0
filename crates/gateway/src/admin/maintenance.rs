//! Maintenance: modules and actions out of service, and back.

use faregate_pipeline::facts::{Switch, SwitchState};
use faregate_pipeline::time::Millis;
use serde::{Deserialize, Serialize};

use super::{Act, Desk, Done, For, Refused};
use crate::config;

/// What is out of service.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct View {
    module: String,
    /// None: all of its actions.
    action: Option<String>,
    state: State,
    /// In force from then on, in seconds since 1970; none is at once.
    from: Option<i64>,
    /// In seconds since 1970.
    until: Option<i64>,
    /// What clients are told.
    message: Option<String>,
    /// Accounts that may go on.
    testers: Vec<String>,
    /// Does the configuration say so: then it ends there alone.
    configured: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum State {
    Until,
    Lasting,
    Withdrawn,
}

impl From<&Switch> for View {
    fn from(switch: &Switch) -> Self {
        let (state, until) = match switch.state {
            SwitchState::Withdrawn => (State::Withdrawn, None),
            SwitchState::Lasting => (State::Lasting, None),
            SwitchState::Until(until) => (State::Until, Some(until.as_secs())),
        };
        Self {
            module: switch.module.clone(),
            action: switch.action.clone(),
            state,
            from: switch.from.map(Millis::as_secs),
            until,
            message: switch.message.clone(),
            testers: switch.testers.clone(),
            configured: false,
        }
    }
}

/// Takes a module, or an action of it, out of service: 6200 with Retry-After for a time, 6100 without an end.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PutMaintenance {
    /// The module's name.
    module: String,
    /// Only this action of it.
    action_name: Option<String>,
    /// `until` needs `seconds` or `until`.
    state: State,
    /// A window to come: from then on, in seconds since 1970; without it, at once.
    from: Option<i64>,
    /// Until then, in seconds since 1970.
    until: Option<i64>,
    /// For how long.
    #[cfg_attr(test, schemars(range(min = 1, max = 31_536_000)))]
    seconds: Option<u32>,
    /// What clients are told.
    #[cfg_attr(test, schemars(length(max = 500)))]
    message: Option<String>,
    /// Ids of accounts that may go on.
    testers: Option<Vec<String>>,
}

/// One switch.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct One {
    maintenance: View,
}

impl Act for PutMaintenance {
    type Answer = One;
    const ACTION: &'static str = "PutMaintenance";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        let from = self.from.map(Millis::from_secs);
        let begin = from.map_or_else(|| desk.admin.now(), Ok)?;
        let after = |seconds: u32| begin.plus(i64::from(seconds).saturating_mul(1000));
        let end = match (self.until.map(Millis::from_secs), self.seconds.map(after)) {
            (Some(_), Some(_)) => return invalid("seconds: leave them out, or `until`"),
            (until, after) => until.or(after),
        };
        let state = match (self.state, end) {
            (State::Withdrawn, None) => SwitchState::Withdrawn,
            (State::Lasting, None) => SwitchState::Lasting,
            (State::Until, Some(end)) if end > begin => SwitchState::Until(end),
            (State::Until, Some(_)) => return invalid("until: it ends before it begins"),
            (State::Until, None) => return invalid("seconds: `until` needs them, or a moment"),
            (State::Withdrawn | State::Lasting, Some(_)) => {
                return invalid("state: only `until` has an end");
            }
        };
        let switch = Switch {
            module: self.module,
            action: self.action_name,
            state,
            from,
            message: self.message,
            testers: self.testers.unwrap_or_default(),
        };
        if let Some(gateway) = desk.gateway {
            config::served(&gateway.catalog, &switch).map_err(Refused::Invalid)?;
        }
        desk.admin.put_switch(&switch)?;
        Ok(One { maintenance: View::from(&switch) })
    }
}

fn invalid<T>(say: &str) -> Result<T, Refused> {
    Err(Refused::Invalid(say.to_owned()))
}

/// Puts a module, or an action of it, back into service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DeleteMaintenance {
    /// The module's name.
    module: String,
    /// The action, as it was taken out of service.
    action_name: Option<String>,
}

impl Act for DeleteMaintenance {
    type Answer = Done;
    const ACTION: &'static str = "DeleteMaintenance";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Done, Refused> {
        desk.admin.remove_switch(&self.module, self.action_name.as_deref())?;
        Ok(Done {})
    }
}

/// Lists what is out of service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeMaintenance {}

/// What is out of service.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct All {
    maintenance: Vec<View>,
}

impl Act for DescribeMaintenance {
    type Answer = All;
    const ACTION: &'static str = "DescribeMaintenance";
    const FOR: For = For::Operators;
    const WRITES: bool = false;

    fn act(self, desk: &mut Desk<'_>) -> Result<All, Refused> {
        let switches = desk.admin.list_switches()?;
        let configured = desk.gateway.map(|gateway| gateway.config.maintenance.as_slice());
        let configured = configured.unwrap_or_default().iter();
        let configured = configured.map(|it| View { configured: true, ..View::from(it) });
        Ok(All { maintenance: switches.iter().map(View::from).chain(configured).collect() })
    }
}
