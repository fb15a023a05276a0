//! How a command ends: the exit codes, in one table, and the line that explains them.

use std::process::ExitCode;

use faregate_client::CallError;
use faregate_contract::{Code, Family};
use faregate_stores::{AdminError, OpenError};

/// What the process says to whoever started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Something that should not happen.
    Unexpected = 1,
    /// The command line asks for what cannot be.
    Usage = 2,
    /// A configuration, a document or a data folder is not valid.
    Invalid = 3,
    /// A verification failed.
    Failed = 4,
    /// The server cannot be reached.
    Unreachable = 5,
    /// No answer in time.
    Timeout = 6,
    /// `call` was answered 4xxx.
    Request = 10,
    /// `call` was answered 5xxx.
    Resource = 11,
    /// `call` was answered 6xxx, or no code of the contract.
    Service = 12,
    /// Ctrl-C, while it was ending.
    Interrupted = 130,
    /// SIGTERM, while it was ending.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command that did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl ToString) -> Self {
        Self { exit, message: Some(message.to_string()) }
    }

    pub(crate) fn usage(message: impl ToString) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// All has been said already.
    pub(crate) const fn silent(exit: Exit) -> Self {
        Self { exit, message: None }
    }

    pub(crate) const fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// A refused call.
    pub(crate) fn of_code(code: Code) -> Option<Self> {
        match code.family() {
            Family::Success => None,
            Family::Request => Some(Self::silent(Exit::Request)),
            Family::Resource => Some(Self::silent(Exit::Resource)),
            Family::Service => Some(Self::silent(Exit::Service)),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(cause: std::io::Error) -> Self {
        Self::new(Exit::Unexpected, cause)
    }
}

impl From<OpenError> for Failure {
    fn from(cause: OpenError) -> Self {
        Self::new(Exit::Invalid, cause)
    }
}

impl From<AdminError> for Failure {
    fn from(cause: AdminError) -> Self {
        let exit = match &cause {
            AdminError::Down(_) => Exit::Unexpected,
            AdminError::NotFound { .. }
            | AdminError::Exists { .. }
            | AdminError::Invalid(_)
            | AdminError::Refused(_)
            | AdminError::KeyLimit(_)
            | AdminError::NotCarried
            | AdminError::Money(_) => Exit::Usage,
        };
        Self::new(exit, cause)
    }
}

impl From<CallError> for Failure {
    fn from(cause: CallError) -> Self {
        let (exit, fix) = match &cause {
            CallError::Unreachable { .. } => (
                Exit::Unreachable,
                ": start it with `faregate demo`, or name another with --endpoint",
            ),
            CallError::Timeout(_) => (Exit::Timeout, ""),
            CallError::Endpoint(_) | CallError::Request(_) | CallError::Certificates { .. } => {
                (Exit::Usage, "")
            }
            CallError::NotAnAnswer(_) => (Exit::Service, ": is --endpoint the address of the API?"),
            CallError::Lost { .. } => (Exit::Unreachable, ""),
            CallError::Api(_) | CallError::Random(_) | _ => (Exit::Unexpected, ""),
        };
        Self::new(exit, format!("{cause}{fix}"))
    }
}
