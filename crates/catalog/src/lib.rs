//! What modules offer: OpenAPI 3.1 documents with x-faregate, checked and compiled.
//!
//! Bytes in, a [`Catalog`] or [`Diagnostic`]s out; nothing is fetched, no file is opened. What a call
//! needs is compiled at load: the shapes and the validator of its parameters, its price, the template
//! of its upstream request. Read `document/` (text to value, with places), then `extension/` (what
//! `x-faregate` may say), `operation/` (an action), `parameters/` (texts to JSON) and `price/`.
//!
//! ```
//! use faregate_catalog::{Catalog, Settings, Source};
//!
//! let text = r#"
//! openapi: 3.1.0
//! info: { title: Zones, version: "1" }
//! servers: [{ url: "http://127.0.0.1:9001" }]
//! x-faregate: { module: cvm }
//! paths:
//!   /zones:
//!     get:
//!       operationId: DescribeZones
//!       parameters:
//!         - { name: limit, in: query, schema: { type: integer, maximum: 100, default: 20 } }
//! "#;
//! let source = Source { name: "cvm.yaml", text, upstream: None };
//! let loaded = Catalog::load(&[source], &Settings { base_domain: "api.qcloud.com" });
//! let catalog = loaded.catalog.ok_or("no catalog")?;
//! let module = catalog.module_by_domain("cvm.api.qcloud.com").ok_or("no module")?;
//! let operation = module.operation("DescribeZones").ok_or("no action")?;
//!
//! let arguments = operation.parameters.read([("limit", "5")].into_iter()).map_err(|_| "refused")?;
//! let request = operation.request(&arguments).map_err(|_| "refused")?;
//! assert_eq!((request.method, request.path_and_query.as_str()), ("GET", "/zones?limit=5"));
//! # Ok::<(), &str>(())
//! ```

mod audit;
mod builtin;
mod catalog;
mod changes;
mod diagnostic;
mod document;
mod extension;
mod lifetime;
mod module;
mod operation;
mod outside;
mod parameters;
mod price;
mod schema;
mod suggestion;
mod text;

pub use audit::{Finding, Lack, looks_like_id};
pub use catalog::{Catalog, Loaded, Settings};
pub use changes::{Change, Impact, changes};
pub use diagnostic::{Diagnostic, Severity};
pub use document::Source;
pub use lifetime::Lifetime;
pub use module::{ErrorExample, Module, ModuleErrorDoc, NotAnUpstream, Upstream};
pub use operation::{
    Access, Audience, Batch, Binding, COMMON_PARAMETERS, Cover, Creates, Filter, Grant, InDoubt,
    JsonPath, Listed, MinSignature, Need, Operation, Pricing, Purchase, Quote, Rate, Rest, Returns,
    Shares, Step, Totals, Transfers, UpstreamRequest, ids_at,
};
pub use parameters::{Description, FAULTS_MAX, Fault, FaultReason, PARAMETERS_MAX, Parameters};
pub use price::{Period, Price, PriceError, Record, Refund};
pub use suggestion::did_you_mean;
pub use text::Text;

#[cfg(test)]
mod spec;
