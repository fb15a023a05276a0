//! The two HTTP methods that the API speaks.

use std::fmt;

/// A method of a signed call: "GET and POST only" (PROTOCOL 1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Parameters come from the query string alone.
    Get,
    /// Parameters come from the body alone.
    Post,
}

impl Method {
    /// The method named so, in upper case as HTTP has it.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "GET" => Some(Self::Get),
            "POST" => Some(Self::Post),
            _ => None,
        }
    }

    /// The word that begins the string to sign.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
