//! Signs and sends calls to a cloud API behind Faregate.
//!
//! [`Client::call`] is the whole of it; [`Client::prepare`] shows what would be sent, and the string that was signed.
//! Every attempt has a fresh Nonce and Timestamp. A call that may have been executed is never sent again.
//!
//! ```no_run
//! use faregate_client::{CallError, Client, Credentials, Endpoint};
//!
//! # async fn zones() -> Result<(), CallError> {
//! let endpoint = Endpoint::at("https://127.0.0.1:8443", "api.qcloud.com")?.with_ca("ca.pem");
//! let client = Client::new(endpoint, Credentials::new("AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA", "secret"))?;
//! match client.call("cvm", "DescribeZones", &[]).await {
//!     Ok(answer) => assert_eq!(answer["code"], 0),
//!     Err(CallError::Api(error)) => assert!(!error.code.is_success()),
//!     Err(other) => return Err(other),
//! }
//! # Ok(())
//! # }
//! ```

mod advice;
mod client;
mod clock;
mod credentials;
mod endpoint;
mod environment;
mod error;
mod fetch;
mod request;
#[cfg(test)]
mod spec;
mod transport;
mod trust;

pub use client::Client;
pub use credentials::Credentials;
pub use endpoint::Endpoint;
pub use error::CallError;
pub use fetch::{FetchLimits, fetch};
pub use request::{Api3, PATH, Prepared};
pub use transport::Answered;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
