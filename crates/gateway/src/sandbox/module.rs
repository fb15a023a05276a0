//! What the module is made to answer by a fault: translated, settled and learnt from as its own words are.

use bytes::Bytes;
use faregate_catalog::{Module, UpstreamRequest};
use faregate_contract::Code;
use faregate_pipeline::batch;
use faregate_pipeline::operation::{Sent, Upstream};
use serde_json::json;

use crate::driver::Driver;
use crate::upstream::servers::Server;

/// A page of some proxy that stands where the module should.
const GARBAGE: &str = "<html><body><h1>502 Bad Gateway</h1></body></html>\n";

/// An answer in the module's place.
#[derive(Debug)]
pub(crate) enum Faked {
    /// It is not called; this is what it says, to every item of a batch.
    Answer(Upstream),
    /// It is called but for the last item, which it answers with this.
    Last(Upstream),
    /// It is called and does its work, and its answer is lost behind a page of HTML.
    Garbage,
}

impl Faked {
    /// A module's refusal; what a documented module code means stands in the document.
    pub(super) fn error(module: &Module, code: Option<Code>, module_code: Option<&str>) -> Self {
        Self::Answer(error(module, code, module_code))
    }

    /// The last item of a batch is refused.
    pub(super) fn last(module: &Module) -> Self {
        Self::Last(error(module, Some(Code::OperationFailed), None))
    }

    /// What came back from the module's address.
    pub(super) fn upstream(upstream: Upstream) -> Self {
        Self::Answer(upstream)
    }

    /// A module that answers this, with 200.
    pub(super) fn says(body: &'static str) -> Self {
        Self::Answer(answered(200, Bytes::from_static(body.as_bytes())))
    }

    /// A module that answers a bare status.
    pub(super) fn status(status: u16) -> Self {
        Self::Answer(answered(status, Bytes::new()))
    }

    /// A module that breaks.
    pub(super) fn broken() -> Self {
        Self::Answer(answered(500, Bytes::new()))
    }
}

fn error(module: &Module, code: Option<Code>, module_code: Option<&str>) -> Upstream {
    let documented = module_code.and_then(|own| module.errors.get(own));
    let code = code.unwrap_or(Code::OperationFailed);
    let message = documented.map_or("a fault on purpose", |error| error.message.as_str());
    // The module code of an error without one is no text, and so it is none.
    let body = json!({ "code": code.number(), "message": message, "moduleCode": module_code });
    answered(200, body.to_string().into())
}

fn answered(status: u16, body: Bytes) -> Upstream {
    Upstream::Answered { status, retry_after_s: None, body }
}

impl Driver {
    /// Asks the module, unless a fault has taken its place.
    pub(crate) async fn ask(
        &self,
        sent: &Sent,
        request: &UpstreamRequest,
        place: Option<usize>,
        faked: Option<&Faked>,
        server: Option<&Server>,
    ) -> Upstream {
        match faked {
            Some(Faked::Answer(upstream)) => return upstream.clone(),
            Some(Faked::Last(upstream)) if place == batch::plan(sent).last().copied() => {
                return upstream.clone();
            }
            Some(Faked::Last(_) | Faked::Garbage) | None => {}
        }
        // In one place, so that a call's future is as small as without faults.
        let upstream = match server {
            _ if sent.module().builtin => Box::pin(self.administer(sent)).await,
            Some(server) => self.upstreams.send(sent, request, place, server).await,
            None => Upstream::Unreachable("the module has no server".to_owned()),
        };
        match faked {
            Some(Faked::Garbage) => answered(200, Bytes::from_static(GARBAGE.as_bytes())),
            Some(Faked::Answer(_) | Faked::Last(_)) | None => upstream,
        }
    }
}
