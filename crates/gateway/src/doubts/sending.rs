//! What a call sends, in bytes: enough to ask about it, or to send it again, after the process has died.

use faregate_catalog::UpstreamRequest;
use faregate_pipeline::parameters::{Requests, Valid};
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
}

#[derive(Debug, Serialize, Deserialize)]
struct Request {
    method: String,
    path_and_query: String,
    body: Option<String>,
}

impl Sending {
    pub(super) fn of(valid: &Valid, key: String) -> Self {
        let request = |request: &UpstreamRequest| Request {
            method: request.method.to_owned(),
            path_and_query: request.path_and_query.clone(),
            body: request.body.as_deref().map(|body| String::from_utf8_lossy(body).into_owned()),
        };
        let requests = match valid.requests() {
            Requests::One(one) => vec![request(one)],
            Requests::Each(items) => items.iter().map(|(_, one)| request(one)).collect(),
        };
        let arguments = valid.arguments().clone();
        Self { key, region: valid.common().region.clone(), arguments, requests }
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
