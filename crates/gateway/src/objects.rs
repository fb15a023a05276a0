//! What the registry says, and what is written down of a module that does otherwise than its document says.

use faregate_pipeline::facts::{Known, StoreDown};
use faregate_pipeline::fault::Fault;
use faregate_pipeline::operation::{Done, Sent};
use faregate_pipeline::ownership::{Listing, Mode, Owned, Wanted};
use faregate_pipeline::parameters::Valid;
use faregate_stores::ObjectNote;
use serde_json::json;

use crate::driver::Trail;
use crate::shared::Shared;

impl Shared {
    /// What the registry says of the resources and accounts that a call names.
    pub(crate) async fn known(&self, valid: &Valid, wanted: &Wanted) -> Result<Known, StoreDown> {
        self.stores.known(&wanted.resources, &wanted.accounts, &valid.account().id).await
    }

    /// Is what the call names refused, or only written down.
    pub(crate) fn mode(&self, trail: &Trail) -> Mode {
        trail.module().map_or(Mode::Enforce, |module| self.mode_of(module))
    }

    fn mode_of(&self, module: &str) -> Mode {
        let is_shadow = self.config.shadow_modules.iter().any(|name| name == module);
        if is_shadow { Mode::Shadow } else { Mode::Enforce }
    }

    /// Writes down what passed because its module is in shadow: which ids, for the log alone.
    pub(crate) fn note_shadowed(&self, owned: &Owned) {
        let shadowed = owned.shadowed();
        if shadowed.is_empty() {
            return;
        }
        let ids: Vec<String> =
            shadowed.iter().map(|resource| format!("{}/{}", resource.kind, resource.id)).collect();
        let of = (owned.module().name.as_str(), owned.operation().action.as_str());
        self.note_object(of, owned, ObjectNote::Shadowed, &json!(ids));
    }

    fn note_object(
        &self,
        (module, action): (&str, &str),
        valid: &Valid,
        what: ObjectNote,
        detail: &serde_json::Value,
    ) {
        let request_id = valid.raw().request_id;
        self.log.event(&json!({
            "time_ms": valid.now().as_ms(),
            "event": what.as_str(),
            "request_id": request_id.to_string(),
            "account": valid.account().id,
            "module": module,
            "action": action,
            "detail": detail,
        }));
        self.stores.note_object((module, action), what, request_id, valid.now());
    }

    /// An answer as its account may see it. What was dropped, and what was promised and is not there, is counted.
    pub(crate) async fn seen(&self, sent: &Sent, mut done: Done) -> Done {
        let of = (sent.module().name.as_str(), sent.operation().action.as_str());
        let note = |what, detail| self.note_object(of, sent, what, &detail);
        let members = match &done.result {
            Ok(members) => members,
            Err(refusal) => {
                if refusal.reason == faregate_pipeline::fault::UPSTREAM_NO_CREATED_ID {
                    note(ObjectNote::NoId, json!(refusal.detail.for_log()));
                }
                return done;
            }
        };
        let listing = match Listing::read(sent.module(), sent.operation(), members) {
            Ok(None) => return done,
            Ok(Some(listing)) => listing,
            Err(fault) => {
                if matches!(fault, Fault::NoList(_)) {
                    note(ObjectNote::NoList, json!(null));
                }
                done.result = Err(fault.into());
                return done;
            }
        };
        let account = &sent.account().id;
        let owners = match self.stores.owners(listing.resources(), account).await {
            Ok(owners) => owners,
            // Nobody knows whose they are: nothing is shown.
            Err(down) => {
                done.result = Err(down.into());
                return done;
            }
        };
        let filtered = listing.keep(account, &owners, self.mode_of(&sent.module().name));
        if filtered.n_foreign > 0 {
            note(ObjectNote::ForeignListed, json!(filtered.n_foreign));
        }
        if filtered.n_unnamed > 0 {
            note(ObjectNote::UnnamedListed, json!(filtered.n_unnamed));
        }
        if let Some(members) = filtered.members {
            done.result = Ok(members);
        }
        done
    }
}
