//! Tags, keys and forms: the published vectors, the RFCs' vectors, and what is refused.

use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::Value;

use crate::form::{self, FormError};
use crate::{Algorithm, KeyId, SecretKey, Tag, TagError};

#[test]
fn every_published_v2_example_gives_the_published_signature() {
    let mut n_lines = 0;
    for line in include_str!("../../../tests/vectors/published.jsonl").lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let text_of = |key: &str| vector[key].as_str().unwrap();
        let algorithm = match text_of("algorithm") {
            "HmacSHA1" => Algorithm::HmacSha1,
            "HmacSHA256" => Algorithm::HmacSha256,
            "TC3-HMAC-SHA256" => continue, // another dialect
            other => panic!("{other}"),
        };
        let secret = SecretKey::new(text_of("secret_key"));
        let tag = Tag::of(algorithm, &secret, text_of("string_to_sign"));
        assert_eq!(tag.encode(), text_of("expected"), "{line}");
        n_lines += 1;
    }
    assert_eq!(n_lines, 6);
}

/// Case, algorithm, key, text, MAC in hexadecimal.
type MacRow = (&'static str, Algorithm, Vec<u8>, Vec<u8>, &'static str);

/// RFC 2202 section 3 and RFC 4231 section 4, without its truncated case 5.
#[test]
fn the_macs_are_those_of_rfc_2202_and_rfc_4231() {
    let counted: Vec<u8> = (1..=25).collect();
    let long = "Test Using Larger Than Block-Size Key - Hash Key First";
    let rows: &[MacRow] = &[
        ("2202/1", Algorithm::HmacSha1, vec![0x0b; 20], b"Hi There".to_vec(), "b617318655057264e28bc0b6fb378c8ef146be00"),
        ("2202/2", Algorithm::HmacSha1, b"Jefe".to_vec(), b"what do ya want for nothing?".to_vec(), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ("2202/3", Algorithm::HmacSha1, vec![0xaa; 20], vec![0xdd; 50], "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
        ("2202/4", Algorithm::HmacSha1, counted.clone(), vec![0xcd; 50], "4c9007f4026250c6bc8414f9bf50c86c2d7235da"),
        ("2202/5", Algorithm::HmacSha1, vec![0x0c; 20], b"Test With Truncation".to_vec(), "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"),
        ("2202/6", Algorithm::HmacSha1, vec![0xaa; 80], long.into(), "aa4ae5e15272d00e95705637ce8a3b55ed402112"),
        ("2202/7", Algorithm::HmacSha1, vec![0xaa; 80], b"Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data".to_vec(), "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"),
        ("4231/1", Algorithm::HmacSha256, vec![0x0b; 20], b"Hi There".to_vec(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        ("4231/2", Algorithm::HmacSha256, b"Jefe".to_vec(), b"what do ya want for nothing?".to_vec(), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ("4231/3", Algorithm::HmacSha256, vec![0xaa; 20], vec![0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        ("4231/4", Algorithm::HmacSha256, counted, vec![0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        ("4231/6", Algorithm::HmacSha256, vec![0xaa; 131], long.into(), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        ("4231/7", Algorithm::HmacSha256, vec![0xaa; 131], b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.".to_vec(), "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ];
    for (name, algorithm, key, text, expected) in rows {
        let keyed = crate::algorithm::Keyed::new(*algorithm, &SecretKey::new(key.clone()));
        assert_eq!(hex::encode(keyed.tag(text).as_bytes()), *expected, "{name}");
    }
}

#[test]
fn anything_but_hmac_sha256_means_sha1() {
    for (sent, algorithm) in [
        (None, Algorithm::HmacSha1),
        (Some("HmacSHA1"), Algorithm::HmacSha1),
        (Some("HmacSHA256"), Algorithm::HmacSha256),
        (Some("HmacMD5"), Algorithm::HmacSha1),
        (Some("hmacsha256"), Algorithm::HmacSha1),
        (Some("HmacSHA256 "), Algorithm::HmacSha1),
        (Some(""), Algorithm::HmacSha1),
    ] {
        assert_eq!(Algorithm::of(sent), algorithm, "{sent:?}");
    }
}

#[test]
fn a_tag_has_one_spelling_and_two_lengths() {
    let sha1 = "NSI3UqqD99b/UJb4tbG/xZpRW64=";
    let sha256 = "0EEm/HtGRr/VJXTAD9tYMth1Bzm3lLHz5RCDv1GdM8s=";
    for good in [sha1, sha256] {
        assert_eq!(Tag::decode(good).unwrap().encode(), good);
    }
    let refused = [
        ("empty", "", TagError::Length { bytes: 0 }),
        ("no padding", "NSI3UqqD99b/UJb4tbG/xZpRW64", TagError::Base64),
        ("trailing bits", "NSI3UqqD99b/UJb4tbG/xZpRW65=", TagError::Base64),
        ("url alphabet", "NSI3UqqD99b_UJb4tbG_xZpRW64=", TagError::Base64),
        ("a plus lost", "NSI3UqqD99b UJb4tbG/xZpRW64=", TagError::Whitespace),
        ("a line feed after it", "NSI3UqqD99b/UJb4tbG/xZpRW64=\n", TagError::Whitespace),
        ("padding in the middle", "NSI3=qqD99b/UJb4tbG/xZpRW64=", TagError::Base64),
        ("19 bytes", "AAAAAAAAAAAAAAAAAAAAAAAAAA==", TagError::Length { bytes: 19 }),
        ("21 bytes", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", TagError::Length { bytes: 21 }),
        (
            "33 bytes",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            TagError::Length { bytes: 33 },
        ),
        ("hexadecimal", "3522 3752", TagError::Whitespace),
        ("no base64 at all", "签名", TagError::Base64),
    ];
    for (name, spelling, error) in refused {
        assert_eq!(Tag::decode(spelling).unwrap_err(), error, "{name}");
    }
    let long = Tag::decode(&"A".repeat(100_000)).unwrap_err();
    assert_eq!(long, TagError::Length { bytes: 75_000 });
}

#[test]
fn tags_match_by_all_their_bytes() {
    let zero = Tag::Sha1([0; 20]);
    assert!(zero.matches(&Tag::Sha1([0; 20])));
    assert!(!zero.matches(&Tag::Sha256([0; 32])));
    for place in 0..20 {
        let mut other = [0; 20];
        other[place] = 1;
        assert!(!zero.matches(&Tag::Sha1(other)), "byte {place}");
    }
}

#[test]
fn a_secret_is_never_shown_and_a_long_id_only_in_part() {
    let secret = SecretKey::new("Gu5t9xGARNpq86cd98joQYCN3Cozk1qA");
    assert_eq!(format!("{secret:?}"), "***");
    assert_eq!(format!("{:?}", Some(&secret)), "Some(***)");
    let tag = Tag::of(Algorithm::HmacSha1, &secret, "text");
    assert_eq!(format!("{tag:?}"), "Tag(HmacSHA1)");
    for (id, masked) in [
        ("AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA", "AKID…hESA"),
        ("AKIDabcdefgh", "AKID…efgh"),
        ("AKIDabcdefg", "…"),
        ("", "…"),
        ("钥匙钥匙一二三四钥匙钥匙", "钥匙钥匙…钥匙钥匙"),
    ] {
        assert_eq!(KeyId::from(id).masked(), masked);
        assert_eq!(KeyId::from(id).to_string(), id);
    }
}

#[test]
fn a_key_id_is_found_by_its_text_and_is_text_in_json() {
    let id = KeyId::from("AKID1".to_owned());
    let by_id = HashMap::from([(id.clone(), 7)]);
    assert_eq!(by_id.get("AKID1"), Some(&7));
    assert_eq!(serde_json::to_string(&id).unwrap(), "\"AKID1\"");
    assert_eq!(serde_json::from_str::<KeyId>("\"AKID1\"").unwrap(), id);
}

#[test]
fn a_form_is_read_as_clients_write_it() {
    let rows: &[(&str, &[(&str, &str)])] = &[
        ("", &[]),
        ("a=1&b=2", &[("a", "1"), ("b", "2")]),
        ("b=2&a=1&b=3", &[("b", "2"), ("a", "1"), ("b", "3")]),
        ("a=x+y&b=x%20y&c=x%2By", &[("a", "x y"), ("b", "x y"), ("c", "x+y")]),
        ("t=~*'()!&u=%7E%2a", &[("t", "~*'()!"), ("u", "~*")]),
        ("ids%5B0%5D=a", &[("ids[0]", "a")]),
        ("name=%E4%BD%A0%E5%A5%BD&raw=你", &[("name", "你好"), ("raw", "你")]),
        ("a=&b", &[("a", ""), ("b", "")]),
        ("a=b=c&d=%3D", &[("a", "b=c"), ("d", "=")]),
        ("&a=1&&b=2&", &[("a", "1"), ("b", "2")]),
        ("a=line%0D%0Afeed", &[("a", "line\r\nfeed")]),
    ];
    for (raw, pairs) in rows {
        let read = form::decode(raw).unwrap();
        let read: Vec<(&str, &str)> =
            read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(read, *pairs, "{raw}");
    }
}

#[test]
fn a_form_that_could_be_read_in_two_ways_is_refused() {
    for (name, raw, error) in [
        ("an escape cut short", "a=1&b=%4", FormError::Escape { at: 6 }),
        ("a bare percent", "a=100%", FormError::Escape { at: 5 }),
        ("no hexadecimal", "a=%zz", FormError::Escape { at: 2 }),
        ("a sign is no digit", "a=%+1", FormError::Escape { at: 2 }),
        ("Latin-1", "name=%E9", FormError::NotUtf8 { at: 5 }),
        ("an overlong slash", "%C0%AF=1", FormError::NotUtf8 { at: 0 }),
        ("a surrogate", "a=%ED%A0%80", FormError::NotUtf8 { at: 2 }),
        ("a NUL, escaped", "a=1&b=x%00", FormError::Control { at: 6 }),
        ("a line feed, unescaped", "a=1\n", FormError::Control { at: 3 }),
        ("no name", "a=1&=2", FormError::NoName { at: 4 }),
    ] {
        assert_eq!(form::decode(raw).unwrap_err(), error, "{name}");
    }
}

#[test]
fn a_form_is_written_with_unreserved_characters_alone() {
    assert_eq!(
        form::encode(&[("a.0", "x y+&=%~-_."), ("名", "é")]),
        "a.0=x%20y%2B%26%3D%25~-_.&%E5%90%8D=%C3%A9"
    );
    assert_eq!(form::encode::<&str, &str>(&[]), "");
}

proptest! {
    #[test]
    fn a_written_form_is_read_back(
        pairs in prop::collection::vec(("[^\0]{1,12}", "[^\0]{0,12}"), 0..8),
    ) {
        prop_assert_eq!(form::decode(&form::encode(&pairs)).unwrap(), pairs);
    }

    #[test]
    fn no_text_panics_a_reader(text in any::<String>()) {
        let _ = form::decode(&text);
        let _ = Tag::decode(&text);
        let _ = KeyId::from(text.as_str()).masked();
    }

    #[test]
    fn a_tag_that_is_read_is_written_the_same(text in "[A-Za-z0-9+/]{26}[A-Za-z0-9+/=]{2}") {
        if let Ok(tag) = Tag::decode(&text) {
            prop_assert_eq!(tag.encode(), text);
        }
    }
}
