//! A module's own error, as the page writes it: `(100004) incorrect projectId`.

use std::fmt;
use std::str::FromStr;

/// A module error. The code is text: leading zeros, letters and any length survive.
///
/// ```
/// use faregate_contract::ModuleError;
///
/// let error: ModuleError = "(100004) incorrect projectId".parse()?;
/// assert_eq!(error.code, "100004");
/// assert_eq!(error.to_string(), "(100004) incorrect projectId");
/// # Ok::<(), faregate_contract::NotAModuleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModuleError {
    /// The string within the parentheses: not empty, no parentheses, no white space at its ends.
    pub code: String,
    /// The string following them.
    pub description: String,
}

impl ModuleError {
    /// A module error, if `code` can stand between parentheses and be read back.
    ///
    /// # Errors
    /// When `code` is empty, holds a parenthesis, or begins or ends with white space.
    pub fn new(
        code: impl Into<String>,
        description: impl Into<String>,
    ) -> Result<Self, NotAModuleError> {
        let (code, description) = (code.into(), description.into());
        if code.is_empty() || code.contains(['(', ')']) || code.trim() != code {
            return Err(NotAModuleError);
        }
        Ok(Self { code, description })
    }
}

impl fmt::Display for ModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) {}", self.code, self.description)
    }
}

/// The message is not a module's: it does not begin with a code between parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAModuleError;

impl fmt::Display for NotAModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a module error: it does not begin with `(code)`")
    }
}

impl std::error::Error for NotAModuleError {}

impl FromStr for ModuleError {
    type Err = NotAModuleError;

    /// The space after the parenthesis is optional (PROTOCOL 2: both spellings are on the wire); one
    /// space is taken, more belong to the description.
    fn from_str(message: &str) -> Result<Self, NotAModuleError> {
        let rest = message.strip_prefix('(').ok_or(NotAModuleError)?;
        let (code, description) = rest.split_once(')').ok_or(NotAModuleError)?;
        Self::new(code, description.strip_prefix(' ').unwrap_or(description))
    }
}

#[cfg(test)]
mod spec {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_are_read_as_the_page_writes_them() {
        for (message, code, description) in [
            ("(100004) incorrect projectId", "100004", "incorrect projectId"),
            ("(100004)projectId不正确", "100004", "projectId不正确"),
            ("(0012) leading zeros", "0012", "leading zeros"),
            ("(InvalidZone.Closed) letters", "InvalidZone.Closed", "letters"),
            ("(-1) negative", "-1", "negative"),
            ("(7) with (more) parentheses)", "7", "with (more) parentheses)"),
            ("(7)  two spaces", "7", " two spaces"),
            ("(7)", "7", ""),
            ("(99999999999999999999999999) any length", "99999999999999999999999999", "any length"),
        ] {
            let error: ModuleError = message.parse().unwrap();
            assert_eq!((error.code.as_str(), error.description.as_str()), (code, description));
        }
    }

    #[test]
    fn messages_of_the_gateway_are_not_module_errors() {
        for message in
            ["", "incorrect", "() empty", "(open", " (1) space first", "((1) twice", "( 1) x"]
        {
            assert_eq!(message.parse::<ModuleError>(), Err(NotAModuleError), "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(code in "[A-Za-z0-9._-]{1,40}", description in "\\PC{0,80}") {
            let error = ModuleError::new(code, description).unwrap();
            prop_assert_eq!(error.to_string().parse::<ModuleError>(), Ok(error));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = text.parse::<ModuleError>();
        }
    }
}
