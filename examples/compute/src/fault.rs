//! Faults on purpose: image ids that make the service misbehave, so that a client can meet every kind of fault.
//!
//! A fault either stands in place of the work (nothing was done) or comes after it (the answer is lost).

use std::time::Duration;

use hyper::StatusCode;

use crate::answer::Answer;

const HANG: Duration = Duration::from_secs(30);

/// What goes wrong, and whether the work is done before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Instead(Misanswer),
    After(Loss),
}

/// A wrong answer to a call that did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misanswer {
    Nonsense,
    InternalError,
    Teapot,
}

/// How the answer to finished work is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    Hang,
    Crash,
}

impl Fault {
    pub(crate) fn of(image: &str) -> Option<Self> {
        match image {
            "img-nonsense" => Some(Self::Instead(Misanswer::Nonsense)),
            "img-500" => Some(Self::Instead(Misanswer::InternalError)),
            "img-teapot" => Some(Self::Instead(Misanswer::Teapot)),
            "img-hang" => Some(Self::After(Loss::Hang)),
            "img-crash" => Some(Self::After(Loss::Crash)),
            _ => None,
        }
    }
}

impl Misanswer {
    pub(crate) fn answer(self) -> Answer {
        match self {
            Self::Nonsense => Answer::page("<html><body><h1>It works!</h1></body></html>\n"),
            Self::InternalError => Answer::bare(StatusCode::INTERNAL_SERVER_ERROR),
            Self::Teapot => Answer::bare(StatusCode::IM_A_TEAPOT),
        }
    }
}

impl Loss {
    pub(crate) async fn strike(self) {
        match self {
            Self::Hang => tokio::time::sleep(HANG).await,
            Self::Crash => crash(),
        }
    }
}

#[expect(clippy::exit, reason = "img-crash is there to show a process that dies in a call")]
fn crash() -> ! {
    std::process::exit(70)
}
