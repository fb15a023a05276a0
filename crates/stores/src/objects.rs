//! What a gateway asks and tells about objects.

use faregate_contract::RequestId;
use faregate_pipeline::facts::{Known, Owner, ResourceRef, StoreDown};
use faregate_pipeline::time::Millis;

use crate::Stores;
use crate::sqlite::resources::{self, Note};

/// What a module did otherwise than its document says, or what shadow let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectNote {
    /// A list had another account's resource in it.
    ForeignListed,
    /// A list had an item without an id.
    UnnamedListed,
    /// The list was not where the document says.
    NoList,
    /// What the call made was not named.
    NoId,
    /// A resource was named that would be refused.
    Shadowed,
}

impl ObjectNote {
    /// As it is shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ForeignListed => "foreign-listed",
            Self::UnnamedListed => "unnamed-listed",
            Self::NoList => "no-list",
            Self::NoId => "no-id",
            Self::Shadowed => "shadowed",
        }
    }
}

impl Stores {
    /// What the registry says of a call: the owner of each resource as `asker` may know it, and whether there
    /// is an account of each id.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn known(
        &self,
        wanted: &[ResourceRef],
        accounts: &[String],
        asker: &str,
    ) -> Result<Known, StoreDown> {
        if wanted.is_empty() && accounts.is_empty() {
            return Ok(Known::default());
        }
        if let Some(shared) = &self.inner.shared {
            return shared.known(wanted, accounts, asker).await;
        }
        self.inner.readers.read("resources", |c| {
            let owners = resources::owners(c, wanted, asker)?;
            Ok(Known { owners, accounts: resources::accounts(c, accounts)? })
        })
    }

    /// The owner of each resource as `asker` may know it, in the order asked.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn owners(
        &self,
        wanted: &[ResourceRef],
        asker: &str,
    ) -> Result<Vec<Owner>, StoreDown> {
        Ok(self.known(wanted, &[], asker).await?.owners)
    }

    /// Counts what a module did, without waiting.
    pub fn note_object(
        &self,
        (module, action): (&str, &str),
        what: ObjectNote,
        request_id: RequestId,
        now: Millis,
    ) {
        if let Some(shared) = &self.inner.shared {
            return shared.note_object((module, action), what.as_str(), request_id, now);
        }
        let (module, action) = (module.to_owned(), action.to_owned());
        drop(self.write("resources", move |c| {
            let note = Note { module: &module, subject: &action, what: what.as_str() };
            resources::note(c, &note, Some(request_id), now)
        }));
    }
}
