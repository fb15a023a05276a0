//! Maintenance: modules and actions out of service, and back.

use faregate_pipeline::facts::{Switch, SwitchState};
use serde::{Deserialize, Serialize};

use super::{Act, Desk, Done, For, Refused};

/// What is out of service.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct View {
    module: String,
    /// None: all of its actions.
    action: Option<String>,
    state: State,
    /// In seconds since 1970.
    until: Option<i64>,
    /// What clients are told.
    message: Option<String>,
    /// Accounts that may go on.
    testers: Vec<String>,
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
            until,
            message: switch.message.clone(),
            testers: switch.testers.clone(),
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
    /// `until` needs `seconds`.
    state: State,
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
        let state = match (self.state, self.seconds) {
            (State::Withdrawn, None) => SwitchState::Withdrawn,
            (State::Lasting, None) => SwitchState::Lasting,
            (State::Until, Some(seconds)) => {
                SwitchState::Until(desk.admin.now()?.plus(i64::from(seconds).saturating_mul(1000)))
            }
            (State::Until, None) => {
                return Err(Refused::Invalid("seconds: `until` needs them".to_owned()));
            }
            (State::Withdrawn | State::Lasting, Some(_)) => {
                return Err(Refused::Invalid("seconds: only `until` has an end".to_owned()));
            }
        };
        let switch = Switch {
            module: self.module,
            action: self.action_name,
            state,
            message: self.message,
            testers: self.testers.unwrap_or_default(),
        };
        desk.admin.put_switch(&switch)?;
        Ok(One { maintenance: View::from(&switch) })
    }
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
        Ok(All { maintenance: switches.iter().map(View::from).collect() })
    }
}
