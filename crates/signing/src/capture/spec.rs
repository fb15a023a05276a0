//! Requests of real clients get the verdict they must have, and no changed copy of one passes.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{CaptureError, Judgement, Verdict, judge};
use crate::multipart::{Part, parts};

const CAPTURED: &str = include_str!("../../../../tests/vectors/captured.jsonl");

fn lines(text: &str) -> impl Iterator<Item = Value> + '_ {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn judged(line: &Value) -> Judgement {
    judge(&line.to_string()).unwrap()
}

fn named(id: &str) -> Value {
    lines(CAPTURED).find(|line| line["id"] == id).unwrap()
}

fn text_of<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap()
}

/// Counts passes, failures and unsigned calls.
#[track_caller]
fn verify_file(text: &str) -> [usize; 3] {
    let mut counts = [0; 3];
    for line in lines(text) {
        let id = text_of(&line, "id");
        let got = judged(&line);
        let (expected, counter) = match got.verdict {
            Verdict::Pass => ("pass", 0),
            Verdict::Fail => ("fail", 1),
            Verdict::Unsigned => ("unsigned", 2),
        };
        assert_eq!(text_of(&line, "expect"), expected, "{id}: {got:?}");
        counts[counter] += 1;
        if got.verdict == Verdict::Pass {
            // "PASS sha1 canonical at-values-unsigned": the reference verifier's word for the profile.
            // "PASS tc3 service=cvm values-lowercased": two words more than the profile, there as here.
            let words = text_of(&line, "matched");
            let n_before = if words.starts_with("PASS tc3 ") { 3 } else { 2 };
            let matched = words.splitn(n_before + 1, ' ').nth(n_before).unwrap();
            assert_eq!(got.profile.as_deref(), Some(matched), "{id}");
            assert_eq!(got.note, None, "{id}");
        } else {
            assert_eq!(got.profile, None, "{id}");
        }
    }
    counts
}

#[test]
fn every_captured_request_gets_the_verdict_it_must_have() {
    assert_eq!(verify_file(CAPTURED), [63, 3, 2]);
}

#[test]
fn the_copy_of_the_captured_file_is_whole_where_the_file_is_at_hand() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/captured.jsonl");
    match std::fs::read_to_string(path) {
        Ok(text) => assert!(text == CAPTURED, "tests/vectors/captured.jsonl is an old copy"),
        Err(error) => println!("skipped, the captured file is not here: {error}"),
    }
}

#[test]
fn what_no_signature_covers_is_named() {
    for (id, uncovered) in [
        ("py-get_at", &[] as &[&str]),
        ("php-at_post", &["file"]),
        ("php-upload_cdn", &["entityFile"]),
        ("java-post_at", &["file"]),
        ("node-at_v3", &[]),
        ("qc3-post_files", &["entityFile"]),
        ("tc3py-post_token", &["x-tc-action", "x-tc-version", "x-tc-region", "x-tc-token"]),
    ] {
        assert_eq!(judged(&named(id)).uncovered, uncovered, "{id}");
    }
}

/// The changed copies of the reference verifier, and some more: each with a word for what was changed.
fn changed_copies(line: &Value) -> Vec<(String, Value)> {
    let mut copies = Vec::new();
    let mut change = |what: String, key: &str, to: String| {
        let mut copy = line.clone();
        copy[key] = json!(to);
        copies.push((what, copy));
    };
    let tc3 = line["headers"].to_string().contains("TC3-HMAC-SHA256");
    for (key, suffix) in
        [("path", "x"), ("secret_key", "x"), ("secret_id", "x"), ("host", ".example")]
    {
        if key == "secret_id" && !tc3 {
            continue;
        }
        change(key.to_owned(), key, format!("{}{suffix}", text_of(line, key)));
    }
    change("host".to_owned(), "host", "evil.example".to_owned());
    let get = text_of(line, "method") == "GET";
    change("method".to_owned(), "method", if get { "POST" } else { "GET" }.to_owned());
    let key = if get { "raw_query" } else { "raw_body" };
    let raw = text_of(line, key);
    if tc3 {
        for (what, headers) in changed_headers(&line["headers"]) {
            let mut copy = line.clone();
            copy["headers"] = headers;
            copies.push((what, copy));
        }
        let mut copy = line.clone();
        copy["raw_query"] = json!("zz=1");
        copies.push(("a query of its own".to_owned(), copy));
        if line["body_base64"] != true {
            let mut copy = line.clone();
            copy[key] = json!(format!("{raw}&zz=1"));
            copies.push(("a longer body or query".to_owned(), copy));
        }
        return copies;
    }
    if line["body_base64"] == true || raw.contains("Content-Disposition") {
        return copies;
    }
    change("an extra parameter".to_owned(), key, format!("{raw}&zz=1"));
    change("a broken escape".to_owned(), key, format!("{raw}%"));
    change("two signatures".to_owned(), key, format!("{raw}&Signature=x"));
    let pairs: Vec<&str> = raw.split('&').collect();
    for (idx, pair) in pairs.iter().enumerate() {
        let mut fewer = pairs.clone();
        fewer.remove(idx);
        change(format!("without {pair}"), key, fewer.join("&"));
        let mut more = pairs.clone();
        let longer = format!("{pair}x");
        more[idx] = &longer;
        change(format!("{pair} made longer"), key, more.join("&"));
        change(format!("{pair} twice"), key, format!("{raw}&{pair}"));
    }
    copies
}

/// Headers without, twice and with another value, of those that TC3 signs in every client, and of the stamp.
fn changed_headers(headers: &Value) -> Vec<(String, Value)> {
    let headers = headers.as_array().unwrap();
    let mut changed = Vec::new();
    for (idx, header) in headers.iter().enumerate() {
        let name = header[0].as_str().unwrap().to_ascii_lowercase();
        let value = header[1].as_str().unwrap();
        let others: Vec<String> = match name.as_str() {
            "x-tc-timestamp" => {
                vec![format!("{value}0"), format!("{}", value.parse::<u64>().unwrap() + 1)]
            }
            "content-type" => vec![format!("{value}x"), String::new()],
            "authorization" => vec![
                value.replace("Signature=", "Signature=0"),
                value.replace("tc3_request", "aws4_request"),
                value.replace("content-type;host", "content-type"),
                value.replace("content-type;host", "host;content-type"),
                value.replace("content-type;host", "Content-Type;Host"),
                value.replace("content-type;host", "content-type;host;x-tc-missing"),
                value.replace(", Signature", ",  Signature"),
                format!("{value} "),
            ],
            _ => continue,
        };
        for other in others {
            let mut copy = headers.clone();
            copy[idx][1] = json!(other);
            changed.push((format!("{name}: {other}"), json!(copy)));
        }
        let mut without = headers.clone();
        without.remove(idx);
        changed.push((format!("without {name}"), json!(without)));
        if name == "content-type" {
            let mut twice = headers.clone();
            twice.push(header.clone());
            changed.push((format!("{name} twice"), json!(twice)));
        }
    }
    changed
}

#[test]
fn no_changed_copy_of_a_captured_request_passes() {
    let mut n_copies = 0;
    for line in lines(CAPTURED) {
        let id = text_of(&line, "id");
        let original = judged(&line);
        if original.verdict != Verdict::Pass {
            continue;
        }
        for (what, copy) in changed_copies(&line) {
            let got = judged(&copy);
            // An uncovered value may change and even go: that is what uncovered means, and the name says so.
            let of_uncovered = original.uncovered.iter().any(|name| {
                what.starts_with(&format!("{name}=")) && !what.ends_with("twice")
                    || what.starts_with(&format!("without {name}="))
            });
            if !of_uncovered {
                assert_eq!(got.verdict, Verdict::Fail, "{id}: {what}");
                assert!(got.note.is_some(), "{id}: {what}");
            }
            n_copies += 1;
        }
    }
    assert!(n_copies > 1_000, "{n_copies}");
}

#[test]
fn a_judgement_is_one_line_of_json() {
    for (id, line) in [
        (
            "py-get_sha1",
            r#"{"id":"py-get_sha1","verdict":"pass","profile":"canonical","uncovered":[]}"#,
        ),
        (
            "php-at_post",
            r#"{"id":"php-at_post","verdict":"pass","profile":"canonical at-values-unsigned","uncovered":["file"]}"#,
        ),
        (
            "qc02-sha1",
            r#"{"id":"qc02-sha1","verdict":"fail","profile":null,"uncovered":[],"note":"the Signature matches no string to sign that clients build for such a request (2 tried)"}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&judged(&named(id))).unwrap(), line);
    }
}

#[test]
fn a_line_that_cannot_pass_says_why() {
    let base = named("py-get_sha1");
    for (name, key, value, note) in [
        ("PUT", "method", "PUT", "`PUT` is neither GET nor POST"),
        ("no tag", "raw_query", "Action=T", "there is no Signature"),
        ("an empty query", "raw_query", "", "there is no Signature"),
        (
            "a lost plus",
            "raw_query",
            "a=1&Signature=a+b",
            "the Signature holds white space: a `+` in it must be sent as `%2B`",
        ),
        (
            "twins",
            "raw_query",
            "a_b=1&a.b=2&Signature=NSI3UqqD99b/UJb4tbG/xZpRW64=",
            "`a.b` and `a_b` cannot be told apart",
        ),
        (
            "a bad escape",
            "raw_query",
            "a=%",
            "byte 2: a `%` must be followed by two hexadecimal digits; send `%` itself as `%25`",
        ),
    ] {
        let mut line = base.clone();
        line[key] = json!(value);
        let got = judged(&line);
        assert_eq!((got.verdict, got.note.as_deref()), (Verdict::Fail, Some(note)), "{name}");
    }
}

#[test]
fn what_is_no_signed_request_is_an_error_and_no_verdict() {
    let mut line = named("py-get_sha1");
    line["headers"] = json!([["AUTHORIZATION", "AWS4-HMAC-SHA256 Credential=x"]]);
    let error = judge(&line.to_string()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`py-get_sha1`: AWS4-HMAC-SHA256 is not a scheme that can be checked; v2 and TC3-HMAC-SHA256 are"
    );
    line["headers"] = json!([["Authorization", "SKIP"]]);
    assert_eq!(judged(&line).verdict, Verdict::Unsigned);

    let mut line = named("qc3-post_files");
    line["raw_body"] = json!("*");
    assert!(matches!(judge(&line.to_string()), Err(CaptureError::Body { .. })));
    for text in ["", "{}", "[]", "{\"id\":1}"] {
        assert!(matches!(judge(text), Err(CaptureError::Line(_))), "{text}");
    }
}

#[test]
fn a_multipart_body_is_read_strictly() {
    let content_type = "multipart/form-data; boundary=\"B\"";
    let body = b"\r\n--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n--B\r\ncontent-disposition:form-data; name=\"f\"; filename=\"x.txt\"\r\nContent-Type:text/plain\r\n\r\n\xff\r\n--B--\r\n";
    let read = [
        Part { name: "a", value: b"1\r\n2", file: false, content_type: None },
        Part { name: "f", value: b"\xff", file: true, content_type: Some("text/plain") },
    ];
    assert_eq!(parts(body, content_type).unwrap(), read);
    assert_eq!(parts(b"--B--", content_type).unwrap(), []);
    for (body, why) in [
        ("", "text before the first boundary"),
        ("x\r\n--B--", "text before the first boundary"),
        ("--Bx\r\n--B--", "text on a boundary's line"),
        ("--B\r\nno head\r\n--B--", "a part without a head"),
        ("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1", "a part without an end"),
        ("--B\r\nContent-Type: text/plain\r\n\r\n1\r\n--B--", "a part without Content-Disposition"),
        (
            "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B--",
            "a part without a name",
        ),
        ("--B--x", "text after the last boundary"),
    ] {
        assert_eq!(parts(body.as_bytes(), content_type).unwrap_err(), why, "{body}");
    }
    assert_eq!(
        parts(b"--B--", "multipart/form-data").unwrap_err(),
        "the content type names no boundary"
    );
}

proptest! {
    #[test]
    fn no_body_panics(body in any::<Vec<u8>>(), line in any::<String>()) {
        let _ = parts(&body, "multipart/form-data; boundary=B");
        let _ = parts(&[b"--B\r\n", body.as_slice(), b"\r\n--B--"].concat(), "multipart/form-data; boundary=B");
        prop_assert!(judge(&line).is_err());
    }
}
