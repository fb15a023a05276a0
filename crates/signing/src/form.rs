//! `application/x-www-form-urlencoded`, strictly: read once, before any MAC (RELIABILITY 1.3 rule 1).
//!
//! Clients encode differently (PROTOCOL 1.1: `+` or `%20`, `~` raw or not), so only decoded text is ever compared. The
//! order is kept, and so are repeated names: whoever reads the pairs decides about them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Why a form cannot be read. Positions are byte offsets into the raw text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// A `%` without two hexadecimal digits after it.
    #[error(
        "byte {at}: a `%` must be followed by two hexadecimal digits; send `%` itself as `%25`"
    )]
    Escape {
        /// Where the `%` stands.
        at: usize,
    },
    /// A name or value whose bytes are no text.
    #[error("byte {at}: the name or value that begins here is not UTF-8")]
    NotUtf8 {
        /// Where the name or value begins.
        at: usize,
    },
    /// A NUL anywhere, or a control character that was not escaped.
    #[error("byte {at}: a control character, unescaped or NUL")]
    Control {
        /// Where the name or value begins, or the character stands.
        at: usize,
    },
    /// A value without a name.
    #[error("byte {at}: a parameter without a name")]
    NoName {
        /// Where the parameter begins.
        at: usize,
    },
}

/// Reads a query string (without its `?`) or a form body. A name without `=` has the empty value; nothing between two
/// `&` is no parameter.
///
/// # Errors
/// [`FormError`] for the first thing that is not as the format has it: nothing is guessed.
pub fn decode(raw: &str) -> Result<Vec<(String, String)>, FormError> {
    let mut pairs = Vec::with_capacity(raw.bytes().filter(|&byte| byte == b'&').count() + 1);
    let mut at = 0;
    for part in raw.split('&') {
        if !part.is_empty() {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            if name.is_empty() {
                return Err(FormError::NoName { at });
            }
            pairs.push((unescape(name, at)?, unescape(value, at + name.len() + 1)?));
        }
        at += part.len() + 1;
    }
    Ok(pairs)
}

fn unescape(raw: &str, at: usize) -> Result<String, FormError> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes().enumerate();
    while let Some((offset, byte)) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let high = rest.next().and_then(|(_, digit)| hex_value(digit));
                let low = rest.next().and_then(|(_, digit)| hex_value(digit));
                let (Some(high), Some(low)) = (high, low) else {
                    return Err(FormError::Escape { at: at + offset });
                };
                bytes.push(high << 4 | low);
            }
            0..=0x1f | 0x7f => return Err(FormError::Control { at: at + offset }),
            _ => bytes.push(byte),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| FormError::NotUtf8 { at })?;
    if text.contains('\0') { Err(FormError::Control { at }) } else { Ok(text) }
}

const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Writes a query string or form body for a client: RFC 3986 unreserved characters as they are, all else escaped, a
/// space as `%20`.
#[must_use]
pub fn encode<N: AsRef<str>, V: AsRef<str>>(pairs: &[(N, V)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        out.extend(utf8_percent_encode(name.as_ref(), ESCAPED));
        out.push('=');
        out.extend(utf8_percent_encode(value.as_ref(), ESCAPED));
    }
    out
}

/// RFC 3986 section 2.3: everything but the unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
