//! Which dialect a request speaks, and what is read of it.

use std::sync::Arc;

use bytes::Bytes;
use faregate_contract::Refusal;
use faregate_signing::{Method, SecretKey, sign, tc3};
use serde_json::{Value, json};

use super::*;
use crate::call::fixture::raw;
use crate::call::{RawMethod, Transport};
use crate::fixture::{SECRET_ID, SECRET_KEY, World, get};

#[test]
fn the_request_alone_says_which_dialect_it_speaks() {
    let tc3 = Some("TC3-HMAC-SHA256 Credential=x");
    for (path, authorization, names_action, parameters, dialect) in [
        ("/v2/index.php", None, false, "Action=A&Signature=x", Dialect::V2),
        ("/v2/index.php", None, false, "Action=A&Version=2017-03-12", Dialect::V2Versioned),
        ("/v2/index.php", None, false, "Version=&Action=A", Dialect::V2Versioned),
        ("/v2/index.php", None, false, "MyVersion=1&aVersion=2&v=Version=3", Dialect::V2),
        ("/v2/index.php", None, false, "VVersion=1&V", Dialect::V2),
        ("/v2/index.php", None, false, "; name=\"Version\"\r\n\r\n1", Dialect::V2Versioned),
        ("/v2/index.php", Some("Basic eDp5"), true, "Action=A", Dialect::V2),
        ("/v2/index.php", tc3, true, "", Dialect::Tc3),
        ("/", None, false, "Action=A&Version=1", Dialect::RootV1),
        ("/", None, false, "", Dialect::RootV1),
        ("/", None, true, "{}", Dialect::Tc3),
        ("/", tc3, true, "{}", Dialect::Tc3),
        ("/", Some("SKIP"), true, "{}", Dialect::Tc3),
        ("/", Some("Bearer x"), false, "", Dialect::Tc3),
        ("/x", None, true, "", Dialect::V2),
        ("/x", Some("SKIP"), true, "", Dialect::Tc3),
    ] {
        let head = Head { path, authorization, names_action };
        assert_eq!(head.dialect(parameters.as_bytes()), dialect, "{path} {parameters}");
    }
}

/// A signed TC3 call; `change` what is sent after the signature.
struct Call {
    method: Method,
    action: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    query: &'static str,
    signed_headers: &'static str,
    more: Vec<(&'static str, &'static str)>,
}

impl Call {
    fn json(action: &'static str, body: &Value) -> Self {
        Self {
            method: Method::Post,
            action,
            content_type: "application/json",
            body: body.to_string().into_bytes(),
            query: "",
            signed_headers: "content-type;host",
            more: Vec::new(),
        }
    }

    fn bytes(action: &'static str, content_type: &'static str, body: &[u8]) -> Self {
        Self { content_type, body: body.to_vec(), ..Self::json(action, &json!({})) }
    }

    fn get(action: &'static str, query: &'static str) -> Self {
        let call = Self::bytes(action, "application/x-www-form-urlencoded", b"");
        Self { method: Method::Get, query, ..call }
    }

    fn raw(&self) -> RawCall {
        let (host, stamp) = ("cvm.tencentcloudapi.com", "1500000000");
        let mut headers = vec![
            ("content-type", self.content_type),
            ("x-tc-action", self.action),
            ("x-tc-version", "2017-03-12"),
            ("x-tc-timestamp", stamp),
        ];
        headers.extend(self.more.iter().copied());
        let draft = tc3::Authorization::draft(SECRET_ID, "2017-07-14", "cvm", self.signed_headers);
        let request = tc3::Request {
            method: self.method,
            path: "/",
            query: self.query,
            host,
            headers: &headers,
            body: &self.body,
            timestamp: stamp,
            authorization: &draft,
        };
        let authorization = sign::tc3(&request, &SecretKey::new(SECRET_KEY)).unwrap();
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        RawCall {
            dialect: Dialect::Tc3,
            method: match self.method {
                Method::Get => RawMethod::Get,
                Method::Post => RawMethod::Post,
            },
            host: host.to_owned(),
            path: "/".to_owned(),
            query: (!self.query.is_empty()).then(|| self.query.to_owned()),
            headers: headers.chain([("authorization".to_owned(), authorization)]).collect(),
            content_type: Some(self.content_type.to_owned()),
            body: Body::Whole(Bytes::from(self.body.clone())),
            ..raw()
        }
    }
}

fn world() -> World {
    let mut world = World::new();
    let catalog = Arc::unwrap_or_clone(world.catalog);
    world.catalog = Arc::new(catalog.below(&["tencentcloudapi.com".to_owned()]));
    world
}

#[track_caller]
fn answers(title: &str, call: RawCall, expected: Option<(u16, &str)>) {
    assert_eq!(world().reason(call), expected, "{title}");
}

#[test]
fn tc3_is_read_by_get_json_multipart_and_octets() {
    let order = json!({ "Zone": "gz-1", "InstanceType": "S1.SMALL1", "ImageId": "img-debian-12", "Period": 1, "GoodsNum": 1 });
    let multipart = "multipart/form-data; boundary=B";
    let form = b"--B\r\nContent-Disposition: form-data; name=\"ProjectId\"\r\n\r\n0\r\n--B\r\nContent-Disposition: form-data; name=\"InstanceIds\"\r\nContent-Type: application/json\r\n\r\n[\"ins-1\",\"ins-2\"]\r\n--B--\r\n";
    for (title, call) in [
        ("JSON", Call::json("RunInstances", &order)),
        (
            "JSON in the declared spelling",
            Call::json("StopInstances", &json!({ "instanceIds": ["ins-1"] })),
        ),
        ("nothing", Call::bytes("DescribeZones", "application/json", b"")),
        ("a null of no parameter", Call::json("DescribeZones", &json!({ "Anything": null }))),
        ("its charset", Call::bytes("DescribeZones", "application/json; charset=utf-8", b"{}")),
        (
            "octets that are JSON",
            Call::bytes(
                "StopInstances",
                "application/octet-stream",
                br#"{"InstanceIds":["ins-1"]}"#,
            ),
        ),
        ("a query", Call::get("DescribeInstances", "InstanceIds.0=ins-1&Limit=1")),
        ("multipart", Call::bytes("ModifyInstanceProject", multipart, form)),
    ] {
        let expected = (title == "a null of no parameter").then_some((4000, "UNKNOWN_PARAMETER"));
        answers(title, call.raw(), expected);
    }
}

#[test]
fn what_two_readers_of_tc3_may_read_in_two_ways_is_refused() {
    let json =
        |text: &str| Call::bytes("DescribeInstances", "application/json", text.as_bytes()).raw();
    let twice = |name: &str, value: &str| {
        let mut call = json("{}");
        call.headers.push((name.to_owned(), value.to_owned()));
        call
    };
    for (title, call, reason) in [
        ("no JSON", json("{"), "BODY_NOT_JSON"),
        ("no object", json("[]"), "BODY_NOT_JSON"),
        ("something behind", json("{} {}"), "BODY_NOT_JSON"),
        ("a BOM", json("\u{feff}{}"), "BODY_NOT_JSON"),
        ("half a surrogate", json(r#"{"Status":"\ud800"}"#), "BODY_NOT_JSON"),
        ("no number", json(r#"{"Limit":NaN}"#), "BODY_NOT_JSON"),
        ("a name twice", json(r#"{"Limit":1,"Limit":2}"#), "DUPLICATE_NAME"),
        ("a name twice below", json(r#"{"InstanceIds":[{"a":1,"a":2}]}"#), "DUPLICATE_NAME"),
        ("a header twice", twice("X-TC-Action", "RunInstances"), "DUPLICATE_NAME"),
        ("a query on a POST", RawCall { query: Some("Limit=1".into()), ..json("{}") }, "WRONG_PLACE"),
        ("a name twice in a query", Call::get("DescribeInstances", "Limit=1&Limit=2").raw(), "DUPLICATE_NAME"),
        ("another multipart", Call::bytes("DescribeInstances", "multipart/form-data; boundary=B", b"--C--").raw(), "BAD_MULTIPART"),
        (
            "a binary part",
            Call::bytes("DescribeInstances", "multipart/form-data; boundary=B", b"--B\r\nContent-Disposition: form-data; name=\"Status\"; filename=\"f\"\r\n\r\n\xff\r\n--B--\r\n").raw(),
            "BINARY_PART",
        ),
    ] {
        answers(title, call, Some((4000, reason)));
    }
    let form =
        Call::bytes("DescribeInstances", "application/x-www-form-urlencoded", b"Limit=1").raw();
    answers("a form", form, Some((4600, "MEDIA_TYPE")));
}

#[test]
fn common_headers_are_demanded_all_at_once() {
    let mut call = Call::json("DescribeZones", &json!({})).raw();
    call.headers.retain(|(name, _)| name == "authorization");
    let message = world().walk(call).err().unwrap().message();
    for name in ["X-TC-Action", "X-TC-Version", "X-TC-Timestamp"] {
        assert!(message.contains(&format!("`{name}` is missing")), "{message}");
    }
}

#[test]
fn a_tc3_signature_covers_what_it_says_and_an_open_way_needs_the_action() {
    let zones = || Call::json("DescribeZones", &json!({}));
    let list = || Call::json("DescribeInstances", &json!({ "Limit": 1 }));
    let unsigned = [("x-tc-content-sha256", "UNSIGNED-PAYLOAD")];
    let changed = |call: Call, change: fn(&mut RawCall)| {
        let mut raw = call.raw();
        change(&mut raw);
        raw
    };
    let plain = |transport, peer: [u8; 4]| {
        let mut raw = zones().raw();
        (raw.transport, raw.peer) = (transport, peer.into());
        raw.host = "127.0.0.1".into();
        raw
    };
    let with_action = Call { signed_headers: "content-type;host;x-tc-action", ..zones() };
    for (title, call, expected) in [
        ("as signed", zones().raw(), None),
        (
            "another body",
            changed(list(), |c| c.body = Body::Whole(Bytes::from_static(b"{}"))),
            Some("SIGNATURE_MISMATCH"),
        ),
        (
            "another host",
            changed(list(), |c| c.host = "cvm.api.qcloud.com".into()),
            Some("SIGNATURE_MISMATCH"),
        ),
        (
            "another stamp",
            changed(zones(), |c| c.headers[3].1 = "1500000001".into()),
            Some("SIGNATURE_MISMATCH"),
        ),
        (
            "another day",
            changed(zones(), |c| c.headers[3].1 = "1400000001".into()),
            Some("AUTHORIZATION_MALFORMED"),
        ),
        ("an unsigned payload of nothing", Call { more: unsigned.to_vec(), ..zones() }.raw(), None),
        (
            "an unsigned payload of something",
            Call { more: unsigned.to_vec(), ..list() }.raw(),
            Some("UNSIGNED_PARAMETER"),
        ),
        (
            "no Authorization",
            changed(zones(), |c| drop(c.headers.pop())),
            Some("AUTHORIZATION_MALFORMED"),
        ),
        ("SKIP", changed(zones(), |c| c.headers[4].1 = "SKIP".into()), Some("NOT_SIGNED")),
        (
            "another scheme",
            changed(zones(), |c| c.headers[4].1 = "Basic eDp5".into()),
            Some("AUTHORIZATION_MALFORMED"),
        ),
        ("the Action signed", with_action.raw(), None),
        (
            "a token that the key has not",
            changed(zones(), |c| c.headers.push(("x-tc-token".into(), "t".into()))),
            Some("TOKEN_WRONG"),
        ),
        (
            "plain text from another machine",
            plain(Transport::Plain, [192, 0, 2, 1]),
            Some("PLAIN_HTTP"),
        ),
    ] {
        assert_eq!(world().reason(call).map(|(_, reason)| reason), expected, "{title}");
    }
}

#[test]
fn an_unsigned_action_comes_by_tls_or_from_this_machine() {
    let text = include_str!("../../../../examples/compute/openapi.yaml");
    let text = text.replace("protocols: [https]", "protocols: [http, https]");
    let sources = [faregate_catalog::Source { name: "openapi.yaml", text: &text, upstream: None }];
    let settings = faregate_catalog::Settings { base_domain: "tencentcloudapi.com" };
    let mut world = World::new();
    world.catalog = Arc::new(faregate_catalog::Catalog::load(&sources, &settings).catalog.unwrap());
    let zones = Call::json("DescribeZones", &json!({}));
    let signed = Call {
        signed_headers: "content-type;host;x-tc-action",
        ..Call::json("DescribeZones", &json!({}))
    };
    for (title, call, transport, peer, reason) in [
        ("TLS", &zones, Transport::Tls, [192, 0, 2, 1], None),
        ("loopback", &zones, Transport::Plain, [127, 0, 0, 1], None),
        ("plain text", &zones, Transport::Plain, [192, 0, 2, 1], Some((4100, "ACTION_NOT_SIGNED"))),
        ("plain text, signed", &signed, Transport::Plain, [192, 0, 2, 1], None),
    ] {
        let mut call = call.raw();
        (call.transport, call.peer) = (transport, peer.into());
        assert_eq!(world.reason(call), reason, "{title}");
    }
}

#[test]
fn a_version_2_signature_is_none_of_version_1() {
    // The path is part of the string to sign, so a call cannot be carried from one to the other.
    let mut call = get("DescribeZones", &[("Version", "2017-03-12")]);
    assert_eq!(world().reason(call.clone()), None);
    (call.dialect, call.path) = (Dialect::RootV1, "/".into());
    assert_eq!(world().reason(call), Some((4100, "SIGNATURE_MISMATCH")));
    let mut call = get("DescribeZones", &[]);
    (call.dialect, call.path) = (Dialect::RootV1, "/".into());
    assert_eq!(
        world().reason(call),
        Some((4000, "MISSING")),
        "API 3.0 has no call without a Version"
    );
}

#[test]
fn faults_are_told_in_the_clients_spelling() {
    let call = Call::json("DescribeInstances", &json!({ "Limit": 0, "InstanceIds": [1] })).raw();
    let refusal: Refusal = world().walk(call).err().unwrap();
    let names: Vec<&str> = refusal.params.iter().map(|param| param.name.as_str()).collect();
    assert_eq!(names, ["InstanceIds.0", "Limit"]);
    assert!(refusal.message().contains("`Limit` must be at least 1"), "{}", refusal.message());
}

#[test]
fn file_parts_of_a_version_2_form_are_dropped_unless_they_name_a_parameter() {
    let pairs = crate::fixture::signed_pairs(
        Method::Post,
        "ModifyInstanceProject",
        &[("instanceIds.0", "ins-1"), ("projectId", "1")],
    );
    let form = |file: &str| {
        let part = |name: &str, more: &str, value: &str| {
            format!(
                "--B\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{value}\r\n"
            )
        };
        let parts: String = pairs.iter().map(|(name, value)| part(name, "", value)).collect();
        // Java begins with a line of its own.
        let body = format!("\r\n{parts}{}--B--\r\n", part(file, "; filename=\"x\"", "data"));
        RawCall {
            method: RawMethod::Post,
            content_type: Some("multipart/form-data; boundary=B".to_owned()),
            query: None,
            body: Body::Whole(Bytes::from(body)),
            ..raw()
        }
    };
    answers("no parameter", form("entityFile"), None);
    answers("a parameter", form("instanceIds.1"), Some((4100, "UNSIGNED_PARAMETER")));
}

#[test]
fn the_service_of_a_signature_names_the_module_of_a_local_host_if_there_is_one() {
    let mut call = Call::json("DescribeZones", &json!({})).raw();
    call.host = "http://127.0.0.1:18080".into();
    assert_eq!(
        world().reason(call),
        Some((4100, "SIGNATURE_MISMATCH")),
        "found, and signed for another host"
    );
    let mut call = Call::json("DescribeZones", &json!({})).raw();
    call.host = "http://cvm.tencentcloudapi.com".into();
    assert_eq!(world().reason(call), Some((6100, "NO_SUCH_DOMAIN")));
}

#[test]
fn every_reason_that_has_a_name_in_api_3_is_a_reason_of_some_room() {
    for (code, reason) in faregate_contract::Code::api3_reasons() {
        let page = crate::pages::page(code).unwrap();
        assert!(page.reasons.iter().any(|known| known.as_str() == reason), "{code} {reason}");
    }
}

#[test]
fn a_public_action_needs_no_signature_and_checks_one_that_is_there() {
    let price = || Call::json("InquiryInstancePrice", &json!({ "InstanceType": "S1.SMALL1" }));
    let changed = |call: Call, change: fn(&mut RawCall)| {
        let mut raw = call.raw();
        change(&mut raw);
        raw
    };
    for (title, call, expected) in [
        ("SKIP, of a public action", changed(price(), |c| c.headers[4].1 = "SKIP".into()), None),
        (
            "SKIP, of a public action, stamped long ago and with a token",
            changed(price(), |c| {
                (c.headers[3].1, c.headers[4].1) = ("1400000001".into(), "SKIP".into());
                c.headers.push(("x-tc-token".into(), "t".into()));
            }),
            None,
        ),
        ("a public action, signed", price().raw(), None),
        (
            "a public action, signed and changed",
            changed(price(), |c| c.body = Body::Whole(Bytes::from_static(b"{}"))),
            Some("SIGNATURE_MISMATCH"),
        ),
    ] {
        assert_eq!(world().reason(call).map(|(_, reason)| reason), expected, "{title}");
    }
}
