//! The v2 signature: who is accepted with which string to sign, who is refused, and what one tag cannot tell.

use proptest::prelude::*;

use super::{
    AtValues, Empties, HostForm, Order, Profile, Request, STRINGS_MAX, Verified, ambiguous,
    refuse_unknown, string_to_sign, twins, verify,
};
use crate::{Algorithm, Method, Pair, SecretKey, Tag, dummy_secret, form, sign};

const PATH: &str = "/v2/index.php";

fn secret() -> SecretKey {
    SecretKey::new("Gu5t9xGARNpq86cd98joQYCN3Cozk1qA")
}

fn borrowed(pairs: &[(String, String)]) -> Vec<Pair<'_>> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Judges `sent` (method, host and a form) by the tag of a string to sign that a client made.
fn judge(signed: &str, sent: &str) -> Result<(Verified, Vec<String>), super::Mismatch> {
    let [method, host, raw] = sent.split(' ').collect::<Vec<_>>()[..] else { panic!("{sent}") };
    let pairs = form::decode(raw).unwrap();
    let pairs = borrowed(&pairs);
    let chosen = pairs.iter().find(|(name, _)| *name == "SignatureMethod");
    let algorithm = Algorithm::of(chosen.map(|(_, value)| *value));
    let tag = Tag::of(algorithm, &secret(), signed);
    let method = Method::of(method).unwrap();
    let request = Request { method, host, path: PATH, pairs: &pairs, algorithm, tag: &tag };
    let verified = verify(&request, &secret())?;
    assert!(verified.mac.matches(&tag));
    let uncovered = verified.uncovered.iter().map(|&idx| pairs[idx].0.to_owned()).collect();
    Ok((verified, uncovered))
}

/// Each row: who signs so, the string signed, the request sent, and the label (with what is uncovered) or `refused`.
#[track_caller]
fn check(rows: &str) {
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let [_, signed, sent, answer] = row.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let got = match judge(signed, sent) {
            Ok((verified, names)) if names.is_empty() => verified.profile.label().into_owned(),
            Ok((verified, names)) => {
                format!("{} but {}", verified.profile.label(), names.join(" "))
            }
            Err(_) => "refused".to_owned(),
        };
        assert_eq!(got, answer, "{row}");
    }
}

#[test]
fn each_clients_string_to_sign_is_found_and_named() {
    check(
        "
        the documented rule | GETh/v2/index.php?Action=T&Nonce=1&limit=20 | GET h limit=20&Nonce=1&Action=T | canonical
        SHA-256 | POSTh/v2/index.php?Action=T&SignatureMethod=HmacSHA256 | POST h SignatureMethod=HmacSHA256&Action=T | canonical
        upper case first, dot before letters | GETh/v2/index.php?Z=1&a=2&a.b=3&a1=4&aB=5&ab=6&名=7 | GET h a=2&ab=6&aB=5&a1=4&a.b=3&Z=1&名=7 | canonical
        indices are text | GETh/v2/index.php?zone.1=a&zone.10=b&zone.2=c | GET h zone.1=a&zone.2=c&zone.10=b | canonical
        values are not escaped | GETh/v2/index.php?a=x y&b=%2B&c=&d=e=f | GET h a=x+y&b=%252B&c=&d=e%3Df | canonical
        Python: replace, then sort | GETh/v2/index.php?disk.size=1&diskName=x | GET h disk_size=1&diskName=x | canonical
        qcloudcli, CMQ, Java: sort, then replace | GETh/v2/index.php?diskName=x&disk.size=1 | GET h disk_size=1&diskName=x | sort-then-replace
        PHP, Node: a leading _ stays | GETh/v2/index.php?Z=3&_a_b=1&a.b=2 | GET h _a_b=1&a_b=2&Z=3 | sort-then-replace,leading-underscore-kept
        Go, qcloudapi 0.2: nothing replaced | GETh/v2/index.php?diskName=x&disk_size=1 | GET h disk_size=1&diskName=x | no-replace
        Python on POST: @ left out | POSTh/v2/index.php?Action=T&n=1 | POST h n=1&file=%40a&Action=T | canonical at-values-unsigned but file
        .NET on POST: @ signed | POSTh/v2/index.php?Action=T&file=@a&n=1 | POST h n=1&file=%40a&Action=T | canonical
        .NET on POST with _ | POSTh/v2/index.php?diskName=@a&disk.size=1 | POST h disk_size=1&diskName=%40a | sort-then-replace
        Java on POST with _: @ left out | POSTh/v2/index.php?diskName=x&disk.size=1 | POST h disk_size=1&diskName=x&f=%40a | sort-then-replace at-values-unsigned but f
        PHP on POST: @ left out | POSTh/v2/index.php?Z=3&_a=1 | POST h _a=1&Z=3&f=%40a | sort-then-replace,leading-underscore-kept at-values-unsigned but f
        everybody on GET: @ signed | GETh/v2/index.php?f=@a&n=1 | GET h n=1&f=%40a | canonical
        Go: an empty value left out | GETh/v2/index.php?a=1 | GET h a=1&b= | no-replace empties-unsigned but b
        Node: a zero signed as empty | GETh/v2/index.php?limit=5&offset= | GET h offset=0&limit=5 | sort-then-replace,leading-underscore-kept zeros-signed-empty but offset
        a port is part of the host | GET127.0.0.1:18443/v2/index.php?a=1 | GET 127.0.0.1:18443 a=1 | canonical
        host without its port | GET127.0.0.1/v2/index.php?a=1 | GET 127.0.0.1:18443 a=1 | canonical host-without-port
        IPv6 without its port | GET[::1]/v2/index.php?a=1 | GET [::1]:443 a=1 | canonical host-without-port
        host in lower case | GETcvm.api/v2/index.php?a=1 | GET CVM.api a=1 | canonical
        host in its own case | GETCVM.api/v2/index.php?a=1 | GET CVM.api a=1 | canonical host-case-kept
        no parameters | GETh/v2/index.php? | GET h  | canonical
        ",
    );
}

#[test]
fn what_no_client_signs_is_refused() {
    check(
        "
        a parameter added | GETh/v2/index.php?a=1 | GET h a=1&b=2 | refused
        a parameter dropped | GETh/v2/index.php?a=1&b=2 | GET h a=1 | refused
        a value changed | GETh/v2/index.php?a=1 | GET h a=2 | refused
        a zero for a one | GETh/v2/index.php?a=1 | GET h a=0 | refused
        a value emptied | GETh/v2/index.php?a=1 | GET h a= | refused
        @ left out on GET | GETh/v2/index.php?n=1 | GET h n=1&f=%40a | refused
        @ not at the beginning | POSTh/v2/index.php?n=1 | POST h n=1&f=x%40a | refused
        an empty value left out by a rule A client | GETh/v2/index.php?a.b=1 | GET h a_b=1&c= | refused
        a trailing & lost (.NET) | POSTh/v2/index.php?a=x | POST h a=x%26 | refused
        the other method | POSTh/v2/index.php?a=1 | GET h a=1 | refused
        another host | GETh/v2/index.php?a=1 | GET g a=1 | refused
        another path | GETh/?a=1 | GET h a=1 | refused
        another port | GETh:1/v2/index.php?a=1 | GET h:2 a=1 | refused
        a port that was not sent | GETh:443/v2/index.php?a=1 | GET h a=1 | refused
        the IPv6 address is no port | GET[::1/v2/index.php?a=1 | GET [::1] a=1 | refused
        escaped values signed | GETh/v2/index.php?a=x%20y | GET h a=x+y | refused
        not sorted | GETh/v2/index.php?b=1&a=2 | GET h b=1&a=2 | refused
        sorted without regard to case | GETh/v2/index.php?a=1&Z=2 | GET h a=1&Z=2 | refused
        PHP's unflattened array | GETh/v2/index.php?ids=Array | GET h ids%5B0%5D=a | refused
        ",
    );
}

#[test]
fn a_tag_of_the_other_algorithm_is_refused() {
    let pairs: &[Pair<'_>] = &[("a", "1")];
    let text = string_to_sign(Method::Get, "h", PATH, pairs, Profile::CANONICAL);
    let tag = Tag::of(Algorithm::HmacSha256, &secret(), &text);
    let request = |algorithm| Request {
        method: Method::Get,
        host: "h",
        path: PATH,
        pairs,
        algorithm,
        tag: &tag,
    };
    assert!(verify(&request(Algorithm::HmacSha256), &secret()).is_ok());
    assert!(verify(&request(Algorithm::HmacSha1), &secret()).is_err());
}

#[test]
fn only_strings_that_differ_are_tried_and_never_more_than_six() {
    for (name, sent, tried) in [
        ("plain", "GET h a=1&b=2", 1),
        ("@ on GET", "GET h a=%40x", 1),
        ("@ on POST", "POST h a=%40x&b=1", 2),
        ("_ that sorts the same", "GET h a_b=1&c=2", 2),
        ("_ that sorts differently", "GET h a_b=1&aB=2", 3),
        ("a leading _", "GET h _b=1&Z=2", 3),
        ("an empty value", "GET h a=&b=1", 2),
        ("a zero", "GET h a=0&b=1", 2),
        ("a port", "GET h:80 a=1", 2),
        ("an upper case host with a port", "GET H:80 a=1", 3),
        ("everything", "POST H:80 _c_d=0&a_b=1&aB=2&f=%40x&g=&h=false", 6),
    ] {
        assert_eq!(judge("something else", sent).unwrap_err().tried(), tried, "{name}");
    }
    assert_eq!(STRINGS_MAX, 6);
}

#[test]
fn an_unknown_key_is_refused_even_with_the_dummys_signature() {
    let pairs: &[Pair<'_>] = &[("a_b", "1")];
    let text = string_to_sign(Method::Get, "h", PATH, pairs, Profile::CANONICAL);
    for (tag, tried) in
        [(Tag::of(Algorithm::HmacSha1, dummy_secret(), &text), 1), (Tag::Sha1([0; 20]), 2)]
    {
        let algorithm = Algorithm::HmacSha1;
        let request =
            Request { method: Method::Get, host: "h", path: PATH, pairs, algorithm, tag: &tag };
        assert_eq!(refuse_unknown(&request).tried(), tried);
    }
}

#[test]
fn a_profile_reads_well() {
    assert_eq!(Profile::CANONICAL.to_string(), "canonical");
    let odd = Profile {
        order: Order::B,
        at_values: AtValues::LeftOut,
        empties: Empties::Kept,
        host: HostForm::WithoutPort,
    };
    assert_eq!(odd.to_string(), "sort-then-replace, @ left out, host without port");
    assert_eq!(odd.label(), "sort-then-replace at-values-unsigned host-without-port");
}

#[test]
fn the_signer_makes_the_documented_example() {
    let raw = "Action=DescribeInstances&Nonce=11886&Region=gz&SecretId=AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA&Timestamp=1465185768&instanceIds.0=ins-09dx96dg&limit=20&offset=0";
    let mut pairs = form::decode(raw).unwrap();
    pairs.push(("Signature".to_owned(), "an earlier one".to_owned()));
    let made = sign::v2(
        Method::Get,
        "cvm.api.qcloud.com",
        PATH,
        &mut pairs,
        &secret(),
        Algorithm::HmacSha1,
    );
    assert_eq!(made, "NSI3UqqD99b/UJb4tbG/xZpRW64=");
    assert_eq!(form::encode(&pairs), format!("{raw}&Signature=NSI3UqqD99b%2FUJb4tbG%2FxZpRW64%3D"));
    sign::v2(Method::Get, "cvm.api.qcloud.com", PATH, &mut pairs, &secret(), Algorithm::HmacSha256);
    let named = |name: &str| pairs.iter().filter(|(sent, _)| sent == name).count();
    assert_eq!((named("Signature"), named("SignatureMethod")), (1, 1));
    assert!(pairs.contains(&("SignatureMethod".to_owned(), "HmacSHA256".to_owned())));
}

#[test]
fn a_value_that_spells_a_parameter_in_order_is_ambiguous() {
    let declared = ["DryRun", "Filters", "disk_size", "instanceIds", "zone", "a", "b.c_d"];
    let verify = |rows: &[(&str, &str, &str, Option<&str>)]| {
        for (name, parameter, value, spells) in rows {
            let pairs = [("Action", "T"), (*parameter, *value)];
            let got = ambiguous(&pairs, |asked| declared.contains(&asked));
            assert_eq!(got.map(|found| found.spells), *spells, "{name}");
            assert!(got.is_none_or(|found| found.parameter == *parameter), "{name}");
        }
    };
    verify(&[
        ("a declared parameter", "Description", "web&DryRun=true", Some("DryRun")),
        ("a common one", "Description", "web&Region=gz", Some("Region")),
        ("the second piece", "Description", "web&x=1&DryRun=true", Some("DryRun")),
        ("an empty value before it", "Description", "&DryRun=true", Some("DryRun")),
        ("an index of a list", "a", "x&instanceIds.0=i-1", Some("instanceIds.0")),
        ("an index written with _", "a", "x&instanceIds_0=i-1", Some("instanceIds_0")),
        ("a member of a list", "Description", "x&Filters.0.Values.1=y", Some("Filters.0.Values.1")),
        ("the dotted spelling", "a", "x&disk.size=1", Some("disk.size")),
        ("dotted, and sorted before only so", "diskName", "x&disk.size=1", Some("disk.size")),
        ("in order only as sent", "disk_a", "x&disk.size=1", Some("disk.size")),
        ("dotted, of a name with both", "a", "x&b.c.d=1", Some("b.c.d")),
        ("too many parts to ask for", "a", "x&z.1.2.3.4.5.6.7=1", Some("z.1.2.3.4.5.6.7")),
        ("not in order", "zzz", "x&zone=1", None),
        ("not declared", "Description", "web&Owner=me", None),
        ("no = after it", "Description", "web&DryRun", None),
        ("not after an &", "Description", "DryRun=true", None),
        ("itself again", "zone", "x&zone=y", None),
        ("its twin", "disk_size", "x&disk.size=y", None),
        ("an honest address", "Url", "https://x.example/?q=1&page=2&Signature=s", None),
        ("an address that spells one", "Url", "https://x.example/?q=1&zone=2", Some("zone")),
        ("nothing but separators", "a", "&&=&=&", None),
    ]);
}

#[test]
fn twins_are_found_wherever_they_stand() {
    for (raw, found) in [
        ("a=1&b=2&A=3", None),
        ("a_b=1&c=2&a.b=3", Some(("a.b", "a_b"))),
        ("a=1&c=2&a=1", Some(("a", "a"))),
        ("a_b.c=1&a.b_c=2", Some(("a.b_c", "a_b.c"))),
        ("_a=1&.a=2", Some((".a", "_a"))),
        ("a_b=1&ab=2&a__b=3", None),
        ("", None),
    ] {
        let pairs = form::decode(raw).unwrap();
        assert_eq!(twins(&borrowed(&pairs)), found, "{raw}");
    }
}

/// Pairs as a strict form gives them: plain names, no twins, any values, some of them special.
fn any_pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let value = prop_oneof![
        4 => any::<String>(),
        1 => Just(String::new()),
        1 => Just("0".to_owned()),
        1 => "@[a-z]{0,4}",
        1 => "[a-z]{0,3}&[A-Za-z_.]{1,4}=[a-z]{0,3}",
    ];
    prop::collection::vec(("[A-Za-z_.][A-Za-z0-9_.]{0,7}", value), 1..14)
        .prop_filter("no twins", |pairs| twins(&borrowed(pairs)).is_none())
}

fn any_profile() -> impl Strategy<Value = Profile> {
    let order = prop::sample::select(vec![Order::A, Order::B, Order::C, Order::D]);
    order.prop_map(|order| Profile { order, ..Profile::CANONICAL })
}

const HOST: &str = "cvm.api.qcloud.com:8443";

/// The uncovered names of the request, if its signature is good.
fn uncovered(
    (method, host, path): (Method, &str, &str),
    pairs: &[(String, String)],
    algorithm: Algorithm,
    signature: &str,
) -> Option<Vec<String>> {
    let tag = Tag::decode(signature).unwrap();
    let pairs = borrowed(pairs);
    let request = Request { method, host, path, pairs: &pairs, algorithm, tag: &tag };
    let verified = verify(&request, &secret()).ok()?;
    Some(verified.uncovered.iter().map(|&idx| pairs[idx].0.to_owned()).collect())
}

proptest! {
    #[test]
    fn what_is_signed_is_verified_and_covered(
        mut pairs in any_pairs(),
        post in any::<bool>(),
        sha256 in any::<bool>(),
    ) {
        let method = if post { Method::Post } else { Method::Get };
        let algorithm = if sha256 { Algorithm::HmacSha256 } else { Algorithm::HmacSha1 };
        let signature = sign::v2(method, HOST, PATH, &mut pairs, &secret(), algorithm);
        prop_assert_eq!(pairs.pop().unwrap().0, "Signature");
        pairs.reverse();
        let left_out = uncovered((method, HOST, PATH), &pairs, algorithm, &signature);
        prop_assert_eq!(left_out, Some(Vec::new()));
    }

    #[test]
    fn a_single_change_is_refused_or_uncovered(
        mut pairs in any_pairs(),
        post in any::<bool>(),
        idx in any::<prop::sample::Index>(),
        other in prop_oneof![any::<String>(), Just(String::new()), Just("0".to_owned()), Just("@x".to_owned())],
        name in "[A-Za-z_.][A-Za-z0-9_.]{0,7}",
    ) {
        let algorithm = Algorithm::HmacSha1;
        let (method, flipped) = if post { (Method::Post, Method::Get) } else { (Method::Get, Method::Post) };
        let signature = sign::v2(method, HOST, PATH, &mut pairs, &secret(), algorithm);
        pairs.pop();
        let line = (method, HOST, PATH);
        for line in [(flipped, HOST, PATH), (method, "cvm.api.qcloud.co:8443", PATH), (method, HOST, "/")] {
            prop_assert_eq!(uncovered(line, &pairs, algorithm, &signature), None);
        }
        let idx = idx.index(pairs.len());
        let judged = |pairs: &[(String, String)]| uncovered(line, pairs, algorithm, &signature);

        let mut changed = pairs.clone();
        changed[idx].1.clone_from(&other);
        if changed != pairs {
            let changed_name = &changed[idx].0;
            prop_assert!(judged(&changed).is_none_or(|names| names.contains(changed_name)));
        }
        let mut added = pairs.clone();
        added.push((name.clone(), other));
        if twins(&borrowed(&added)).is_none() {
            prop_assert!(judged(&added).is_none_or(|names| names.contains(&name)));
            let mut renamed = pairs.clone();
            renamed[idx].0 = name;
            prop_assert_eq!(judged(&renamed), None);
        }
        let mut fewer = pairs.clone();
        fewer.remove(idx);
        prop_assert_eq!(judged(&fewer), None);
    }

    #[test]
    fn a_merge_of_declared_parameters_is_never_taken_for_another_request(
        names in prop::collection::btree_set("[abA_.][abA_.]{0,3}", 2..5),
        profile in any_profile(),
        value in "[a-z&=]{0,6}",
    ) {
        let pairs: Vec<(String, String)> = names.iter().map(|name| (name.clone(), value.clone())).collect();
        prop_assume!(twins(&borrowed(&pairs)).is_none());
        let text = string_to_sign(Method::Get, "h", PATH, &pairs, profile);
        let signature = Tag::of(Algorithm::HmacSha1, &secret(), &text).encode();
        // Every two parameters become one, the second spelled as it stands in the string to sign or as it was sent.
        for (first, second) in (0..pairs.len()).flat_map(|first| (0..pairs.len()).map(move |second| (first, second))) {
            if first == second { continue }
            let (name, moved) = pairs[second].clone();
            for spelled in [name.clone(), name.replace('_', ".")] {
                let mut merged = pairs.clone();
                merged[first].1 = format!("{value}&{spelled}={moved}");
                merged.remove(second);
                let good = uncovered((Method::Get, "h", PATH), &merged, Algorithm::HmacSha1, &signature);
                let refused = ambiguous(&borrowed(&merged), |asked| names.contains(asked));
                prop_assert!(good.is_none() || refused.is_some(), "{:?} {:?}", merged, profile);
            }
        }
    }

    #[test]
    fn no_request_panics(
        host in any::<String>(),
        path in any::<String>(),
        pairs in prop::collection::vec((any::<String>(), any::<String>()), 0..6),
    ) {
        let pairs = borrowed(&pairs);
        let tag = Tag::Sha256([0; 32]);
        let request = Request {
            method: Method::Post, host: &host, path: &path, pairs: &pairs,
            algorithm: Algorithm::HmacSha256, tag: &tag,
        };
        prop_assert!(verify(&request, &secret()).is_err());
        let _ = twins(&pairs);
        let _ = ambiguous(&pairs, |_| true);
    }
}
