//! `Pairs`: a query or a form, decoded once, into one buffer.

use std::borrow::Cow;

use faregate_contract::{Param, Public, Reason};
use smallvec::SmallVec;

/// Longest name, in bytes (RELIABILITY 1.3, rule 1).
const NAME_BYTES_MAX: usize = 128;

/// The parameters of a call, in the order received: names as sent, values decoded.
#[derive(Debug, Default)]
pub struct Pairs {
    text: String,
    /// Where each name ends and each value ends; a name begins where the value before it ended.
    ends: Vec<(usize, usize)>,
}

/// Why a query or form cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub enum PairsFault {
    /// More parameters than the limit.
    TooMany(usize),
    /// A `%` that is not followed by two hexadecimal digits, bytes that are not UTF-8, or NUL, CR, LF.
    BadEncoding(String),
    /// A name outside `[A-Za-z0-9_.-]{1,128}`.
    BadName(String),
    /// A name twice.
    Duplicate(String),
    /// Two names that are one in the string to sign: `a_b` and `a.b`.
    Twins(String, String),
}

impl PairsFault {
    pub(super) fn say(self) -> (Reason, Cow<'static, str>, Vec<Param>) {
        let (reason, names, say) = match self {
            Self::TooMany(max) => (
                super::TOO_MANY_PARAMETERS,
                Vec::new(),
                format!("there are more than {max} parameters."),
            ),
            Self::BadEncoding(name) => (
                super::BAD_ENCODING,
                vec![name.clone()],
                format!("the value of {} is not percent-encoded UTF-8 text.", Public::echo(&name)),
            ),
            Self::BadName(name) => (
                super::BAD_NAME,
                vec![name.clone()],
                format!(
                    "{} is not a parameter name: letters, digits, `_`, `.` and `-`, at most {NAME_BYTES_MAX}.",
                    Public::echo(&name)
                ),
            ),
            Self::Duplicate(name) => (
                super::DUPLICATE_NAME,
                vec![name.clone()],
                format!("the parameter {} stands twice.", Public::echo(&name)),
            ),
            Self::Twins(a, b) => {
                let say = format!(
                    "the parameters {} and {} are one name in the string to sign; send one of them.",
                    Public::echo(&a),
                    Public::echo(&b)
                );
                (super::TWIN_NAMES, vec![a, b], say)
            }
        };
        let params = names
            .into_iter()
            .map(|name| Param {
                name: name.chars().take(200).collect(),
                reason: reason.as_str().into(),
                message: say.clone(),
            })
            .collect();
        (reason, say.into(), params)
    }
}

impl Pairs {
    /// Reads `application/x-www-form-urlencoded`, which a query is too (WHATWG URL 5.1), but strictly:
    /// nothing is repaired, replaced or dropped, since whatever is read must be what was signed.
    ///
    /// # Errors
    /// The first fault found.
    pub fn parse(raw: &[u8], parameters_max: usize) -> Result<Self, PairsFault> {
        let mut reader = Reader::new(raw.len(), parameters_max);
        let mut rest = raw;
        while !rest.is_empty() {
            let (piece, behind) = cut(b'&', rest);
            rest = behind;
            if !piece.is_empty() {
                let (name, value) = cut(b'=', piece);
                reader.read(name, value, percent_decode)?;
            }
        }
        reader.finish(is_one_line)
    }

    /// Takes names and values as they stand: the parts of a multipart body.
    ///
    /// # Errors
    /// The first fault found.
    pub fn of<'a>(
        pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        parameters_max: usize,
    ) -> Result<Self, PairsFault> {
        Self::plain(pairs, parameters_max, is_one_line)
    }

    /// The same, where the signature covers the bytes of the body: a value may hold line ends.
    ///
    /// # Errors
    /// The first fault found.
    pub fn covered<'a>(
        pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        parameters_max: usize,
    ) -> Result<Self, PairsFault> {
        Self::plain(pairs, parameters_max, |_| true)
    }

    fn plain<'a>(
        pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        parameters_max: usize,
        is_value: fn(&[u8]) -> bool,
    ) -> Result<Self, PairsFault> {
        let mut reader = Reader::new(256, parameters_max);
        for (name, value) in pairs {
            reader.read(name, value, copy)?;
        }
        reader.finish(is_value)
    }

    /// None at all.
    pub(crate) const NONE: &'static Self = &Self { text: String::new(), ends: Vec::new() };

    /// Names as sent and values decoded, in the order received.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let mut begin = 0;
        self.ends.iter().map(move |(name_end, value_end)| {
            let name = self.text.get(begin..*name_end).unwrap_or_default();
            let value = self.text.get(*name_end..*value_end).unwrap_or_default();
            begin = *value_end;
            (name, value)
        })
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    fn refuse_twins(&self) -> Result<(), PairsFault> {
        let mut names: SmallVec<[&str; 24]> = self.iter().map(|(name, _)| name).collect();
        names.sort_unstable_by(|a, b| folded(a).cmp(folded(b)));
        for pair in names.windows(2) {
            if let [a, b] = pair {
                if a == b {
                    return Err(PairsFault::Duplicate((*a).to_owned()));
                }
                if folded(a).eq(folded(b)) {
                    return Err(PairsFault::Twins((*a).to_owned(), (*b).to_owned()));
                }
            }
        }
        Ok(())
    }
}

/// Pairs under way.
struct Reader {
    text: Vec<u8>,
    ends: Vec<(usize, usize)>,
    parameters_max: usize,
}

impl Reader {
    fn new(bytes: usize, parameters_max: usize) -> Self {
        Self { text: Vec::with_capacity(bytes), ends: Vec::with_capacity(16), parameters_max }
    }

    fn read(
        &mut self,
        name: &[u8],
        value: &[u8],
        decode: fn(&[u8], &mut Vec<u8>) -> Option<()>,
    ) -> Result<(), PairsFault> {
        if self.ends.len() == self.parameters_max {
            return Err(PairsFault::TooMany(self.parameters_max));
        }
        let sent = || String::from_utf8_lossy(name).into_owned();
        // Nearly every name stands for itself.
        if is_name(name) {
            self.text.extend_from_slice(name);
        } else {
            let begin = self.text.len();
            let decoded = decode(name, &mut self.text);
            if decoded.is_none() || !self.text.get(begin..).is_some_and(is_name) {
                return Err(PairsFault::BadName(sent()));
            }
        }
        let name_end = self.text.len();
        decode(value, &mut self.text).ok_or_else(|| PairsFault::BadEncoding(sent()))?;
        self.ends.push((name_end, self.text.len()));
        Ok(())
    }

    /// Judges all values in one go: each stands between two names, and those are ASCII.
    fn finish(self, is_value: fn(&[u8]) -> bool) -> Result<Pairs, PairsFault> {
        if !is_value(&self.text) {
            return Err(self.first_fault(is_value));
        }
        let text = match String::from_utf8(self.text) {
            Ok(text) => text,
            Err(no_text) => {
                let reader = Self { text: no_text.into_bytes(), ..self };
                return Err(reader.first_fault(is_value));
            }
        };
        let pairs = Pairs { text, ends: self.ends };
        pairs.refuse_twins()?;
        Ok(pairs)
    }

    /// The name of the first value that is none.
    fn first_fault(&self, is_value: fn(&[u8]) -> bool) -> PairsFault {
        let mut begin = 0;
        for (name_end, value_end) in &self.ends {
            let name = self.text.get(begin..*name_end).unwrap_or_default();
            let value = self.text.get(*name_end..*value_end).unwrap_or_default();
            if std::str::from_utf8(value).is_err() || !is_value(value) {
                return PairsFault::BadEncoding(String::from_utf8_lossy(name).into_owned());
            }
            begin = *value_end;
        }
        PairsFault::BadEncoding(String::new())
    }
}

/// What stands before a byte and what behind it; without one, all and nothing.
fn cut(at: u8, bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(at, bytes).and_then(|at| bytes.split_at_checked(at)) {
        Some((before, [_, behind @ ..])) => (before, behind),
        Some(_) | None => (bytes, &[]),
    }
}

/// No end of a line and no NUL: in a string to sign they would be taken for something else.
fn is_one_line(value: &[u8]) -> bool {
    memchr::memchr3(0, b'\r', b'\n', value).is_none()
}

fn copy(raw: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(raw);
    Some(())
}

/// A name as the string to sign has it: `_` is `.` (PROTOCOL 1.3).
fn folded(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|b| if b == b'_' { b'.' } else { b })
}

fn is_name(name: &[u8]) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// Appends the decoded bytes; none if a `%` is not followed by two hexadecimal digits.
fn percent_decode(raw: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = raw;
    // Most of every value stands for itself: it is copied in one piece.
    while let Some((plain, [escape, tail @ ..])) =
        memchr::memchr2(b'+', b'%', rest).and_then(|at| rest.split_at_checked(at))
    {
        out.extend_from_slice(plain);
        rest = if *escape == b'+' {
            out.push(b' ');
            tail
        } else {
            let [high, low, tail @ ..] = tail else { return None };
            out.push(hex(*high)? << 4 | hex(*low)?);
            tail
        };
    }
    out.extend_from_slice(rest);
    Some(())
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
