//! Switches, and ownership that no answer taught.

use faregate_pipeline::facts::{Lesson, Owner, ResourceRef, Switch};

use super::{Admin, no_account};
use crate::clock;
use crate::error::AdminError;
use crate::sqlite::{accounts, changed, resources, switches};

impl Admin {
    /// Takes something out of service, or changes how.
    ///
    /// # Errors
    /// The module or action is empty.
    pub fn put_switch(&mut self, switch: &Switch) -> Result<(), AdminError> {
        if switch.module.is_empty() || switch.action.as_deref().is_some_and(str::is_empty) {
            return Err(AdminError::Invalid("a module or action cannot be empty".to_owned()));
        }
        self.write(|c, _| {
            switches::put(c, switch)?;
            Ok(changed(c, "switch", &switch.module, clock::wall())?)
        })
    }

    /// Puts something back into service.
    ///
    /// # Errors
    /// It is not out of service.
    pub fn remove_switch(&mut self, module: &str, action: Option<&str>) -> Result<(), AdminError> {
        self.write(|c, _| {
            if !switches::remove(c, module, action)? {
                let name = action.map_or(module.to_owned(), |action| format!("{module}:{action}"));
                return Err(AdminError::NotFound { what: "switch", name });
            }
            Ok(changed(c, "switch", module, clock::wall())?)
        })
    }

    /// What is out of service.
    ///
    /// # Errors
    /// The store failed.
    pub fn list_switches(&self) -> Result<Vec<Switch>, AdminError> {
        Ok(switches::all(&self.connection)?)
    }

    /// Says that an account owns a resource that was there before the gateway.
    ///
    /// # Errors
    /// There is no such account, or somebody else owns it.
    pub fn adopt(&mut self, resource: &ResourceRef, account: &str) -> Result<(), AdminError> {
        self.write(|c, _| {
            if accounts::account(c, account)?.is_none() {
                return Err(no_account(account));
            }
            resources::learn(c, account, &[Lesson::Created(resource.clone())], clock::wall())?;
            let owners = resources::owners(c, std::slice::from_ref(resource))?;
            if owners.first() == Some(&Owner::Account(account.to_owned())) {
                return Ok(());
            }
            let name = format!("{}:{}/{}", resource.module, resource.kind, resource.id);
            Err(AdminError::Exists { what: "another account's resource", name })
        })
    }
}
