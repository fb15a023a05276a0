//! Percent-encoding as different libraries do it, and other ways in which text is spelled.

use percent_encoding::percent_decode_str;

/// A way to percent-encode: which characters beside letters and digits stay, what becomes of a space, which case of
/// digits is written.
#[derive(Clone, Copy)]
pub(super) struct Escaping {
    stay: &'static str,
    space_as_plus: bool,
    lower_case: bool,
}

/// RFC 3986, PHP's `rawurlencode`, Python 3's `quote(safe='')`.
pub(super) const RFC3986: Escaping =
    Escaping { stay: "-._~", space_as_plus: false, lower_case: false };

/// The libraries' ways, the commonest first.
pub(super) const ESCAPINGS: [Escaping; 11] = [
    RFC3986,
    // Python 3's `quote_plus` and `urlencode`, Go's `QueryEscape`.
    Escaping { stay: "-._~", space_as_plus: true, lower_case: false },
    // PHP's `urlencode`, Python 2's `quote_plus`.
    Escaping { stay: "-._", space_as_plus: true, lower_case: false },
    // Java's `URLEncoder`.
    Escaping { stay: "-._*", space_as_plus: true, lower_case: false },
    // JavaScript's `encodeURIComponent`.
    Escaping { stay: "-._~!*'()", space_as_plus: false, lower_case: false },
    // Python 3's `quote`.
    Escaping { stay: "-._~/", space_as_plus: false, lower_case: false },
    // Python 2's `quote`.
    Escaping { stay: "-._/", space_as_plus: false, lower_case: false },
    // JavaScript's `encodeURI`.
    Escaping { stay: "-._~!*'();,/?:@&=+$#", space_as_plus: false, lower_case: false },
    // .NET's `HttpUtility.UrlEncode`.
    Escaping { stay: "-._!*()", space_as_plus: true, lower_case: true },
    Escaping { stay: "-._~", space_as_plus: false, lower_case: true },
    Escaping { stay: "-._~", space_as_plus: true, lower_case: true },
];

pub(super) fn escape(text: &str, escaping: Escaping) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let stays = byte.is_ascii_alphanumeric() || escaping.stay.as_bytes().contains(&byte);
        match (stays, byte) {
            (true, _) => out.push(char::from(byte)),
            (false, b' ') if escaping.space_as_plus => out.push('+'),
            (false, _) if escaping.lower_case => out.push_str(&format!("%{byte:02x}")),
            (false, _) => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Decoded once more, where there is something to decode and the result is text.
pub(super) fn unescape(text: &str, plus_is_space: bool) -> Option<String> {
    let text = if plus_is_space { text.replace('+', " ") } else { text.to_owned() };
    let decoded = percent_decode_str(&text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// The bytes of a text in Latin-1; `None` where it has other characters.
pub(super) fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect()
}

/// Text that was encoded twice, as it was before.
pub(super) fn decoded_once_more(text: &str) -> Option<String> {
    if text.is_ascii() { None } else { String::from_utf8(latin1(text)?).ok() }
}

/// UTF-16, both orders, with and without a mark.
pub(super) fn utf16(text: &str) -> [Vec<u8>; 2] {
    [
        text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    ]
}

/// Each character beyond ASCII written by `with`.
pub(super) fn without_non_ascii(text: &str, with: impl Fn(char) -> String) -> String {
    text.chars()
        .map(|letter| if letter.is_ascii() { letter.to_string() } else { with(letter) })
        .collect()
}
