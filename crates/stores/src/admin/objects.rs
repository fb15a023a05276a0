//! Ownership that no answer taught: adopted, imported, moved by the operator.

use faregate_pipeline::facts::{Lesson, Owner, ResourceRef};
use faregate_pipeline::time::Millis;
use serde_json::json;

use super::{Admin, no_account};
use crate::clock;
use crate::error::{AdminError, Fault};
use crate::sql::{Connection, OptionalExtension as _};
use crate::sqlite::accounts;
use crate::sqlite::resources::{self, ObjectFault, ResourceEntry, ResourceFilter};

/// A row of a file of resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// What is owned.
    pub resource: ResourceRef,
    /// By whom.
    pub account: String,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// The account owns it now.
    New,
    /// It did before.
    Already,
    /// There is no such account.
    NoAccount,
    /// Another account owns it.
    Taken,
}

/// Is it done, or only looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Import {
    /// It is written.
    Write,
    /// Nothing is written.
    DryRun,
}

impl Admin {
    /// Says that an account owns a resource that was there before the gateway.
    ///
    /// # Errors
    /// There is no such account, or somebody else owns it.
    pub fn adopt(&mut self, resource: &ResourceRef, account: &str) -> Result<(), AdminError> {
        let row = ImportRow { resource: resource.clone(), account: account.to_owned() };
        self.change(|c, _, noted| match import(c, &row, clock::wall())? {
            Imported::New | Imported::Already => {
                let after = Some(json!({ "accountId": account }));
                noted.changed("AdoptResource", subject(resource), (None, after));
                Ok(())
            }
            Imported::NoAccount => Err(no_account(account)),
            Imported::Taken => {
                Err(AdminError::Exists { what: "another account's resource", name: name(resource) })
            }
        })
    }

    /// How many rows of a file were imported before: `file` is its digest.
    ///
    /// # Errors
    /// The store failed.
    pub fn imported(&self, file: &[u8; 32]) -> Result<i64, AdminError> {
        let mut statement =
            self.connection()?.prepare_cached("SELECT n_rows FROM imports WHERE file = ?1")?;
        let n = statement.query_row([file], |row| row.get(0)).optional()?;
        Ok(n.unwrap_or(0))
    }

    /// Imports rows, and remembers how far in the file they reach: all in one transaction, which is done as a
    /// whole or not at all.
    ///
    /// # Errors
    /// The store failed; none of the rows was imported.
    pub fn import(
        &mut self,
        file: &[u8; 32],
        rows: &[ImportRow],
        n_rows_after: i64,
        how: Import,
    ) -> Result<Vec<Imported>, AdminError> {
        let now = clock::wall();
        if how == Import::DryRun {
            let mut found = Vec::new();
            // Refused at its end, it leaves nothing.
            let dropped = self.write(|c, _| -> Result<(), AdminError> {
                found = rows.iter().map(|row| import(c, row, now)).collect::<Result<_, _>>()?;
                Err(AdminError::Refused(DROPPED.to_owned()))
            });
            return match dropped {
                Err(AdminError::Refused(why)) if why == DROPPED => Ok(found),
                Err(cause) => Err(cause),
                Ok(()) => Ok(found),
            };
        }
        self.change(|c, _, noted| {
            let done = rows.iter().map(|row| import(c, row, now));
            let done = done.collect::<Result<Vec<_>, _>>()?;
            c.prepare_cached(
                "INSERT INTO imports (file, n_rows, at_ms) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (file) DO UPDATE SET n_rows = ?2, at_ms = ?3",
            )?
            .execute((file, n_rows_after, now.as_ms()))?;
            let n_new = done.iter().filter(|imported| **imported == Imported::New).count();
            if n_new > 0 {
                let after = json!({ "imported": n_new, "throughLine": n_rows_after });
                let file = file
                    .iter()
                    .take(8)
                    .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
                noted.changed("ImportResources", format!("import/{file}"), (None, Some(after)));
            }
            Ok(done)
        })
    }

    /// Resources, in the order of module, type and id.
    ///
    /// # Errors
    /// The store failed.
    pub fn list_resources(
        &self,
        filter: &ResourceFilter,
    ) -> Result<Vec<ResourceEntry>, AdminError> {
        Ok(resources::entries(self.connection()?, filter)?)
    }

    /// One resource.
    ///
    /// # Errors
    /// Nobody ever owned it.
    pub fn resource(&self, resource: &ResourceRef) -> Result<ResourceEntry, AdminError> {
        let found = resources::entry(self.connection()?, resource)?;
        found.ok_or_else(|| AdminError::NotFound { what: "resource", name: name(resource) })
    }

    /// Gives a resource to another account; whatever its owner lent is lent no longer.
    ///
    /// # Errors
    /// There is no such account, or nobody owns it.
    pub fn transfer_resource(
        &mut self,
        resource: &ResourceRef,
        to: &str,
    ) -> Result<ResourceEntry, AdminError> {
        self.change(|c, _, noted| {
            let absent = || AdminError::NotFound { what: "resource", name: name(resource) };
            let before = resources::entry(c, resource)?.ok_or_else(absent)?;
            if before.is_returned {
                return Err(AdminError::Invalid(format!("`{}` was returned", name(resource))));
            }
            if accounts::account(c, to)?.is_none() {
                return Err(no_account(to));
            }
            let lesson = Lesson::Transferred(resource.clone(), to.to_owned());
            resources::learn(c, &before.account, &[lesson], clock::wall())?;
            let [was, is] = [before.account.as_str(), to].map(|id| json!({ "accountId": id }));
            noted.changed("TransferResource", subject(resource), (Some(was), Some(is)));
            resources::entry(c, resource)?.ok_or_else(absent)
        })
    }

    /// What modules did otherwise than their documents say, and what shadow let pass.
    ///
    /// # Errors
    /// The store failed.
    pub fn object_faults(&self) -> Result<Vec<ObjectFault>, AdminError> {
        Ok(resources::faults(self.connection()?)?)
    }
}

/// Why a dry run ends without a trace.
const DROPPED: &str = "a dry run";

fn subject(r: &ResourceRef) -> String {
    format!("resource/{}:{}/{}", r.module, r.kind, r.id)
}

fn name(r: &ResourceRef) -> String {
    format!("{}/{}/{}", r.module, r.kind, r.id)
}

fn import(c: &Connection, row: &ImportRow, now: Millis) -> Result<Imported, Fault> {
    let account = std::slice::from_ref(&row.account);
    if resources::accounts(c, account)? != [true] {
        return Ok(Imported::NoAccount);
    }
    let resource = std::slice::from_ref(&row.resource);
    match resources::owners(c, resource, &row.account)?.first() {
        Some(Owner::Account(owner)) if *owner == row.account => Ok(Imported::Already),
        Some(Owner::Account(_) | Owner::Lent(_)) => Ok(Imported::Taken),
        Some(Owner::Absent | Owner::Returned) | None => {
            resources::learn(c, &row.account, &[Lesson::Created(row.resource.clone())], now)?;
            // On the shared home an answer may have taught otherwise in the meantime.
            let is_ours =
                |owner: &Owner| matches!(owner, Owner::Account(owner) if *owner == row.account);
            let owners = resources::owners(c, resource, &row.account)?;
            Ok(if owners.iter().any(is_ours) { Imported::New } else { Imported::Taken })
        }
    }
}
