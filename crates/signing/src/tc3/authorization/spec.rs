//! One spelling of the header is read, and every other is refused by name.

use proptest::prelude::*;

use super::AuthorizationError::{
    Credential, Date, Form, NotSigned, Scheme, Signature, SignedHeaders,
};
use super::{Authorization, AuthorizationError};

const GOOD: &str = "TC3-HMAC-SHA256 Credential=AKID/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host;x-tc-action, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168";

#[test]
fn a_well_formed_header_is_read_and_written_the_same() {
    let read = Authorization::parse(GOOD).unwrap();
    assert_eq!((read.secret_id, read.date, read.service), ("AKID", "2019-02-25", "cvm"));
    assert_eq!(read.signed_headers, "content-type;host;x-tc-action");
    assert!(read.covers("host") && !read.covers("x-tc-region") && !read.covers("content"));
    assert_eq!(read.to_string(), GOOD);
    assert_eq!(Authorization::parse(&GOOD.replace(", ", ",")).unwrap(), read);
    assert!(!format!("{read:?}").contains("72e494"), "a tag in a log could be sent again");
}

/// What is changed in the good header, into what, and what is said then.
const REFUSED: [(&str, &str, AuthorizationError); 34] = [
    ("TC3", "AWS4", Scheme),
    ("TC3-HMAC", "tc3-hmac", Scheme),
    ("TC3-HMAC", " TC3-HMAC", Scheme),
    ("SHA256 ", "SHA256\t", Scheme),
    ("SHA256 ", "SHA256  ", Form),
    (", ", "; ", Form),
    (", ", ",  ", Form),
    (", ", " ", Form),
    ("Credential", "credential", Form),
    (", Signature", ", X=1, Signature", Form),
    ("Credential=", "SignedHeaders=content-type;host, Credential=", Form),
    ("/2019-02-25", "", Credential),
    ("AKID", "", Credential),
    ("cvm", "", Credential),
    ("cvm", "gz/cvm", Credential),
    ("tc3_request", "aws4_request", Credential),
    ("AKID", "AK ID", Credential),
    ("AKID", "AKIDé", Credential),
    ("2019-02-25", "20190225", Date),
    ("2019-02-25", "2019-Feb-5", Date),
    ("content-type;host;x-tc-action", "", SignedHeaders),
    ("content-type;host", "Content-Type;Host", SignedHeaders),
    ("content-type;host", "content-type;host;host", SignedHeaders),
    ("content-type;host", "content-type;;host", SignedHeaders),
    ("content-type;host", "content-type; host", SignedHeaders),
    ("x-tc-action", "x-tc-action;", SignedHeaders),
    ("content-type;host", "content-type", NotSigned { name: "host" }),
    ("content-type;host", "host", NotSigned { name: "content-type" }),
    ("72e494ea", "72E494EA", Signature),
    ("72e494ea", "2e494ea", Signature),
    ("72e494ea", "072e494ea", Signature),
    ("72e494ea", "g2e494ea", Signature),
    ("Signature=72e494ea", "Signature=\"72e494ea", Signature),
    ("525168", "525168 ", Signature),
];

#[test]
fn every_other_spelling_is_refused_and_the_part_named() {
    for (from, to, error) in REFUSED {
        let text = GOOD.replace(from, to);
        assert_eq!(Authorization::parse(&text), Err(error), "{text}");
    }
    let base64 = "cuSU6oCa16jI96RQe5vdy6qOWB9Rbo2i9m4sWpZSUWg=";
    let (head, _) = GOOD.rsplit_once('=').unwrap();
    for tag in ["", base64] {
        assert_eq!(Authorization::parse(&format!("{head}={tag}")), Err(Signature), "{tag}");
    }
    assert_eq!(Authorization::parse(""), Err(Scheme));
}

#[test]
fn every_part_has_a_longest() {
    let long = |n: usize| "a".repeat(n);
    let names = (0..40).map(|n| format!(";x-{n}")).collect::<String>();
    for (from, to, error) in [
        ("AKID", long(129), Credential),
        ("cvm", long(129), Credential),
        ("x-tc-action", long(65), SignedHeaders),
        (";x-tc-action", names, SignedHeaders),
    ] {
        assert_eq!(Authorization::parse(&GOOD.replace(from, &to)), Err(error), "{from}");
    }
    assert!(Authorization::parse(&GOOD.replace("AKID", &long(128))).is_ok());
}

proptest! {
    #[test]
    fn no_header_panics_the_reader_and_what_is_read_is_written_the_same(text in any::<String>()) {
        let _ = Authorization::parse(&text);
        let text = GOOD.replace("AKID", &text);
        if let Ok(read) = Authorization::parse(&text) {
            prop_assert_eq!(read.to_string(), text);
        }
    }
}
