//! The administrative side of a running gateway: what the command line does beside it, done by a call.

use std::sync::PoisonError;

use faregate_pipeline::facts::StoreDown;

use crate::shared::Shared;
use crate::sqlite::audits::Actor;
use crate::{Admin, Stores};

impl Stores {
    /// Lets `work` administer, in the name of this actor; what it changed holds from the next call on. Writes to the
    /// disk and waits for it: not for a worker's own thread.
    ///
    /// # Errors
    /// The home could not be opened once more.
    pub fn administer<T>(
        &self,
        actor: Actor,
        work: impl FnOnce(&mut Admin) -> T,
    ) -> Result<T, StoreDown> {
        let down = |cause: String| StoreDown { store: "administration", cause };
        // A panic over it rolled its transaction back: nothing is half done.
        let mut admin = self.inner.admin.lock().unwrap_or_else(PoisonError::into_inner);
        if admin.is_none() {
            let folder = self.inner.database.parent();
            let folder = folder.ok_or_else(|| down("the database is in no folder".to_owned()))?;
            let at = self.inner.shared.as_ref().map(Shared::at);
            *admin = Some(Admin::open_at(folder, at).map_err(|cause| down(cause.to_string()))?);
        }
        let Some(admin) = &mut *admin else { return Err(down("it is not open".to_owned())) };
        admin.act_as(actor);
        let done = work(admin);
        // The watch would see it within a fifth of a second; whoever was answered sees it at once.
        self.inner.cache.forget_keys();
        Ok(done)
    }
}
