//! The specification: documents to catalogs and diagnostics, texts to arguments, arguments to requests.

mod api3;
mod audit;
mod changes;
mod diagnostics;
mod documents;
mod parameters;
mod price;
mod request;
mod roundtrip;
mod sold;
mod terms;

use std::sync::Arc;

use crate::{Catalog, Loaded, Module, Operation, Settings, Source};

/// Loads one document under a name.
pub(super) fn load(name: &str, text: &str) -> Loaded {
    let settings = Settings { base_domain: "api.qcloud.com" };
    Catalog::load(&[Source { name, text, upstream: None }], &settings)
}

/// The only module of a document without problems.
#[track_caller]
pub(super) fn module(text: &str) -> Arc<Module> {
    let loaded = load("module.yaml", text);
    assert_eq!(loaded.diagnostics, vec![], "{text}");
    Arc::clone(&loaded.catalog.unwrap().modules()[0])
}

/// The head of a document; its paths follow.
pub(super) const HEAD: &str = r#"openapi: 3.1.0
info: { title: Test, version: "1" }
servers: [{ url: "http://127.0.0.1:9001" }]
x-faregate: { module: cvm }
"#;

/// The action `Act` with these parameters in its body, YAML in one line each.
#[track_caller]
pub(super) fn action(required: &str, properties: &str) -> Arc<Operation> {
    operation(&act("{}", required, properties))
}

/// The action `Act` of a document.
#[track_caller]
pub(super) fn operation(text: &str) -> Arc<Operation> {
    Arc::clone(module(text).operation("Act").unwrap())
}

/// A document with the one action `Act`.
pub(super) fn act(extension: &str, required: &str, properties: &str) -> String {
    format!(
        r#"{HEAD}paths:
  /act:
    post:
      operationId: Act
      x-faregate: {extension}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: {required}
              properties: {properties}
"#
    )
}
