//! Switches.

use faregate_pipeline::facts::Switch;

use serde_json::Value;

use super::{Admin, audit};
use crate::clock;
use crate::error::{AdminError, Fault};
use crate::sql::Connection;
use crate::sqlite::{changed, switches};

impl Admin {
    /// Takes something out of service, or changes how.
    ///
    /// # Errors
    /// The module or action is empty.
    pub fn put_switch(&mut self, switch: &Switch) -> Result<(), AdminError> {
        if switch.module.is_empty() || switch.action.as_deref().is_some_and(str::is_empty) {
            return Err(AdminError::Invalid("a module or action cannot be empty".to_owned()));
        }
        self.change(|c, _, noted| {
            let (module, action) = (&switch.module, switch.action.as_deref());
            let before = find(c, module, action)?;
            switches::put(c, switch)?;
            let values = (before, Some(audit::switch(switch)));
            noted.changed("PutMaintenance", subject(module, action), values);
            Ok(changed(c, "switch", &switch.module, clock::wall())?)
        })
    }

    /// Puts something back into service.
    ///
    /// # Errors
    /// It is not out of service.
    pub fn remove_switch(&mut self, module: &str, action: Option<&str>) -> Result<(), AdminError> {
        let not_found = || {
            let name = action.map_or(module.to_owned(), |action| format!("{module}:{action}"));
            AdminError::NotFound { what: "switch", name }
        };
        self.change(|c, _, noted| {
            let before = find(c, module, action)?;
            noted.changed("DeleteMaintenance", subject(module, action), (before, None));
            if !switches::remove(c, module, action)? {
                return Err(not_found());
            }
            Ok(changed(c, "switch", module, clock::wall())?)
        })
    }

    /// What is out of service.
    ///
    /// # Errors
    /// The store failed.
    pub fn list_switches(&self) -> Result<Vec<Switch>, AdminError> {
        Ok(switches::all(self.connection()?)?)
    }
}

fn find(c: &Connection, module: &str, action: Option<&str>) -> Result<Option<Value>, Fault> {
    let mut known = switches::all(c)?.into_iter();
    let found = known.find(|known| known.module == module && known.action.as_deref() == action);
    Ok(found.as_ref().map(audit::switch))
}

fn subject(module: &str, action: Option<&str>) -> String {
    action.map_or_else(
        || format!("maintenance/{module}"),
        |action| format!("maintenance/{module}:{action}"),
    )
}
