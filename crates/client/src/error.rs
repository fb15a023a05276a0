//! `CallError`: what can become of a call besides its answer.

use std::path::PathBuf;
use std::time::Duration;

use faregate_contract::{ApiError, NotAnAnswer};

/// Why a call has no successful answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The API answered another code than 0.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// No connection: the call was not sent.
    #[error("cannot reach {address}: {cause}")]
    Unreachable {
        /// Where it should have gone.
        address: String,
        /// What the operating system or TLS said.
        cause: String,
    },
    /// The connection ended before the answer: the call may have been executed.
    #[error("the answer of {address} was lost, the call may have been executed: {cause}")]
    Lost {
        /// Where it went.
        address: String,
        /// What happened.
        cause: String,
    },
    /// No answer in time: the call may have been executed.
    #[error("no answer within {} s, the call may have been executed", .0.as_secs_f64())]
    Timeout(Duration),
    /// What came back is none.
    #[error(transparent)]
    NotAnAnswer(#[from] NotAnAnswer),
    /// The endpoint cannot be one.
    #[error("`{0}` is no endpoint: write it as `https://127.0.0.1:8443`")]
    Endpoint(String),
    /// The certificates to trust cannot be read.
    #[error("cannot read certificates from `{}`: {cause}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The module's name cannot be part of a domain, or a parameter stands twice.
    #[error("{0}")]
    Request(String),
    /// The operating system has no randomness for a Nonce.
    #[error("no randomness for a Nonce: {0}")]
    Random(#[from] getrandom::Error),
}
