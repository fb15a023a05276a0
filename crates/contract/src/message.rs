//! Two audiences, two types: what may be said to a client, and what may only be logged.
//!
//! There is no road from [`Detail`] to [`Public`]: a service once sent its internal message to its
//! clients because both were strings (dropshot 0.15.0).

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// The longest piece of a client's own input that is echoed, in characters.
const ECHO_CHARS_MAX: usize = 200;

/// A sentence for the client: present tense, names the parameter, says what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Public(Cow<'static, str>);

impl Public {
    /// A sentence that may be said.
    pub fn new(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self(sentence.into())
    }

    /// The sentence.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A client's input as it may be echoed: in backticks, control characters shown, cut at 200
    /// characters.
    #[must_use]
    pub fn echo(input: &str) -> String {
        let mut shown = String::with_capacity(input.len().min(ECHO_CHARS_MAX) + 2);
        shown.push('`');
        for (n, c) in input.chars().enumerate() {
            if n == ECHO_CHARS_MAX {
                shown.push('…');
                break;
            }
            // A control character or a backtick would break the quoting, so it is shown escaped.
            if c.is_control() || c == '`' {
                shown.extend(c.escape_unicode());
            } else {
                shown.push(c);
            }
        }
        shown.push('`');
        shown
    }
}

/// The whole chain of causes, for the log only: it has no `Serialize` and no `Display`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Detail(Option<Box<str>>);

impl Detail {
    /// Nothing more is known than the public sentence.
    pub const NONE: Self = Self(None);

    /// A note for the log.
    pub fn note(text: impl Into<Box<str>>) -> Self {
        Self(Some(text.into()))
    }

    /// An error and all its sources, outermost first.
    pub fn chain(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Self(Some(text.into()))
    }

    /// The text for a log line, if there is any.
    #[must_use]
    pub fn for_log(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Refusals are printed by test failures and panics; what they hide stays hidden there too.
        f.write_str(if self.0.is_some() { "Detail(..)" } else { "Detail(none)" })
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn echoes_are_quoted_and_cut() {
        for (input, shown) in
            [("abc", "`abc`"), ("a\nb", "`a\\u{a}b`"), ("a`b", "`a\\u{60}b`"), ("", "``")]
        {
            assert_eq!(Public::echo(input), shown);
        }
        let long = "é".repeat(201);
        assert_eq!(Public::echo(&long).chars().count(), 203);
        assert!(Public::echo(&long).ends_with("…`"));
    }

    #[test]
    fn a_detail_does_not_show_itself() {
        assert_eq!(format!("{:?}", Detail::note("secret")), "Detail(..)");
    }
}
