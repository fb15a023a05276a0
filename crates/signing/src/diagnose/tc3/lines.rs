//! The string to sign of one canonical request, written otherwise, and the keys it may have been signed with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Tc3;
use super::draft::{Draft, Lines, scope};
use crate::diagnose::{Mistake, secrets};
use crate::tc3::{Authorization, DAY_S, SCHEME, date_of_days, hash, seconds, signing_key};
use crate::{Algorithm, SecretKey, Tag};

/// A string to sign, and what it would mean.
pub(super) type Text = (Mistake, Option<String>, String);

/// Whole strings, in the commonest order.
pub(super) fn texts(
    request: &Tc3<'_>,
    authorization: &Authorization<'_>,
    draft: &Draft,
) -> Vec<Text> {
    let canonical = draft.text();
    let lines = Lines::of(request, authorization, &canonical);
    let text = lines.text();
    let digest = hash(canonical.as_bytes());
    let with = |canonical: String| Lines { canonical, ..lines.clone() }.text();
    let literal = canonical.replace('\n', "\\n");
    let carriage = canonical.replace('\n', "\r\n");
    let line = |what: &str, text: String| (Mistake::StringLineMissing, Some(what.to_owned()), text);
    let (date, service) = (authorization.date, authorization.service);
    vec![
        (Mistake::StringWithNewline, None, format!("{text}\n")),
        (Mistake::CanonicalNotHashed, None, with(canonical.clone())),
        (Mistake::CanonicalNotHashed, None, with(digest.to_uppercase())),
        (Mistake::CanonicalNotHashed, None, with(hash(digest.as_bytes()))),
        (
            Mistake::CanonicalNotHashed,
            None,
            with(STANDARD.encode(hex::decode(&digest).unwrap_or_default())),
        ),
        (Mistake::CanonicalNotHashed, None, canonical.clone()),
        (Mistake::CanonicalNotHashed, None, digest.clone()),
        (Mistake::NewlineLiteral, None, with(hash(literal.as_bytes())).replace('\n', "\\n")),
        (Mistake::NewlineLiteral, None, with(hash(literal.as_bytes()))),
        (Mistake::NewlineLiteral, None, text.replace('\n', "\\n")),
        (Mistake::NewlineLiteral, None, with(hash(carriage.as_bytes())).replace('\n', "\r\n")),
        (Mistake::NewlineLiteral, None, with(hash(carriage.as_bytes()))),
        (Mistake::NewlineLiteral, None, text.replace('\n', "\r\n")),
        (Mistake::StringCase, None, text.to_lowercase()),
        (Mistake::StringCase, None, text.to_uppercase()),
        (Mistake::StringHashed, None, hash(text.as_bytes())),
        line(SCHEME, format!("{}\n{}\n{digest}", lines.stamp, lines.scope)),
        line(SCHEME, Lines { algorithm: "TC3-HMAC-SHA1".to_owned(), ..lines.clone() }.text()),
        line(SCHEME, Lines { algorithm: "AWS4-HMAC-SHA256".to_owned(), ..lines.clone() }.text()),
        line(SCHEME, Lines { algorithm: "HMAC-SHA256".to_owned(), ..lines.clone() }.text()),
        line(&lines.stamp, format!("{SCHEME}\n{}\n{digest}", lines.scope)),
        line(&lines.stamp, Lines { stamp: format!("{date}T00:00:00Z"), ..lines.clone() }.text()),
        line(&lines.scope, format!("{SCHEME}\n{}\n{digest}", lines.stamp)),
        line(&lines.scope, Lines { scope: format!("{date}/{service}"), ..lines.clone() }.text()),
        line(
            &lines.scope,
            Lines { scope: format!("{date}/{service}/aws4_request"), ..lines.clone() }.text(),
        ),
        line(
            &lines.scope,
            Lines { scope: format!("{service}/{date}/tc3_request"), ..lines.clone() }.text(),
        ),
        line(
            &lines.scope,
            Lines {
                scope: format!("{}/{}", authorization.secret_id, lines.scope),
                ..lines.clone()
            }
            .text(),
        ),
    ]
}

/// Other stamps: read twice, in milliseconds.
pub(super) fn stamps(
    request: &Tc3<'_>,
    authorization: &Authorization<'_>,
    draft: &Draft,
) -> Vec<Text> {
    let lines = Lines::of(request, authorization, &draft.text());
    let Some(stamp) = seconds(request.timestamp) else { return Vec::new() };
    let near = (1..=STAMP_NEAR_S).flat_map(|off| [stamp - off, stamp + off]);
    let zones = (1..=28_i64).flat_map(|half| [stamp - half * 1_800, stamp + half * 1_800]);
    let spelled = [format!("{stamp}000"), format!("{stamp}.0"), String::new()];
    let others = spelled.into_iter().chain(near.chain(zones).map(|stamp| stamp.to_string()));
    others
        .map(|stamp| {
            let text = Lines { stamp: stamp.clone(), ..lines.clone() }.text();
            (Mistake::TimestampChanged, Some(stamp), text)
        })
        .collect()
}

/// Dates and services of scope and key.
pub(super) struct Scopes {
    /// What differs, at what, the scope in the string, the key.
    pub(super) rows: Vec<(Mistake, String, String, SecretKey)>,
}

impl Scopes {
    pub(super) fn of(
        request: &Tc3<'_>,
        authorization: &Authorization<'_>,
        secret: &SecretKey,
    ) -> Self {
        let (date, service) = (authorization.date, authorization.service);
        let mut rows = Vec::new();
        let mut both = |mistake, subject: &str, other_date: &str, other_service: &str| {
            let other =
                (scope(other_date, other_service), signing_key(secret, other_date, other_service));
            let ours = (scope(date, service), signing_key(secret, date, service));
            let subject = subject.to_owned();
            rows.push((mistake, subject.clone(), other.0.clone(), other.1.clone()));
            rows.push((mistake, subject.clone(), other.0, ours.1));
            rows.push((mistake, subject, ours.0, other.1));
        };
        for other in dates(request, date) {
            both(Mistake::ScopeDateDiffers, &other, &other, service);
        }
        for other in services(request, service) {
            both(Mistake::ServiceDiffers, &other, date, &other);
        }
        Self { rows }
    }
}

fn dates(request: &Tc3<'_>, date: &str) -> Vec<String> {
    let days = seconds(request.timestamp).map(|stamp| stamp.div_euclid(DAY_S));
    let near = [0, -1, 1].into_iter().filter_map(|off| Some(date_of_days(days? + off)));
    let bare = date.replace('-', "");
    let slashes = date.replace('-', "/");
    let mut dates: Vec<String> = near.chain([bare, slashes, String::new()]).collect();
    dates.retain(|other| other != date);
    dates
}

fn services(request: &Tc3<'_>, service: &str) -> Vec<String> {
    let label = request.host.split(['.', ':']).next().unwrap_or_default();
    let action = request.header("x-tc-action").unwrap_or_default();
    let names = [
        label,
        action,
        "cvm",
        "cbs",
        "cdb",
        "vpc",
        "clb",
        "sts",
        "tc3",
        "api",
        "tencentcloudapi",
        "account",
        "monitor",
        "",
    ];
    let cases = [service.to_uppercase(), service.to_lowercase(), request.host.to_owned()];
    let mut services: Vec<String> = names.into_iter().map(str::to_owned).chain(cases).collect();
    services.retain(|other| other != service);
    services
}

/// Keys of the right scope that were made otherwise.
pub(super) fn keys(
    authorization: &Authorization<'_>,
    secret: &SecretKey,
    others: &[&SecretKey],
) -> Vec<(Mistake, SecretKey)> {
    let (date, service) = (authorization.date, authorization.service);
    let variants = secrets::variants(secret, authorization.secret_id, others);
    let mut keys: Vec<(Mistake, SecretKey)> = variants
        .into_iter()
        .map(|(mistake, secret)| (mistake, signing_key(&secret, date, service)))
        .collect();
    let tc3 = secrets::prefixed("TC3", secret);
    let steps = |first: &SecretKey, texts: &[&str]| {
        texts.iter().fold(first.clone(), |key, text| raw(&key, text))
    };
    let through = |encode: fn(&[u8]) -> String| {
        [date, service, "tc3_request"]
            .into_iter()
            .fold(tc3.clone(), |key, text| SecretKey::new(encode(raw(&key, text).as_bytes())))
    };
    let differ = Mistake::KeyStepsDiffer;
    keys.extend([
        (Mistake::KeyOfOtherScheme, steps(secret, &[date, service, "tc3_request"])),
        (
            Mistake::KeyOfOtherScheme,
            steps(&secrets::prefixed("AWS4", secret), &[date, service, "tc3_request"]),
        ),
        (
            Mistake::KeyOfOtherScheme,
            steps(&secrets::prefixed("AWS4", secret), &[date, service, "aws4_request"]),
        ),
        (Mistake::KeyOfOtherScheme, secret.clone()),
        (Mistake::KeyOfOtherScheme, tc3.clone()),
        (Mistake::KeyStepsEncoded, through(|bytes| hex::encode(bytes))),
        (Mistake::KeyStepsEncoded, through(|bytes| STANDARD.encode(bytes))),
        (
            Mistake::KeyStepsEncoded,
            SecretKey::new(hex::encode(steps(&tc3, &[date, service, "tc3_request"]).as_bytes())),
        ),
        (differ, steps(&tc3, &[service, date, "tc3_request"])),
        (differ, steps(&tc3, &[date, service])),
        (differ, steps(&tc3, &[date, "tc3_request"])),
        (differ, steps(&tc3, &[date])),
        (differ, steps(&tc3, &[service, "tc3_request"])),
        (differ, steps(&tc3, &[date, service, "aws4_request"])),
        (differ, steps(&tc3, &[&scope(date, service)])),
        (differ, steps(&secrets::prefixed("tc3", secret), &[date, service, "tc3_request"])),
    ]);
    keys
}

fn raw(key: &SecretKey, text: &str) -> SecretKey {
    SecretKey::new(Tag::of(Algorithm::HmacSha256, key, text).as_bytes())
}

const STAMP_NEAR_S: i64 = 300;
