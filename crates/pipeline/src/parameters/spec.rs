//! How parameters are read, and which are refused.

use proptest::prelude::*;

use super::*;
use crate::call::Body;
use crate::fixture::{World, get, post};

#[test]
fn queries_are_read_strictly_and_once() {
    for (raw, read) in [
        ("", Ok(vec![])),
        ("a=1&b=2", Ok(vec![("a", "1"), ("b", "2")])),
        ("a=&b", Ok(vec![("a", ""), ("b", "")])),
        ("a=1+2%20%2B%3d&&b=%E4%BD%A0", Ok(vec![("a", "1 2 +="), ("b", "你")])),
        ("a=x=y", Ok(vec![("a", "x=y")])),
        ("%61=1", Ok(vec![("a", "1")])),
        ("a=%", Err("BAD_ENCODING")),
        ("a=%4", Err("BAD_ENCODING")),
        ("a=%zz", Err("BAD_ENCODING")),
        ("a=%ff", Err("BAD_ENCODING")),
        ("a=%00", Err("BAD_ENCODING")),
        ("a=%0d", Err("BAD_ENCODING")),
        ("=1", Err("BAD_NAME")),
        ("a%3Db=1", Err("BAD_NAME")),
        ("a b=1", Err("BAD_NAME")),
        ("ids[0]=1", Err("BAD_NAME")),
        ("a=1&a=1", Err("DUPLICATE_NAME")),
        ("a=1&%61=2", Err("DUPLICATE_NAME")),
        ("a_b=1&a.b=2", Err("TWIN_NAMES")),
        ("_a=1&.a=2", Err("TWIN_NAMES")),
        ("a_b=1&aB=2", Ok(vec![("a_b", "1"), ("aB", "2")])),
    ] {
        let pairs = Pairs::parse(raw.as_bytes(), 512);
        let ours = pairs.as_ref().map(|pairs| pairs.iter().collect::<Vec<_>>());
        match (&ours, &read) {
            (Ok(ours), Ok(read)) => assert_eq!(ours, read, "{raw}"),
            (Err(_), Err(_)) => {}
            other => panic!("{raw}: {other:?}"),
        }
        if let (Err(fault), Err(reason)) = (pairs, read) {
            assert_eq!(fault.say().0.as_str(), reason, "{raw}");
        }
    }
    assert_eq!(Pairs::parse(b"a=1&b=2", 1).err(), Some(PairsFault::TooMany(1)));
}

#[test]
fn a_request_has_at_most_query_bytes_max_and_parameters_max() {
    let world = World::new();
    let read = |limits: &Limits| {
        let raw = get("DescribeZones", &[]);
        let bytes = raw.query.as_ref().map_or(0, String::len);
        let accepted = crate::protocol::check(raw).unwrap();
        let located = crate::routing::domain(accepted, &world.catalog).unwrap();
        let reason = decode(located, limits).err().map(|refused| Refusal::from(refused).reason);
        (bytes, reason.map(Reason::as_str))
    };
    let (bytes, usual) = read(&Limits::default());
    assert_eq!(usual, None);
    let limits = |query_bytes_max, parameters_max| Limits { query_bytes_max, parameters_max };
    // Action, SecretId, Timestamp, Nonce, SignatureMethod, Signature.
    assert_eq!(read(&limits(bytes, 6)).1, None);
    assert_eq!(read(&limits(bytes - 1, 6)).1, Some("QUERY_TOO_LARGE"));
    assert_eq!(read(&limits(bytes, 5)).1, Some("TOO_MANY_PARAMETERS"));
}

#[test]
fn common_parameters_are_there_and_well_formed_all_named_at_once() {
    let world = World::new();
    for (title, parameters, reason, named) in [
        ("no Nonce", &[("Nonce", "")][..], "MISSING", &["Nonce"][..]),
        (
            "no Nonce and no Timestamp",
            &[("Nonce", ""), ("Timestamp", "")],
            "MISSING",
            &["Timestamp", "Nonce"],
        ),
        ("a negative Nonce", &[("Nonce", "-1")], "MALFORMED", &["Nonce"]),
        ("a Nonce of 65 bits", &[("Nonce", "18446744073709551616")], "MALFORMED", &["Nonce"]),
        (
            "a Timestamp in milliseconds",
            &[("Timestamp", "1500000000000")],
            "MALFORMED",
            &["Timestamp"],
        ),
        ("a signed Timestamp", &[("Timestamp", "+1500000000")], "MALFORMED", &["Timestamp"]),
        ("an Action with a space", &[("Action", "Describe Zones")], "MALFORMED", &["Action"]),
    ] {
        let refusal = world.walk(get("DescribeZones", parameters)).err().unwrap();
        let params: Vec<&str> = refusal.params.iter().map(|param| param.name.as_str()).collect();
        assert_eq!(
            (refusal.code, refusal.reason.as_str(), &params[..]),
            (Code::InvalidParameter, reason, named),
            "{title}"
        );
    }
    for nonce in ["0", "1", "65535", "18446744073709551615"] {
        assert_eq!(world.reason(get("DescribeZones", &[("Nonce", nonce)])), None, "{nonce}");
    }
}

#[test]
fn an_actions_own_faults_are_all_named_in_one_message() {
    let world = World::new();
    let refusal =
        world.walk(get("RunInstances", &[("limit", "abc"), ("period", "x")])).err().unwrap();
    let message = refusal.message();
    for name in ["zone", "instanceType", "imageId", "goodsNum", "limit", "period"] {
        assert!(message.contains(&format!("`{name}`")), "{name}: {message}");
    }
    let common: &[(&str, &str)] =
        &[("RequestClient", "SDK_PYTHON_2.0.15"), ("Region", "gz"), ("Language", "en-US")];
    assert_eq!(world.reason(get("DescribeZones", common)), None, "they never reach the schema");
}

#[test]
fn parameters_stand_in_one_place() {
    let world = World::new();
    let mut both = post("DescribeZones", &[]);
    both.query = Some("a=1".into());
    assert_eq!(world.reason(both), Some((4000, "WRONG_PLACE")));
    let mut body = get("DescribeZones", &[]);
    body.body = Body::Whole(bytes::Bytes::from_static(b"a=1"));
    assert_eq!(world.reason(body), Some((4000, "WRONG_PLACE")));
    let mut large = get("DescribeZones", &[]);
    large.query = Some("a".repeat(40_000));
    assert_eq!(world.reason(large), Some((4000, "QUERY_TOO_LARGE")));
    let mut large = post("DescribeZones", &[]);
    large.body = Body::TooLarge { bytes_max: 10 };
    assert_eq!(world.reason(large), Some((4000, "BODY_TOO_LARGE")));
}

proptest! {
    #[test]
    fn no_bytes_panic_and_what_is_read_is_what_was_encoded(values in prop::collection::vec("[^\0\r\n]{0,12}", 0..6), junk in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Pairs::parse(&junk, 512);
        let pairs: Vec<(String, String)> = values.into_iter().enumerate().map(|(n, value)| (format!("p{n}"), value)).collect();
        let raw = faregate_signing::form::encode(&pairs);
        let read = Pairs::parse(raw.as_bytes(), 512).unwrap();
        let read: Vec<(String, String)> = read.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        prop_assert_eq!(read, pairs);
    }
}
