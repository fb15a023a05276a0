//! JSON written again: the same document, byte for byte another text.

use serde_json::{Map, Value};

/// What stands between the parts of a document.
#[derive(Clone, Copy)]
struct Style {
    comma: &'static str,
    colon: &'static str,
    indent: Option<&'static str>,
}

const STYLES: [Style; 7] = [
    Style { comma: ",", colon: ":", indent: None },
    Style { comma: ", ", colon: ": ", indent: None },
    Style { comma: ",", colon: ": ", indent: None },
    Style { comma: ",", colon: ": ", indent: Some("  ") },
    Style { comma: ",", colon: ": ", indent: Some("    ") },
    Style { comma: ",", colon: ": ", indent: Some("\t") },
    Style { comma: ",", colon: " : ", indent: Some("  ") },
];

/// The ways in which serialisers write a string's characters.
const ESCAPES: [fn(&str) -> String; 6] =
    [str::to_owned, ascii_only, raw_characters, slashes_escaped, slashes_plain, html_escaped];

/// The document as other serialisers write it, in its own order and sorted by key; nothing for what is no JSON.
pub(super) fn rewritten(text: &str) -> impl Iterator<Item = String> + use<> {
    let read: Option<Value> = serde_json::from_str(text).ok();
    let documents = read.filter(|value| value.is_object() || value.is_array()).map(|value| {
        let by_key = serde_json::to_string(&sorted(value)).unwrap_or_default();
        [text.to_owned(), by_key]
    });
    let documents = documents.into_iter().flatten();
    documents.flat_map(|document| {
        STYLES.into_iter().flat_map(move |style| {
            let styled = restyled(&document, style);
            ESCAPES.into_iter().flat_map(move |escape| {
                let text = escape(&styled);
                [format!("{text}\n"), text].into_iter().rev()
            })
        })
    })
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> =
                members.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            members.sort_by(|(ours, _), (theirs, _)| ours.cmp(theirs));
            Value::Object(members.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// Writes the white space of a well-formed document anew.
fn restyled(text: &str, style: Style) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    let mut opened = false;
    let feed = |out: &mut String, depth: usize| {
        if let Some(indent) = style.indent {
            out.push('\n');
            (0..depth).for_each(|_| out.push_str(indent));
        }
    };
    for letter in text.chars() {
        if in_string {
            out.push(letter);
            in_string = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
            continue;
        }
        if letter.is_ascii_whitespace() {
            continue;
        }
        let closes = matches!(letter, '}' | ']');
        if opened && !closes {
            feed(&mut out, depth);
        }
        if closes {
            depth = depth.saturating_sub(1);
            if !opened {
                feed(&mut out, depth);
            }
        }
        opened = matches!(letter, '{' | '[');
        match letter {
            ',' => {
                out.push_str(style.comma);
                feed(&mut out, depth);
            }
            ':' => out.push_str(style.colon),
            '{' | '[' => {
                out.push(letter);
                depth += 1;
            }
            '"' => {
                out.push(letter);
                in_string = true;
            }
            other => out.push(other),
        }
    }
    out
}

/// Python's `json.dumps`: characters beyond ASCII as `\uXXXX`.
pub(super) fn ascii_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// The opposite: `\uXXXX` beyond ASCII as the character.
fn raw_characters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut high = None;
    while let Some(at) = rest.find("\\u") {
        let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let unit = after.get(2..6).and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let units = [high.take(), unit];
        let decoded: Option<String> =
            char::decode_utf16(units.into_iter().flatten()).collect::<Result<_, _>>().ok();
        match (unit, decoded) {
            (Some(unit), _) if (0xd800..0xdc00).contains(&unit) => high = Some(unit),
            (Some(unit), Some(letters)) if unit >= 0x80 => out.push_str(&letters),
            (_, _) => out.push_str(after.get(..6).unwrap_or(after)),
        }
        rest = after.get(6..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// PHP's `json_encode`.
fn slashes_escaped(text: &str) -> String {
    ascii_only(&text.replace("\\/", "/").replace('/', "\\/"))
}

fn slashes_plain(text: &str) -> String {
    text.replace("\\/", "/")
}

/// Go's `json.Marshal`.
pub(super) fn html_escaped(text: &str) -> String {
    text.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}
