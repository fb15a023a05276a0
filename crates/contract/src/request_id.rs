//! `RequestId`: names one call, in every answer and every log line.

use std::fmt;

use serde::{Serialize, Serializer};

/// A UUID version 7 (RFC 9562, 5.7): its first 48 bits are the time of arrival, so ids sort by time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId([u8; 16]);

impl RequestId {
    /// The id of a call that arrived at `unix_ms`, made unique by 80 random bits.
    #[must_use]
    pub fn new(unix_ms: u64, entropy: [u8; 10]) -> Self {
        let [_, _, t0, t1, t2, t3, t4, t5] = unix_ms.to_be_bytes();
        let [a, b, c, d, e, f, g, h, i, j] = entropy;
        // RFC 9562 5.7: four bits of version, then two bits of variant.
        let (version, variant) = (0x70 | (a & 0x0f), 0x80 | (c & 0x3f));
        Self([t0, t1, t2, t3, t4, t5, version, b, variant, d, e, f, g, h, i, j])
    }

    /// The sixteen bytes, for stores.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The id with these bytes, as a store kept them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id in its text form, 8-4-4-4-12 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits = text.bytes().enumerate().filter_map(|(at, b)| match (at, b) {
            (8 | 13 | 18 | 23, b'-') => None,
            (_, b'0'..=b'9') => Some(Some(b - b'0')),
            (_, b'a'..=b'f') => Some(Some(b - b'a' + 10)),
            _ => Some(None),
        });
        let mut bytes = [0; 16];
        for byte in &mut bytes {
            *byte = digits.next()?? << 4 | digits.next()??;
        }
        (digits.next().is_none() && text.len() == 36).then_some(Self(bytes))
    }

    /// The text form without an allocation.
    #[must_use]
    pub fn text(&self) -> [u8; 36] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        /// Where the digits of each byte stand: 8-4-4-4-12 (RFC 9562, 4).
        const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
        let mut text = [b'-'; 36];
        for (byte, at) in self.0.into_iter().zip(PLACES) {
            if let Some([high, low]) = text.get_mut(at..at + 2) {
                (*high, *low) = (digit(byte >> 4), digit(byte & 0x0f));
            }
        }
        text
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn ids_are_version_7_sort_by_time_and_come_back_from_text() {
        // The time of RFC 9562's own example of version 7 (appendix A.6).
        let id = RequestId::new(
            0x017f_22e2_79b0,
            [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f],
        );
        assert_eq!(id.to_string(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
        assert_eq!(RequestId::parse(&id.to_string()), Some(id));
        assert!(id.to_string() < RequestId::new(0x017f_22e2_79b1, [0; 10]).to_string());
    }

    #[test]
    fn other_texts_are_not_ids() {
        for text in [
            "",
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
            "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
            "017f22e2x79b0-7cc3-98c4-dc0c0c07398f",
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
        ] {
            assert_eq!(RequestId::parse(text), None, "{text}");
        }
    }
}
