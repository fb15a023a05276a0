//! What is served is kept as a version of its module, however it came there.

use faregate_stores::Actor;
use serde_json::json;

use super::Control;
use crate::clock;
use crate::modules::History;

/// Who changed a file is known to nobody here.
const BY: &str = "local:files";

impl Control {
    /// Keeps every document that is served and not kept yet, and notes in the audit log those that replaced another.
    /// Not under the lock: whoever administers may be waiting for it.
    pub(crate) fn remember(&self, because: &'static str) {
        let shared = self.shared();
        for module in shared.catalog.modules() {
            let Some(text) = shared.catalog.text(&module.name) else { continue };
            let history = History::of(&shared.config.data, &module.name);
            let before = history.versions().unwrap_or_default().pop();
            let kept = match history.add(text, BY, because, clock::machine().as_ms()) {
                Ok(kept) => kept,
                Err(cause) => {
                    let (module, why) = (&module.name, cause.to_string());
                    shared.log.event(
                        &json!({ "event": "document-not-kept", "module": module, "why": why }),
                    );
                    continue;
                }
            };
            let Some(before) = before.filter(|before| *before != kept) else { continue };
            let actor = Actor { who: BY.to_owned(), ..Actor::local(None) };
            let subject = format!("module/{}", module.name);
            let values = (
                Some(json!({ "version": before.number, "digest": before.digest })),
                Some(json!({ "version": kept.number, "digest": kept.digest })),
            );
            let noted = shared.stores.administer(actor, |admin| {
                admin.note("PutModule", subject, values).map_err(|error| error.to_string())
            });
            // A shared home has no such log; what is served does not depend on it.
            if let Err(why) = noted.map_err(|down| down.cause).flatten() {
                shared.log.event(
                    &json!({ "event": "change-not-noted", "module": module.name, "why": why }),
                );
            }
        }
    }
}
