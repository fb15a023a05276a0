//! Who signed what: the signatures v2 and TC3, checked and made.
//!
//! Pure: no clock, no store, no I/O. A verdict is a function of the request and the secret alone.
//!
//! ```
//! use faregate_signing::{Algorithm, Method, SecretKey, Tag, sign, v2};
//!
//! let secret = SecretKey::new("Gu5t9xGARNpq86cd98joQYCN3Cozk1qA");
//! let mut pairs = vec![("Action".to_owned(), "DescribeZones".to_owned())];
//! let (host, path) = ("cvm.api.qcloud.com", "/v2/index.php");
//! let signature = sign::v2(Method::Get, host, path, &mut pairs, &secret, Algorithm::HmacSha256);
//!
//! let tag = Tag::decode(&signature)?;
//! let sent: Vec<_> = pairs
//!     .iter()
//!     .filter(|(name, _)| name != "Signature")
//!     .map(|(name, value)| (name.as_str(), value.as_str()))
//!     .collect();
//! let request = v2::Request {
//!     method: Method::Get,
//!     host,
//!     path,
//!     pairs: &sent,
//!     algorithm: Algorithm::HmacSha256,
//!     tag: &tag,
//! };
//! let verified = v2::verify(&request, &secret).map_err(|mismatch| mismatch.to_string())?;
//! assert_eq!(verified.profile, v2::Profile::CANONICAL);
//! assert!(verified.uncovered.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a tag does not cover: values are not escaped in the string to sign (PROTOCOL 1.4), so a caller also asks
//! [`v2::twins`] and [`v2::ambiguous`], and never delivers what [`v2::Verified::uncovered`] names.

mod algorithm;
pub mod capture;
pub mod diagnose;
pub mod form;
mod key;
mod method;
pub mod multipart;
pub mod region;
pub mod sign;
mod tag;
pub mod tc3;
pub mod v2;

#[cfg(test)]
mod spec;

pub use algorithm::Algorithm;
pub use key::{KeyId, SecretKey, dummy_secret};
pub use method::Method;
pub use tag::{Tag, TagError};

/// A parameter as received: its name as sent, its value decoded.
pub type Pair<'a> = (&'a str, &'a str);
