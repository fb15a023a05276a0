//! TC3: what is read, what is signed, what is refused.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::sign;

const SECRET_ID: &str = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA";
const SECRET: &str = "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA";
const STAMP: &str = "1551113065";

fn secret() -> SecretKey {
    SecretKey::new(SECRET)
}

#[test]
fn both_published_examples_are_reproduced_line_by_line() {
    let mut n_lines = 0;
    for line in include_str!("../../../../tests/vectors/published.jsonl").lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        if vector["algorithm"] != SCHEME {
            continue;
        }
        let text_of = |key: &str| vector[key].as_str().unwrap();
        let headers = [
            ("Content-Type", "application/json; charset=utf-8"),
            ("X-TC-Action", "DescribeInstances"),
        ];
        let timestamp = vector["timestamp"].to_string();
        let date = utc_date(&timestamp).unwrap();
        let authorization =
            Authorization::draft("AKID", &date, text_of("service"), text_of("signed_headers"));
        let request = Request {
            method: Method::Post,
            path: "/",
            query: "",
            host: text_of("host"),
            headers: &headers,
            body: text_of("body").as_bytes(),
            timestamp: &timestamp,
            authorization: &authorization,
        };
        let canonical = canonical_request(&request, Profile::CANONICAL).unwrap();
        assert_eq!(canonical, text_of("canonical_request"));
        assert_eq!(canonical::hash(request.body), text_of("payload_hash"));
        let text = string_to_sign(&request, Profile::CANONICAL).unwrap();
        assert_eq!(text, text_of("string_to_sign"));
        // The secret of the second example was never published, but the key that it gives was.
        let key = SecretKey::new(hex::decode(text_of("secret_signing_hex")).unwrap());
        let tag = Tag::of(Algorithm::HmacSha256, &key, &text);
        assert_eq!(hex::encode(tag.as_bytes()), text_of("expected"));
        if let Some(secret) = vector["secret_key"].as_str() {
            let derived = signing_key(&SecretKey::new(secret), &date, "cvm");
            assert_eq!(derived.as_bytes(), key.as_bytes());
        }
        n_lines += 1;
    }
    assert_eq!(n_lines, 2);
}

#[test]
fn a_date_is_the_utc_date_of_its_stamp() {
    for (stamp, date) in [
        ("0", Some("1970-01-01")),
        ("86399", Some("1970-01-01")),
        ("86400", Some("1970-01-02")),
        ("951782399", Some("2000-02-28")),
        ("951782400", Some("2000-02-29")),
        ("951868800", Some("2000-03-01")),
        ("1551113065", Some("2019-02-25")),
        ("1709164800", Some("2024-02-29")),
        ("1735689599", Some("2024-12-31")),
        ("4107542400", Some("2100-03-01")),
        ("0001551113065", None),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1551113065.5", None),
        ("1551113065 ", None),
        ("1551113065000", None),
        ("now", None),
        ("１５５１１１３０６５", None),
    ] {
        assert_eq!(utc_date(stamp).as_deref(), date, "{stamp}");
    }
}

/// A request of the tests, with everything that may be changed.
#[derive(Clone)]
struct Case {
    method: Method,
    path: &'static str,
    query: &'static str,
    host: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    timestamp: &'static str,
    names: &'static str,
    service: &'static str,
}

impl Case {
    fn new() -> Self {
        Self {
            method: Method::Post,
            path: "/",
            query: "",
            host: "cvm.tencentcloudapi.com:8443",
            headers: vec![
                ("Content-Type", "multipart/form-data; boundary=MiXed".to_owned()),
                ("X-TC-Action", "RunInstances".to_owned()),
            ],
            body: b"body".to_vec(),
            timestamp: STAMP,
            names: "content-type;host",
            service: "cvm",
        }
    }

    /// Runs `with` on the request under this `Authorization` header, or under a draft of its own.
    fn with<T>(&self, authorization: Option<&str>, with: impl FnOnce(&Request<'_>) -> T) -> T {
        let date = utc_date(self.timestamp).unwrap_or_default();
        let draft = Authorization::draft(SECRET_ID, &date, self.service, self.names);
        let parsed = authorization.map_or(draft, |text| Authorization::parse(text).unwrap());
        let headers: Vec<Header<'_>> =
            self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        with(&Request {
            method: self.method,
            path: self.path,
            query: self.query,
            host: self.host,
            headers: &headers,
            body: &self.body,
            timestamp: self.timestamp,
            authorization: &parsed,
        })
    }

    fn signed(&self) -> String {
        self.with(None, |request| sign::tc3(request, &secret())).unwrap()
    }

    /// Signed as some client does it.
    fn signed_as(&self, profile: Profile) -> String {
        self.with(None, |request| {
            let key = signing_key(&secret(), request.authorization.date, self.service);
            let text = string_to_sign(request, profile).unwrap();
            let tag = Tag::of(Algorithm::HmacSha256, &key, &text);
            Authorization { tag, ..request.authorization.clone() }.to_string()
        })
    }

    fn verify(&self, authorization: &str) -> Result<Verified, Mismatch> {
        self.with(Some(authorization), |request| verify(request, &secret()))
    }
}

#[test]
fn every_profile_is_accepted_and_named() {
    let get = Case { method: Method::Get, query: "b=2&a=1", body: Vec::new(), ..Case::new() };
    let mut labels = Vec::new();
    for values in [Values::LowerCased, Values::AsSent] {
        for host in [HostForm::WithPort, HostForm::WithoutPort] {
            for query in [QueryForm::AsSent, QueryForm::Sorted] {
                let profile = Profile { values, host, query };
                let verified = get.verify(&get.signed_as(profile)).unwrap();
                assert_eq!(verified.profile, profile);
                labels.push(profile.label().into_owned());
            }
        }
    }
    labels.sort_unstable();
    labels.dedup();
    assert_eq!(labels.len(), STRINGS_MAX);
    let wrong = get.with(Some(&get.signed()), |request| verify(request, &SecretKey::new("x")));
    assert_eq!(wrong.unwrap_err(), Mismatch::Tag { tried: STRINGS_MAX });
    // An ordinary request is one text.
    let plain = Case {
        host: "cvm.tencentcloudapi.com",
        headers: vec![("content-type", "application/json".to_owned())],
        ..Case::new()
    };
    let wrong = plain.with(Some(&plain.signed()), |request| verify(request, &SecretKey::new("x")));
    assert_eq!(wrong.unwrap_err(), Mismatch::Tag { tried: 1 });
}

/// What is changed, and how.
type Change = (&'static str, fn(&mut Case));

#[test]
fn whatever_is_signed_cannot_be_changed() {
    let changes: &[Change] = &[
        ("method", |case| case.method = Method::Get),
        ("path", |case| case.path = "//"),
        ("path v2", |case| case.path = "/v2/index.php"),
        ("query", |case| case.query = "a=1"),
        ("host", |case| case.host = "cbs.tencentcloudapi.com:8443"),
        ("port", |case| case.host = "cvm.tencentcloudapi.com:443"),
        ("body", |case| case.body.push(b' ')),
        ("no body", |case| case.body.clear()),
        ("stamp", |case| case.timestamp = "1551113066"),
        ("content type", |case| case.headers[0].1.push('x')),
        ("unsigned payload", |case| {
            case.headers.push(("X-TC-Content-SHA256", UNSIGNED_PAYLOAD.to_owned()));
        }),
        ("signed action", |case| case.headers[1].1 = "TerminateInstances".to_owned()),
    ];
    let case = Case { names: "content-type;host;x-tc-action", ..Case::new() };
    let authorization = case.signed();
    assert!(case.verify(&authorization).unwrap().covered.action());
    for (what, change) in changes {
        let mut copy = case.clone();
        change(&mut copy);
        let got = copy.verify(&authorization);
        assert!(matches!(got, Err(Mismatch::Tag { .. })), "{what}: {got:?}");
    }
}

#[test]
fn what_is_not_signed_is_said() {
    let mut case = Case::new();
    let covered = case.verify(&case.signed()).unwrap().covered;
    assert!(!covered.action() && !covered.version() && !covered.region() && !covered.token());
    case.names = "content-type;host;x-tc-action;x-tc-region;x-tc-token;x-tc-version";
    for name in ["X-TC-Region", "x-tc-token", "X-TC-VERSION"] {
        case.headers.push((name, "Value".to_owned()));
    }
    let verified = case.verify(&case.signed()).unwrap();
    let covered = verified.covered;
    assert!(covered.action() && covered.version() && covered.region() && covered.token());
    assert_eq!((verified.payload, covered.content_sha256()), (Payload::Signed, false));

    case.headers.push(("X-TC-Content-SHA256", UNSIGNED_PAYLOAD.to_owned()));
    case.names = "content-type;host;x-tc-content-sha256";
    let authorization = case.signed();
    case.body = b"another".to_vec();
    let verified = case.verify(&authorization).unwrap();
    assert_eq!((verified.payload, verified.covered.content_sha256()), (Payload::Unsigned, true));
}

#[test]
fn what_anybody_can_see_is_said_before_the_tag() {
    let case = Case::new();
    let authorization = case.signed();
    let next_day = Case { timestamp: "1551139200", ..case.clone() };
    let error = next_day.verify(&authorization).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Credential is dated 2019-02-25, and X-TC-Timestamp falls on 2019-02-26 in UTC: the date is the UTC date of the timestamp"
    );
    assert_eq!(
        Case { timestamp: "soon", ..case.clone() }.verify(&authorization).unwrap_err(),
        Mismatch::Stamp
    );
    let mut twice = case.clone();
    twice.headers.push(("content-TYPE", "application/json".to_owned()));
    let error = twice.verify(&authorization).unwrap_err();
    assert_eq!(error, Mismatch::HeaderRepeated { name: "content-type".to_owned() });
    let mut without = case.clone();
    without.headers.remove(0);
    let error = without.verify(&authorization).unwrap_err();
    assert_eq!(error, Mismatch::HeaderMissing { name: "content-type".to_owned() });
}

#[test]
fn an_unknown_key_is_refused_even_with_the_tag_of_nobodys_secret() {
    let case = Case::new();
    let authorization = case.with(None, |request| sign::tc3(request, dummy_secret())).unwrap();
    let refused = case.with(Some(&authorization), refuse_unknown);
    assert_eq!(refused, Mismatch::Tag { tried: 1 });
}

#[test]
fn a_tag_of_v2_is_none_of_tc3() {
    let case = Case::new();
    let authorization = case.with(None, |request| {
        let text = string_to_sign(request, Profile::CANONICAL).unwrap();
        let tag = Tag::of(Algorithm::HmacSha256, &secret(), &text);
        Authorization { tag, ..request.authorization.clone() }.to_string()
    });
    assert!(matches!(case.verify(&authorization), Err(Mismatch::Tag { .. })));
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_another_body_does_not(
        body in any::<Vec<u8>>(),
        content_type in "[ -~]{0,40}",
        other in any::<u8>(),
    ) {
        let mut case = Case { body, ..Case::new() };
        case.headers[0].1 = content_type;
        let authorization = case.signed();
        prop_assert_eq!(case.verify(&authorization).unwrap().profile, Profile::CANONICAL);
        case.body.push(other);
        prop_assert!(case.verify(&authorization).is_err());
    }
}
