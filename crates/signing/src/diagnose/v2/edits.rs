//! One string to sign, written otherwise in one way: its beginning, its values, its order, its names, the whole of it.

use std::cmp::Ordering;

use super::draft::Draft;
use super::{Edited, V2};
use crate::diagnose::encoding::{self, ESCAPINGS, RFC3986};
use crate::diagnose::{Mistake, hosts, json};

/// Method, host, path, and what stands between them.
pub(super) fn beginnings(draft: &Draft, request: &V2<'_>) -> Vec<Edited> {
    let mut found = Vec::new();
    for method in ["GET", "POST", "get", "post", "Get", "Post", "", "PUT"] {
        if method != draft.method {
            let other = Draft { method: method.to_owned(), ..draft.clone() };
            found.push(Edited::at(Mistake::MethodDiffers, method, other));
        }
    }
    for path in PATHS {
        if path != draft.path {
            let other = Draft { path: path.to_owned(), ..draft.clone() };
            found.push(Edited::at(Mistake::PathDiffers, path, other));
        }
    }
    for gaps in GAPS {
        let mistake = if gaps == ["", "", ""] {
            Mistake::QuestionMarkMissing
        } else {
            Mistake::PartsSeparated
        };
        found.push(Edited::of(mistake, Draft { gaps, ..draft.clone() }));
    }
    for (mistake, host) in hosts::candidates(&draft.host, request.hosts) {
        let other = Draft { host: host.clone(), ..draft.clone() };
        found.push(Edited::at(mistake, &host, other));
    }
    found
}

/// All values, or what joins them.
pub(super) fn values(draft: &Draft, request: &V2<'_>) -> Vec<Edited> {
    let plus = Edited::of(Mistake::PlusLost, draft.values(|value| value.replace(' ', "+")));
    let mut found = Vec::new();
    // A space alone tells little: signed as `+`, it was escaped by whoever also sends it as `%20`, and else not read.
    if request.raw.is_none_or(|raw| raw.contains('+')) {
        found.push(plus.clone());
    }
    for way in ESCAPINGS {
        found.push(Edited::of(Mistake::ValuesEncoded, draft.values(|v| encoding::escape(v, way))));
    }
    found.push(plus);
    let twice = |value: &str| encoding::escape(&encoding::escape(value, RFC3986), RFC3986);
    found.push(Edited::of(Mistake::ValuesEncoded, draft.values(twice)));
    for plus_is_space in [false, true] {
        let decoded = |value: &str| {
            let escaped = value.contains('%') || plus_is_space;
            encoding::unescape(value, plus_is_space)
                .filter(|_| escaped)
                .unwrap_or_else(|| value.to_owned())
        };
        found.push(Edited::of(Mistake::ValuesEncodedTwice, draft.values(decoded)));
    }
    let escaped = [
        ("&amp;", draft.values(str::to_owned)),
        ("&amp;", draft.values(|value| value.replace('&', "&amp;"))),
        ("&", draft.values(|value| value.replace('&', "&amp;"))),
        ("&", draft.values(|value| value.replace('&', "%26"))),
        ("&", draft.values(|value| value.replace('&', "%26").replace('=', "%3D"))),
        ("\\u0026", draft.values(json::html_escaped)),
        ("&", draft.values(json::html_escaped)),
        ("%26", draft.values(str::to_owned)),
    ];
    found.extend(
        escaped.map(|(joiner, other)| {
            Edited::of(Mistake::AmpersandEscaped, Draft { joiner, ..other })
        }),
    );
    found.extend(characters(draft));
    found
}

fn characters(draft: &Draft) -> [Edited; 8] {
    let escaped = Mistake::NonAsciiEscaped;
    let decoded =
        |value: &str| encoding::decoded_once_more(value).unwrap_or_else(|| value.to_owned());
    [
        Edited::of(Mistake::LineEndings, draft.values(|value| value.replace("\r\n", "\n"))),
        Edited::of(
            Mistake::LineEndings,
            draft.values(|value| value.replace("\r\n", "\n").replace('\n', "\r\n")),
        ),
        Edited::of(Mistake::EncodingTwice, draft.values(decoded)),
        Edited::of(escaped, draft.values(json::ascii_only)),
        Edited::of(escaped, draft.values(|value| json::ascii_only(value).to_uppercase())),
        Edited::of(escaped, draft.values(|v| encoding::without_non_ascii(v, |_| "?".to_owned()))),
        Edited::of(escaped, draft.values(|v| encoding::without_non_ascii(v, |_| String::new()))),
        Edited::of(
            escaped,
            draft.values(|v| encoding::without_non_ascii(v, |c| format!("&#{};", u32::from(c)))),
        ),
    ]
}

/// The order of the parameters.
pub(super) fn orders(draft: &Draft, request: &V2<'_>) -> Vec<Edited> {
    let sent: Vec<String> = request.pairs.iter().map(|(name, _)| name.replace('_', ".")).collect();
    let place = |name: &str| {
        let name = name.replace('_', ".");
        sent.iter().position(|sent| *sent == name).unwrap_or(usize::MAX)
    };
    let mut found = vec![
        Edited::of(
            Mistake::SortedIgnoringCase,
            draft.sorted(|(ours, _), (theirs, _)| ours.to_lowercase().cmp(&theirs.to_lowercase())),
        ),
        Edited::of(
            Mistake::SortedIgnoringCase,
            draft.sorted(|(ours, _), (theirs, _)| ours.to_uppercase().cmp(&theirs.to_uppercase())),
        ),
        Edited::of(
            Mistake::SortedIgnoringCase,
            draft.sorted(|(ours, _), (theirs, _)| swapped(ours).cmp(&swapped(theirs))),
        ),
        Edited::of(
            Mistake::SortedByNumber,
            draft.sorted(|(ours, _), (theirs, _)| by_number(ours, theirs)),
        ),
        Edited::of(
            Mistake::SortedDescending,
            draft.sorted(|(ours, _), (theirs, _)| theirs.cmp(ours)),
        ),
        Edited::of(
            Mistake::SortedWithValues,
            draft.sorted(|(ours, value), (theirs, other)| {
                format!("{ours}={value}").cmp(&format!("{theirs}={other}"))
            }),
        ),
        Edited::of(
            Mistake::SortedWithValues,
            draft.sorted(|(_, value), (_, other)| value.cmp(other)),
        ),
        // Last: what somebody sorted, and sent in that order, is said to be sorted so.
        Edited::of(
            Mistake::NotSorted,
            draft.sorted(|(ours, _), (theirs, _)| place(ours).cmp(&place(theirs))),
        ),
    ];
    for idx in 0..draft.pairs.len().min(MOVED_MAX) {
        let (mut last, mut first) = (draft.clone(), draft.clone());
        let moved = last.pairs.remove(idx);
        last.pairs.push(moved);
        let moved = first.pairs.remove(idx);
        first.pairs.insert(0, moved);
        found.extend([last, first].map(|other| Edited::of(Mistake::NotSorted, other)));
    }
    found
}

/// Lower case before upper case, as some collations have it.
fn swapped(name: &str) -> String {
    let swap = |letter: char| match letter {
        'a'..='z' => letter.to_ascii_uppercase(),
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(swap).collect()
}

/// Digits between dots as numbers.
fn by_number(ours: &str, theirs: &str) -> Ordering {
    let parts = ours.split('.').zip(theirs.split('.'));
    let different =
        parts.map(|(ours, theirs)| match (ours.parse::<u64>(), theirs.parse::<u64>()) {
            (Ok(ours), Ok(theirs)) => ours.cmp(&theirs),
            (_, _) => ours.cmp(theirs),
        });
    let first = different.into_iter().find(|order| order.is_ne());
    first.unwrap_or_else(|| ours.split('.').count().cmp(&theirs.split('.').count()))
}

/// Names without another order: the parameters stand where they stood.
pub(super) fn names(draft: &Draft, _: &V2<'_>) -> Vec<Edited> {
    let first_only = draft.names(|name| name.replacen('_', ".", 1));
    let escaped = ESCAPINGS.map(|way| {
        Edited::of(Mistake::NamesEncoded, draft.names(|name| encoding::escape(name, way)))
    });
    escaped.into_iter().chain([Edited::of(Mistake::UnderscoreFirstOnly, first_only)]).collect()
}

/// What stands at an end that should not.
pub(super) fn ends(draft: &Draft) -> [(Mistake, String); 5] {
    let (text, prefix, query) = (draft.text(), draft.prefix(), draft.query());
    [
        (Mistake::StringWithNewline, format!("{text}\n")),
        (Mistake::StringWithNewline, format!("{text}\r\n")),
        (Mistake::StringWithAmpersand, format!("{text}&")),
        (Mistake::StringWithAmpersand, format!("{prefix}&{query}")),
        (Mistake::SignatureSigned, format!("{text}&Signature=")),
    ]
}

/// The whole string, as text or as bytes.
pub(super) fn wholes(draft: &Draft, request: &V2<'_>) -> Vec<(Mistake, Vec<u8>)> {
    let text = draft.text();
    let (prefix, query) = (draft.prefix(), draft.query());
    let mut found: Vec<(Mistake, String)> = ends(draft).into();
    found.extend([
        (Mistake::StringCase, text.to_lowercase()),
        (Mistake::StringCase, text.to_uppercase()),
        (Mistake::StringHashed, hash::<sha2::Sha256>(&text)),
        (Mistake::StringHashed, hash::<sha1::Sha1>(&text)),
        (Mistake::StringHashed, format!("{prefix}\n{}", hash::<sha2::Sha256>(&query))),
    ]);
    for way in ESCAPINGS {
        let (path, escaped) = (encoding::escape(&draft.path, way), encoding::escape(&query, way));
        found.push((Mistake::StringEncoded, encoding::escape(&text, way)));
        found.push((Mistake::StringEncoded, format!("{prefix}{escaped}")));
        // Another cloud's rule: METHOD&%2F&query, escaped as a whole after its values.
        let inner = draft.values(|value| encoding::escape(value, way)).query();
        let inner = encoding::escape(&inner, way);
        found.push((Mistake::SchemeOfV2, format!("{}&{path}&{inner}", draft.method)));
    }
    if let Some(raw) = request.raw {
        let parts = raw.split('&').filter(|part| !part.starts_with("Signature="));
        let sent = parts.collect::<Vec<_>>().join("&");
        found.push((Mistake::QueryAsSent, format!("{prefix}{sent}")));
    }
    let latin1 = encoding::latin1(&text).filter(|_| !text.is_ascii());
    let latin1 = latin1.map(|bytes| (Mistake::EncodingLatin1, bytes));
    let utf16 = encoding::utf16(&text).map(|bytes| (Mistake::EncodingUtf16, bytes));
    let texts = found.into_iter().map(|(mistake, text)| (mistake, text.into_bytes()));
    texts.chain(latin1).chain(utf16).collect()
}

fn hash<D: sha2::Digest>(text: &str) -> String {
    hex::encode(D::digest(text))
}

const PATHS: [&str; 12] = [
    "/v2/index.php",
    "/",
    "",
    "/v2/index.php/",
    "v2/index.php",
    "/index.php",
    "/v2/",
    "/v2",
    "//v2/index.php",
    "/v3/index.php",
    "/v2/index.php?",
    "/V2/index.php",
];

const GAPS: [[&str; 3]; 8] = [
    ["", "", ""],
    ["\n", "\n", "\n"],
    ["\n", "\n", "?"],
    [" ", " ", " "],
    [" ", "", "?"],
    ["&", "&", "&"],
    ["&", "", "?"],
    ["", "", "\n"],
];

/// How many of the beginnings are another method or path: they come first.
pub(super) const N_NEAR: usize = 18;

/// How many parameters are tried at either end.
const MOVED_MAX: usize = 40;
