//! The module's document as its clients see it: one address, signed forms, the common envelope.
//!
//! A client never learns where the upstream is or how it is called: no path, no server and no extension of the
//! inner document is copied, only schemas. Each action is a path of its own by its fragment, which no HTTP client
//! sends: so tools that make a method of each operation make one of each action.

use serde_json::{Map, Value, json};

use crate::module::Module;
use crate::operation::Operation;

/// Where schemas may point to.
const SCHEMAS: &str = "#/components/schemas/";

impl Module {
    /// The document, OpenAPI 3.1.
    #[must_use]
    pub fn openapi(&self) -> Value {
        let paths: Map<String, Value> = self
            .operations()
            .map(|operation| {
                let item = json!({ "post": self.outside(operation) });
                (format!("/v2/index.php#Action={}", operation.action), item)
            })
            .collect();
        let mut schemas = self.schemas.clone();
        schemas.insert("FaregateAnswer".to_owned(), envelope());
        let servers: Vec<Value> = self
            .domains
            .iter()
            .map(|domain| json!({ "url": format!("https://{domain}") }))
            .collect();
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": self.title,
                "version": self.versions.last().map_or("1", String::as_str),
                "description": self.description,
            },
            "servers": servers,
            "paths": paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": { "signature": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "Signature",
                    "description": "Computed anew for each call over all its parameters: see the Authentication document. Lists and objects are sent flat: `ids.0`, `filter.name`.",
                } },
            },
            "security": [{ "signature": [] }],
        })
    }

    fn outside(&self, operation: &Operation) -> Value {
        let mut properties = common(operation, self);
        let mut required =
            vec!["Action", "Nonce", "SecretId", "Signature", "SignatureMethod", "Timestamp"];
        for parameter in operation.parameters.describe() {
            let mut schema = parameter.schema.clone();
            if let (Some(object), false) =
                (schema.as_object_mut(), parameter.description.is_empty())
            {
                object.insert("description".to_owned(), json!(parameter.description));
            }
            properties.insert(parameter.name.clone(), schema);
            if parameter.required {
                required.push(&parameter.name);
            }
        }
        let answer = json!({ "$ref": format!("{SCHEMAS}FaregateAnswer") });
        let schema = match &operation.answer {
            Some(own) => json!({ "allOf": [answer, own] }),
            None => answer,
        };
        json!({
            "operationId": operation.action,
            "summary": operation.summary,
            "description": operation.description,
            "requestBody": { "required": true, "content": { "application/x-www-form-urlencoded": {
                "schema": { "type": "object", "properties": properties, "required": required },
            } } },
            "responses": { "200": {
                "description": "Every answer, refusals too: `code` says which it is.",
                "content": { "application/json": { "schema": schema } },
            } },
        })
    }
}

/// The parameters of the protocol (PROTOCOL 1.2).
fn common(operation: &Operation, module: &Module) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut add = |name: &str, schema: Value| properties.insert(name.to_owned(), schema);
    add("Action", json!({ "const": operation.action }));
    add("Region", json!({ "type": "string" }));
    add("Timestamp", json!({ "type": "integer", "description": "Seconds since 1970, UTC." }));
    add(
        "Nonce",
        json!({ "type": "integer", "minimum": 0, "description": "Another one for each call." }),
    );
    add("SecretId", json!({ "type": "string" }));
    add("SignatureMethod", json!({ "enum": ["HmacSHA256", "HmacSHA1"] }));
    add("Signature", json!({ "type": "string", "format": "byte" }));
    add("Token", json!({ "type": "string", "description": "Of a temporary key." }));
    if !module.versions.is_empty() {
        add("Version", json!({ "enum": module.versions }));
    }
    properties
}

fn envelope() -> Value {
    json!({
        "type": "object",
        "required": ["code", "message", "codeDesc", "requestId"],
        "properties": {
            "code": { "type": "integer", "description": "0: the call succeeded. See /errors." },
            "message": { "type": "string" },
            "codeDesc": { "type": "string" },
            "requestId": { "type": "string" },
            "reason": { "type": "string" },
            "origin": { "enum": ["client", "gateway", "module"] },
            "retryable": { "type": "boolean" },
            "docUrl": { "type": "string", "format": "uri" },
            "fix": { "type": "string" },
            "params": { "type": "array", "items": { "type": "object" } },
            "detail": { "type": "object", "description": "Of a batch: the answer for each id." },
        },
    })
}

/// A schema without extensions, and with no reference but to another schema: what stays inside stays inside.
pub(crate) fn public(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let inside = members
                .get("$ref")
                .and_then(Value::as_str)
                .is_some_and(|reference| !reference.starts_with(SCHEMAS));
            if inside {
                return json!({});
            }
            let kept = members.iter().filter(|(key, _)| !key.starts_with("x-"));
            Value::Object(kept.map(|(key, value)| (key.clone(), public(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(public).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}
