//! The documents say what is so: the worked example of TC3 is computed from its own page, and the list of mistakes is whole.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use faregate_signing::diagnose::Mistake;
use faregate_signing::tc3::{self, Authorization, Profile, Request};
use faregate_signing::{Algorithm, Method, SecretKey, Tag, sign};

const CLIENTS: &str = include_str!("../../../docs/clients-of-your-own.md");
const MISTAKES: &str = include_str!("../../../docs/reference/mistakes.md");

/// The content of the page's block of this kind.
fn block(kind: &str) -> &'static str {
    let (_, rest) = CLIENTS.split_once(&format!("```{kind}\n")).unwrap();
    rest.split_once("\n```").unwrap().0
}

#[test]
fn the_worked_example_of_tc3_is_recomputed_from_the_document() {
    let of = |name: &str| {
        let line = CLIENTS.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim()
    };
    let secret = SecretKey::new(of("SecretKey "));
    let (head, body) = block("request").split_once("\n\n").unwrap();
    let headers: Vec<(&str, &str)> =
        head.lines().skip(1).map(|line| line.split_once(": ").unwrap()).collect();
    let header = |name: &str| headers.iter().find(|(sent, _)| *sent == name).unwrap().1;
    let sent = Authorization::parse(header("Authorization")).unwrap();
    assert_eq!((sent.secret_id, body), (of("SecretId "), block("body")));
    let request = Request {
        method: Method::Post,
        path: "/",
        query: "",
        host: header("Host"),
        headers: &headers,
        body: body.as_bytes(),
        timestamp: header("X-TC-Timestamp"),
        authorization: &sent,
    };
    let canonical = tc3::canonical_request(&request, Profile::CANONICAL).unwrap();
    assert_eq!(canonical, block("canonical-request"));
    let string = tc3::string_to_sign(&request, Profile::CANONICAL).unwrap();
    assert_eq!(string, block("string-to-sign"));
    let key = SecretKey::new(hex::decode(block("signing-key")).unwrap());
    let tag = Tag::of(Algorithm::HmacSha256, &key, &string);
    assert_eq!(hex::encode(tag.as_bytes()), block("signature"));
    assert_eq!(sign::tc3(&request, &secret).unwrap(), header("Authorization"));
    let verified = tc3::verify(&request, &secret).unwrap();
    assert!(verified.covered.action());
}

#[test]
fn the_list_of_mistakes_is_whole_and_in_order() {
    let rows: Vec<String> = Mistake::ALL
        .iter()
        .map(|mistake| {
            format!("| `{mistake}` | {} | {} |", mistake.says().replace("{}", "…"), mistake.fix())
        })
        .collect();
    let listed: Vec<&str> = MISTAKES.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(
        listed,
        rows,
        "docs/reference/mistakes.md must have these rows:\n{}",
        rows.join("\n")
    );
}
