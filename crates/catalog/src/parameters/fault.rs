//! Faults: what is wrong with one parameter, as a rule for machines and a sentence for people.

use std::fmt;

/// How many characters of a client's input are repeated to it.
const QUOTED_MAX: usize = 200;

/// How many faults one answer names.
pub const FAULTS_MAX: usize = 20;

/// One parameter that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The parameter, as the document declares it or, below its first name, as it was sent.
    pub parameter: String,
    /// The rule that it broke.
    pub reason: FaultReason,
    /// One sentence that names the parameter and the rule.
    pub message: String,
}

/// The rule that a parameter broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultReason {
    /// It is required and was not given.
    Missing,
    /// It does not read as a value of its type.
    WrongType,
    /// A number outside its bounds, or not a multiple.
    OutOfRange,
    /// Not one of the values that it may have.
    NotAllowed,
    /// A text that does not match its pattern.
    Pattern,
    /// A text that is not of its format.
    Format,
    /// A text that is too long or too short.
    Length,
    /// Too many items, members or parameters.
    TooMany,
    /// Too few items or members.
    TooFew,
    /// The same item twice.
    Repeated,
    /// The action has no such parameter.
    Unknown,
    /// A list's index that is not a number, or far too large.
    BadIndex,
    /// The same place given twice, or both as a value and as a structure.
    Conflict,
    /// Nested deeper than is read.
    TooDeep,
    /// A value that cannot stand in a path: empty, `.` or `..`.
    PathSegment,
    /// Another rule of the schema.
    Rule,
}

impl FaultReason {
    /// The reason as answers write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "MISSING",
            Self::WrongType => "WRONG_TYPE",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::Pattern => "PATTERN",
            Self::Format => "FORMAT",
            Self::Length => "LENGTH",
            Self::TooMany => "TOO_MANY",
            Self::TooFew => "TOO_FEW",
            Self::Repeated => "REPEATED",
            Self::Unknown => "UNKNOWN_PARAMETER",
            Self::BadIndex => "BAD_INDEX",
            Self::Conflict => "CONFLICT",
            Self::TooDeep => "TOO_DEEP",
            Self::PathSegment => "PATH_SEGMENT",
            Self::Rule => "RULE",
        }
    }
}

impl fmt::Display for FaultReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Fault {
    pub(crate) fn new(parameter: &str, reason: FaultReason, message: String) -> Self {
        Self { parameter: parameter.to_owned(), reason, message }
    }
}

/// A client's input between backticks, cut to its first 200 characters and without control characters.
pub(crate) fn quoted(input: &str) -> String {
    let mut quoted = String::from("`");
    let mut rest = input.chars();
    for c in rest.by_ref().take(QUOTED_MAX) {
        quoted.push(if c.is_control() || c == '`' { '\u{fffd}' } else { c });
    }
    if rest.next().is_some() {
        quoted.push('…');
    }
    quoted.push('`');
    quoted
}

/// All faults as an answer names them: by name, each once, at most twenty.
pub(crate) fn ordered(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort_by(|a, b| (&a.parameter, a.reason).cmp(&(&b.parameter, b.reason)));
    faults.dedup_by(|a, b| a.parameter == b.parameter && a.message == b.message);
    faults.truncate(FAULTS_MAX);
    faults
}
