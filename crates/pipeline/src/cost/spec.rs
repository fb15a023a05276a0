//! Five calls from the gates to the bytes of their answers, without I/O: what the stores say is given.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use faregate_contract::envelope::{Format, Voice, render};
use faregate_contract::{Dialect, Outcome};
use faregate_signing::{Method, SecretKey, sign, tc3};

use crate::batch;
use crate::call::fixture::raw;
use crate::call::{Body, RawCall, RawMethod};
use crate::conclusion::conclude;
use crate::fixture::{SECRET_ID, SECRET_KEY, World, get, post};
use crate::operation::{Upstream, begin, read};
use crate::parameters::Requests;

/// What the module answers, the same for all.
const ANSWER: &str = r#"{"totalCount":1,"instanceSet":[{"instanceId":"ins-0a1b2c3d","status":"RUNNING","zone":"gz-1"}]}"#;
const BOUGHT: &str = r#"{"instanceIds":["ins-0a1b2c3d"],"dealIds":["deal-1"]}"#;
/// So many calls are counted at once: what a random hash makes of one call, it evens out.
const CALLS: usize = 50;

struct Reference {
    name: &'static str,
    call: RawCall,
    answer: &'static str,
    code: &'static str,
}

fn references() -> Vec<Reference> {
    let free = [("limit", "20"), ("offset", "0"), ("status", "RUNNING")];
    let purchase = [
        ("zone", "gz-1"),
        ("instanceType", "S1.SMALL1"),
        ("imageId", "img-debian-12"),
        ("period", "1"),
        ("goodsNum", "1"),
    ];
    let ids: Vec<(String, String)> =
        (0..10).map(|n| (format!("instanceIds.{n}"), format!("ins-{n:08}"))).collect();
    let ids: Vec<(&str, &str)> = ids.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let refused = get("DescribeInstances", &[("limit", "999")]);
    let of = |name, call, answer, code| Reference { name, call, answer, code };
    vec![
        of("v2-get", get("DescribeInstances", &free), ANSWER, r#""code":0,"#),
        of("tc3-post", tc3_post(), ANSWER, r#""Response":{"totalCount":1,"#),
        of("purchase", post("RunInstances", &purchase), BOUGHT, r#""code":0,"#),
        of("batch-10", get("RestartInstances", &ids), "{}", r#""code":0,"#),
        of("refused-4000", refused, ANSWER, r#""code":4000,"#),
    ]
}

fn tc3_post() -> RawCall {
    let (host, stamp, content_type) = ("cvm.tencentcloudapi.com", "1500000000", "application/json");
    let body = r#"{"Limit": 20, "Offset": 0, "Status": "RUNNING"}"#;
    let headers = [
        ("content-type", content_type),
        ("x-tc-action", "DescribeInstances"),
        ("x-tc-version", "2017-03-12"),
        ("x-tc-timestamp", stamp),
    ];
    let draft = tc3::Authorization::draft(SECRET_ID, "2017-07-14", "cvm", "content-type;host");
    let request = tc3::Request {
        method: Method::Post,
        path: "/",
        query: "",
        host,
        headers: &headers,
        body: body.as_bytes(),
        timestamp: stamp,
        authorization: &draft,
    };
    let authorization = sign::tc3(&request, &SecretKey::new(SECRET_KEY)).unwrap();
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    RawCall {
        dialect: Dialect::Tc3,
        method: RawMethod::Post,
        host: host.to_owned(),
        path: "/".to_owned(),
        query: None,
        headers: headers.chain([("authorization".to_owned(), authorization)]).collect(),
        content_type: Some(content_type.to_owned()),
        body: Body::Whole(Bytes::from_static(body.as_bytes())),
        ..raw()
    }
}

fn world() -> World {
    let mut world = World::new();
    let catalog = Arc::unwrap_or_clone(world.catalog);
    world.catalog = Arc::new(catalog.below(&["tencentcloudapi.com".to_owned()]));
    world
}

/// What is counted: one call, from the gates to its answer's bytes.
#[inline(never)]
fn reference_call(world: &World, call: RawCall, upstream: &Upstream, voice: &Voice) -> Vec<u8> {
    let id = call.request_id;
    let format = if call.dialect == Dialect::Tc3 { Format::Api3 } else { Format::V2 };
    let ended = world.walk(call).and_then(|funded| {
        let sent = begin(funded);
        match sent.requests() {
            Requests::One(_) => read(&sent, None, upstream).result.map(Outcome::Success),
            Requests::Each(items) => {
                let done = batch::plan(&sent).into_iter();
                let done = done.map(|at| (at, read(&sent, Some(&items[at].0), upstream))).collect();
                Ok(batch::merge(&sent, done))
            }
        }
    });
    render(&conclude(id, ended), format, voice).body
}

#[test]
fn five_reference_calls_are_answered_as_they_should() {
    // Which of them is counted or timed; in an ordinary run none is.
    let counted = std::env::var("FAREGATE_COUNT").unwrap_or_default();
    let voice = Voice { pages: String::new(), support: String::new() };
    let world = world();
    let chosen = |reference: &Reference| counted.is_empty() || counted == reference.name;
    for Reference { name, call, answer, code } in references().into_iter().filter(chosen) {
        let upstream = Upstream::Answered {
            status: 200,
            retry_after_s: None,
            body: Bytes::from_static(answer.as_bytes()),
        };
        let calls = vec![call; if counted == name { CALLS } else { 1 }];
        let began = Instant::now();
        for call in calls {
            let answer = reference_call(&world, black_box(call), &upstream, &voice);
            let text = String::from_utf8(black_box(answer)).unwrap();
            assert!(text.contains(code), "{name}: {text}");
        }
        if counted == name {
            println!("COUNTED {name} {CALLS} {}", began.elapsed().as_nanos());
        }
    }
}
