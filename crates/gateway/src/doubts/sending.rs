//! What a call sends, in bytes: enough to ask about it, or to send it again, after the process has died.

use faregate_catalog::UpstreamRequest;
use faregate_contract::RequestId;
use faregate_pipeline::parameters::{Requests, Valid};
use faregate_pipeline::replay;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is kept of a call until it is answered.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sending {
    /// The Idempotency-Key.
    pub(super) key: String,
    pub(super) region: Option<String>,
    pub(super) arguments: Map<String, Value>,
    requests: Vec<Request>,
    /// Of an item of a batch, the call.
    #[serde(default)]
    of: Option<String>,
    /// Of an item, is its answer kept for its batch.
    #[serde(default)]
    pub(super) keep: bool,
    /// Of a batch whose items have orders of their own, all of them.
    #[serde(default)]
    pub(super) parts: Vec<Part>,
}

/// One item of a batch.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) item: String,
    /// The name of its order.
    pub(super) name: String,
    /// How it ended, where nothing was to be sent.
    pub(super) ended: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Request {
    method: String,
    path_and_query: String,
    body: Option<String>,
}

impl Request {
    fn of(request: &UpstreamRequest) -> Self {
        Self {
            method: request.method.to_owned(),
            path_and_query: request.path_and_query.clone(),
            body: request.body.as_deref().map(|body| String::from_utf8_lossy(body).into_owned()),
        }
    }
}

impl Sending {
    pub(super) fn of(valid: &Valid, key: String) -> Self {
        let requests = match valid.requests() {
            Requests::One(one) => vec![Request::of(one)],
            Requests::Each(items) => items.iter().map(|(_, one)| Request::of(one)).collect(),
        };
        let arguments = valid.arguments().clone();
        let region = valid.common().region.clone();
        Self { key, region, arguments, requests, of: None, keep: false, parts: Vec::new() }
    }

    /// Of a batch that is sent in parts, the list of them in the place of what each sends.
    pub(super) fn in_parts(self, parts: Vec<Part>) -> Self {
        Self { parts, requests: Vec::new(), ..self }
    }

    /// What one item of a batch sends, by itself.
    pub(super) fn of_item(valid: &Valid, (place, item): (usize, &str), keep: bool) -> Self {
        let call = valid.raw().request_id;
        // As the item is sent the first time (`upstream::request`).
        let key = replay::token_text(valid).map_or_else(|| call.to_string(), str::to_owned);
        let requests = match valid.requests() {
            Requests::One(_) => &[],
            Requests::Each(items) => items.as_slice(),
        };
        Self {
            key: format!("{key}-{place}"),
            region: valid.common().region.clone(),
            arguments: valid.operation().over_item(valid.arguments(), item),
            requests: requests.get(place).map(|(_, one)| Request::of(one)).into_iter().collect(),
            of: Some(call.to_string()),
            keep,
            parts: Vec::new(),
        }
    }

    /// The call as its module knows it.
    pub(super) fn call(&self, own: RequestId) -> RequestId {
        self.of.as_deref().and_then(RequestId::parse).unwrap_or(own)
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        // Texts and JSON values always can be written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The one request; none of a batch, whose items each have an answer of their own.
    pub(super) fn one(&self) -> Option<UpstreamRequest> {
        const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
        let [only] = self.requests.as_slice() else { return None };
        Some(UpstreamRequest {
            method: METHODS.into_iter().find(|known| *known == only.method)?,
            path_and_query: only.path_and_query.clone(),
            body: only.body.clone().map(String::into_bytes),
        })
    }
}
