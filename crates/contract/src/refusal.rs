//! `Refusal`: why a call was not done, for the client and for the log.

use std::borrow::Cow;

use serde::Serialize;

use crate::{Code, Detail, Effect, Members, ModuleError, Public, Reason, Retry};

/// Who is at the origin of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The request: the client can mend it.
    Client,
    /// Faregate itself.
    Gateway,
    /// The module behind it.
    Module,
}

/// One parameter that was refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Param {
    /// The name, as the document declares it.
    pub name: String,
    /// The machine-readable rule.
    pub reason: Cow<'static, str>,
    /// One sentence.
    pub message: String,
}

/// A refusal: one code, one reason, one public sentence, and what only the log may hold.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The common code.
    pub code: Code,
    /// The cause within the code.
    pub reason: Reason,
    /// Who is at its origin.
    pub origin: Origin,
    /// What the client is told, without the Error Type in front.
    pub public: Public,
    /// What is logged.
    pub detail: Detail,
    /// May the client try again.
    pub retry: Retry,
    /// Was anything executed or charged.
    pub effect: Effect,
    /// The module's own error; then the message is the module's, and begins with `(`.
    pub module: Option<ModuleError>,
    /// A command or a sentence that mends it.
    pub fix: Option<Cow<'static, str>>,
    /// The parameters concerned, at most 20.
    pub params: Vec<Param>,
    /// Further members of the answer: what a rehearsed call would come to.
    pub beside: Members,
}

impl Refusal {
    /// A refusal by a gate before anything was executed: no retry advised, nothing charged.
    #[must_use]
    pub fn new(code: Code, reason: Reason, origin: Origin, public: Public) -> Self {
        Self {
            code,
            reason,
            origin,
            public,
            detail: Detail::NONE,
            retry: Retry::Never,
            effect: Effect::Nothing,
            module: None,
            fix: None,
            params: Vec::new(),
            beside: Members::none(),
        }
    }

    /// The same, with a note for the log.
    #[must_use]
    pub fn detail(self, detail: Detail) -> Self {
        Self { detail, ..self }
    }

    /// The same, with another advice.
    #[must_use]
    pub fn retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// The same, with another effect.
    #[must_use]
    pub fn effect(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }

    /// The same, with a fix.
    #[must_use]
    pub fn fix(self, fix: impl Into<Cow<'static, str>>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    /// The same, naming the parameters.
    #[must_use]
    pub fn params(self, params: Vec<Param>) -> Self {
        Self { params, ..self }
    }

    /// The same, with members beside it.
    #[must_use]
    pub fn beside(self, beside: Members) -> Self {
        Self { beside, ..self }
    }

    /// The same, in the module's own voice.
    #[must_use]
    pub fn module(self, module: ModuleError) -> Self {
        Self { module: Some(module), ..self }
    }

    /// The `message` of the answer. Only a module's begins with `(`; every other begins with the
    /// page's Error Type, then says the particular, then whether anything was done.
    #[must_use]
    pub fn message(&self) -> String {
        if let Some(module) = &self.module {
            return module.to_string();
        }
        let mut message = format!("{}: {}", self.code.error_type(), self.public.as_str());
        if let Some(sentence) = self.effect.sentence() {
            message.push(' ');
            message.push_str(sentence);
        }
        message
    }
}
