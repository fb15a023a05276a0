//! The upstream's request, built of the checked arguments.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::parameters::{Fault, FaultReason, path_fault, text_of};

/// Everything but the unreserved characters (RFC 3986 2.3): a value can be no separator.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request to the module, without its headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamRequest {
    /// The method.
    pub method: &'static str,
    /// Path and query below the upstream's base path, percent-encoded.
    pub path_and_query: String,
    /// The JSON body.
    pub body: Option<Vec<u8>>,
}

/// Where each argument goes.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) method: &'static str,
    pub(crate) path: Vec<Segment>,
    pub(crate) query: Vec<(String, Style)>,
    pub(crate) body: Option<BodyMembers>,
}

/// A piece of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Literal(String),
    Parameter(String),
}

/// How a parameter is written into the query (OpenAPI 3.1, `style` and `explode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `a=1&a=2`
    Repeated,
    /// `a=1,2`, or another separator.
    Joined(char),
    /// `a[b]=1`
    Deep,
}

/// The members of the body.
#[derive(Clone, Debug)]
pub(crate) struct BodyMembers {
    pub(crate) names: Vec<String>,
    /// Send `{}` when no member is given?
    pub(crate) required: bool,
}

impl Template {
    /// Builds the request.
    pub(crate) fn build(&self, arguments: &Map<String, Value>) -> Result<UpstreamRequest, Fault> {
        let mut target = String::with_capacity(64);
        for segment in &self.path {
            match segment {
                Segment::Literal(text) => target.push_str(text),
                Segment::Parameter(name) => {
                    let text = arguments.get(name).and_then(text_of).ok_or_else(|| {
                        Fault::new(name, FaultReason::Missing, format!("`{name}` is required."))
                    })?;
                    if matches!(text.as_str(), "" | "." | "..") {
                        return Err(path_fault(name));
                    }
                    target.extend(utf8_percent_encode(&text, RESERVED));
                }
            }
        }
        let mut query = Query { target, any: false };
        for (name, style) in &self.query {
            if let Some(value) = arguments.get(name) {
                query.push(name, *style, value);
            }
        }
        let body = self.body.as_ref().and_then(|body| body.bytes(arguments));
        Ok(UpstreamRequest { method: self.method, path_and_query: query.target, body })
    }
}

impl BodyMembers {
    fn bytes(&self, arguments: &Map<String, Value>) -> Option<Vec<u8>> {
        let members: std::collections::BTreeMap<&String, &Value> =
            self.names.iter().filter_map(|name| Some((name, arguments.get(name)?))).collect();
        if members.is_empty() && !self.required {
            return None;
        }
        serde_json::to_vec(&members).ok()
    }
}

struct Query {
    target: String,
    any: bool,
}

impl Query {
    fn push(&mut self, name: &str, style: Style, value: &Value) {
        match (value, style) {
            (Value::Array(items), Style::Repeated | Style::Deep) => {
                for text in items.iter().filter_map(text_of) {
                    self.pair(name, &text);
                }
            }
            (Value::Array(items), Style::Joined(separator)) => {
                let mut texts = items.iter().filter_map(text_of);
                if let Some(first) = texts.next() {
                    self.pair(name, &first);
                    for text in texts {
                        self.target.push(separator);
                        self.target.extend(utf8_percent_encode(&text, RESERVED));
                    }
                }
            }
            (Value::Object(members), _) => {
                for (key, member) in members {
                    if let Some(text) = text_of(member) {
                        self.pair(&format!("{name}[{key}]"), &text);
                    }
                }
            }
            (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), _) => {
                if let Some(text) = text_of(value) {
                    self.pair(name, &text);
                }
            }
        }
    }

    fn pair(&mut self, name: &str, text: &str) {
        self.target.push(if self.any { '&' } else { '?' });
        self.any = true;
        self.target.extend(utf8_percent_encode(name, RESERVED));
        self.target.push('=');
        self.target.extend(utf8_percent_encode(text, RESERVED));
    }
}
