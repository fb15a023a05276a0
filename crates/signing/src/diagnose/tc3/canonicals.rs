//! One canonical request, written otherwise in one way.

use super::draft::Draft;
use super::{Edited, Tc3};
use crate::Method;
use crate::diagnose::encoding::{self, ESCAPINGS, RFC3986};
use crate::diagnose::{Mistake, TEXT_BYTES_MAX, hosts, json};
use crate::form;
use crate::tc3::{UNSIGNED_PAYLOAD, hash};

/// Method, path and query.
pub(super) fn beginnings(draft: &Draft, request: &Tc3<'_>) -> Vec<Edited> {
    let mut found = Vec::new();
    for method in ["GET", "POST", "get", "post", "", "PUT"] {
        if method != draft.method {
            let other = Draft { method: method.to_owned(), ..draft.clone() };
            found.push(Edited::at(Mistake::MethodDiffers, method, other));
        }
    }
    let whole = format!("https://{}/", request.host);
    for path in ["/", "", "/v2/index.php", "//", "/?", "/index.php", &whole] {
        if path != draft.path {
            let other = Draft { path: path.to_owned(), ..draft.clone() };
            found.push(Edited::at(Mistake::PathDiffers, path, other));
        }
    }
    for query in queries(request) {
        if query != draft.query {
            let other = Draft { query: query.clone(), ..draft.clone() };
            found.push(Edited::at(Mistake::QueryNotSigned, &query, other));
        }
    }
    found
}

fn queries(request: &Tc3<'_>) -> Vec<String> {
    let body = str::from_utf8(request.body).unwrap_or_default();
    let mut found = vec![String::new(), format!("?{}", request.query), "?".to_owned()];
    if request.method == Method::Post && body.len() < QUERY_BYTES_MAX {
        found.push(body.to_owned());
    }
    let Ok(mut pairs) = form::decode(request.query) else { return found };
    for _ in 0..2 {
        for way in ESCAPINGS {
            let parts = pairs.iter().map(|(name, value)| {
                format!("{}={}", encoding::escape(name, way), encoding::escape(value, way))
            });
            found.push(parts.collect::<Vec<_>>().join("&"));
        }
        let raw = pairs.iter().map(|(name, value)| format!("{name}={value}"));
        found.push(raw.collect::<Vec<_>>().join("&"));
        let twice = pairs.iter().map(|(name, value)| {
            let once = encoding::escape(value, RFC3986);
            format!("{name}={}", encoding::escape(&once, RFC3986))
        });
        found.push(twice.collect::<Vec<_>>().join("&"));
        pairs.sort();
    }
    found
}

/// The canonical headers and the list of their names.
pub(super) fn headers(draft: &Draft, request: &Tc3<'_>) -> Vec<Edited> {
    let mut found = Vec::new();
    for (mistake, host) in hosts::candidates(draft.value("host"), request.hosts) {
        found.push(Edited::at(mistake, &host, draft.with("host", &host)));
    }
    for other in CONTENT_TYPES {
        if other != draft.value("content-type") {
            let mistake = Mistake::HeaderChanged;
            found.push(Edited::at(mistake, "content-type", draft.with("content-type", other)));
        }
    }
    let mut spaced = draft.clone();
    for colon in [": ", " : ", " :", "=", ""] {
        spaced.colon = colon;
        found.push(Edited::of(Mistake::HeaderSpace, spaced.clone()));
    }
    let capital = |name: &str| {
        let words = name.split('-').map(|word| match word {
            "tc" => "TC".to_owned(),
            _other => {
                let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
                first.to_ascii_uppercase() + rest
            }
        });
        words.collect::<Vec<_>>().join("-")
    };
    let mut cased = draft.clone();
    for (name, _) in &mut cased.lines {
        *name = capital(name);
    }
    found.push(Edited::of(Mistake::HeaderNamesUpperCase, cased.clone()));
    cased.signed = draft.signed.split(';').map(capital).collect::<Vec<_>>().join(";");
    found.push(Edited::of(Mistake::HeaderNamesUpperCase, cased.clone()));
    found.push(Edited::of(
        Mistake::HeaderNamesUpperCase,
        Draft { lines: draft.lines.clone(), ..cased },
    ));
    let mut turned = draft.clone();
    turned.lines.reverse();
    found.push(Edited::of(Mistake::HeaderOrder, turned));
    let mut sorted = draft.clone();
    sorted.lines.sort();
    found.push(Edited::of(Mistake::HeaderOrder, sorted));
    found.extend(lists(draft, request));
    found
}

/// Other sets of signed headers.
fn lists(draft: &Draft, request: &Tc3<'_>) -> Vec<Edited> {
    let mut found = Vec::new();
    for idx in 0..draft.lines.len() {
        let mut fewer = draft.clone();
        let (name, _) = fewer.lines.remove(idx);
        found.push(Edited::at(Mistake::HeaderNotInCanonical, &name, fewer.clone()));
        let rest = draft.signed.split(';').filter(|other| *other != name);
        fewer.signed = rest.collect::<Vec<_>>().join(";");
        found.push(Edited::at(Mistake::HeadersNotListed, &fewer.signed.clone(), fewer));
    }
    for name in MORE_HEADERS {
        let listed = draft.signed.split(';').any(|other| other == name);
        let Some(value) = request.header(name).filter(|_| !listed) else { continue };
        for value in [value.to_ascii_lowercase(), value.to_owned()] {
            let mut more = draft.clone();
            more.lines.push((name.to_owned(), value));
            found.push(Edited::at(Mistake::HeadersNotListed, &draft.signed, more.clone()));
            more.lines.sort();
            let mut names: Vec<&str> = draft.signed.split(';').chain([name]).collect();
            names.sort_unstable();
            more.signed = names.join(";");
            found.push(Edited::at(Mistake::HeadersNotListed, &more.signed.clone(), more));
        }
    }
    for signed in [
        draft.signed.replace(';', ","),
        draft.signed.replace(';', "; "),
        format!("{};", draft.signed),
        String::new(),
    ] {
        found.push(Edited::at(
            Mistake::HeadersNotListed,
            &signed,
            Draft { signed: signed.clone(), ..draft.clone() },
        ));
    }
    found
}

/// Line feeds, and what the body was hashed to.
pub(super) fn ends(draft: &Draft, request: &Tc3<'_>) -> Vec<Edited> {
    let feeds = Mistake::NewlineMissing;
    let mut found = vec![
        Edited::of(feeds, Draft { blank: "", ..draft.clone() }),
        Edited::of(feeds, Draft { blank: "\n\n", ..draft.clone() }),
        Edited::of(feeds, Draft { feed: "", blank: "\n", ..draft.clone() }),
        Edited::of(feeds, Draft { feed: "", blank: "", ..draft.clone() }),
        Edited::of(feeds, Draft { feed: ";", ..draft.clone() }),
        Edited::of(feeds, Draft { end: "\n", ..draft.clone() }),
    ];
    for (body, what) in
        [("", "an empty body"), ("{}", "{}"), ("null", "null"), ("[]", "[]"), ("\"\"", "\"\"")]
    {
        let payload = hash(body.as_bytes());
        found.push(Edited::at(Mistake::BodyNotSigned, what, Draft { payload, ..draft.clone() }));
    }
    found.push(Edited::at(
        Mistake::BodyNotSigned,
        "the query",
        Draft { payload: hash(request.query.as_bytes()), ..draft.clone() },
    ));
    let digest = hash(request.body);
    let said = request.header("x-tc-content-sha256") == Some(UNSIGNED_PAYLOAD);
    if said {
        let signed = Draft { payload: digest.clone(), ..draft.clone() };
        found.push(Edited::at(Mistake::HeaderChanged, "x-tc-content-sha256", signed));
    } else {
        let payload = hash(UNSIGNED_PAYLOAD.as_bytes());
        found.push(Edited::of(Mistake::UnsignedPayloadNotSaid, Draft { payload, ..draft.clone() }));
    }
    for payload in hashes(request, &digest) {
        found.push(Edited::of(Mistake::BodyHashWrong, Draft { payload, ..draft.clone() }));
    }
    found
}

fn hashes(request: &Tc3<'_>, digest: &str) -> Vec<String> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use sha2::Digest;
    let mut found = vec![
        digest.to_uppercase(),
        STANDARD.encode(sha2::Sha256::digest(request.body)),
        hash(digest.as_bytes()),
        hex::encode(sha1::Sha1::digest(request.body)),
        hex::encode(sha2::Sha512::digest(request.body)),
        UNSIGNED_PAYLOAD.to_owned(),
        String::new(),
    ];
    if request.body.len() < QUERY_BYTES_MAX {
        found.extend(str::from_utf8(request.body).ok().map(str::to_owned));
    }
    found
}

/// The body, serialised otherwise.
pub(super) fn bodies(draft: &Draft, request: &Tc3<'_>) -> Vec<Edited> {
    let Ok(body) = str::from_utf8(request.body) else { return Vec::new() };
    if body.len() > TEXT_BYTES_MAX {
        return Vec::new();
    }
    let plain = [
        body.trim().to_owned(),
        format!("{body}\n"),
        body.replace("\r\n", "\n"),
        body.replace('\n', "\r\n"),
        body.replace(['\r', '\n'], ""),
    ];
    let texts = plain.into_iter().chain(json::rewritten(body)).map(String::into_bytes);
    let latin1 = encoding::latin1(body).filter(|_| !body.is_ascii());
    let texts =
        texts.chain(latin1).chain(encoding::decoded_once_more(body).map(String::into_bytes));
    texts
        .filter(|other| other != request.body)
        .map(|other| {
            let payload = hash(&other);
            Edited::of(Mistake::BodyReserialised, Draft { payload, ..draft.clone() })
        })
        .collect()
}

/// Content types that clients sign and libraries change.
const CONTENT_TYPES: [&str; 12] = [
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=utf-8",
    "application/json; charset=UTF-8",
    "application/json;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-8",
    "application/x-www-form-urlencoded;charset=utf-8",
    "text/plain",
    "text/plain; charset=utf-8",
    "application/octet-stream",
    "",
];
/// Headers that are sometimes signed.
const MORE_HEADERS: [&str; 5] =
    ["x-tc-action", "x-tc-timestamp", "x-tc-version", "x-tc-region", "x-tc-content-sha256"];
const QUERY_BYTES_MAX: usize = 4_096;
