//! API 3.0 from outside: its envelope, its domains, and what a repeated signature is worth.

use faregate_signing::{Method, SecretKey, sign, tc3};
use serde_json::{Value, json};

use crate::client::order;
use crate::raw::{self, Reply, now, send};
use crate::world::{Account, World};

pub(crate) const HOST: &str = "cvm.tencentcloudapi.com";

/// A signed TC3 call, as bytes.
pub(crate) fn signed(
    host: &str,
    account: &Account,
    action: &str,
    body: &Value,
    stamp: u64,
) -> Vec<u8> {
    let (stamp, body) = (stamp.to_string(), body.to_string());
    let headers = [
        ("content-type", "application/json"),
        ("x-tc-action", action),
        ("x-tc-version", "2017-03-12"),
        ("x-tc-timestamp", stamp.as_str()),
    ];
    let date = tc3::utc_date(&stamp).unwrap();
    let draft = tc3::Authorization::draft(&account.secret_id, &date, "cvm", "content-type;host");
    let request = tc3::Request {
        method: Method::Post,
        path: "/",
        query: "",
        host,
        headers: &headers,
        body: body.as_bytes(),
        timestamp: &stamp,
        authorization: &draft,
    };
    let authorization =
        sign::tc3(&request, &SecretKey::new(account.secret_key.as_bytes())).unwrap();
    let lines: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\n{lines}Authorization: {authorization}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// What stands in `Response`, and that the envelope is the one that SDKs read.
#[track_caller]
fn response(reply: &Reply) -> Value {
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    let response = reply.json()["Response"].take();
    assert!(response["RequestId"].is_string(), "{}", reply.text);
    response
}

fn capitals(order: Value) -> Value {
    let Value::Object(order) = order else { panic!("an object") };
    let capital = |name: String| {
        let (first, rest) = name.split_at(1);
        first.to_ascii_uppercase() + rest
    };
    order
        .into_iter()
        .map(|(name, value)| (capital(name), value))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn a_module_answers_at_every_domain_that_it_has() {
    let world = World::start();
    let demo = world.account("demo");
    for host in [HOST, "cvm.ap-guangzhou.tencentcloudapi.com", "cvm.api.qcloud.com", "127.0.0.1:1"]
    {
        let reply = send(&world, &signed(host, &demo, "DescribeZones", &json!({}), now()));
        let zones = response(&reply);
        assert_eq!(
            (&zones["TotalCount"], &zones["ZoneSet"][0]["Zone"]),
            (&json!(4), &json!("gz-1")),
            "{host}"
        );
    }
    let reply =
        send(&world, &signed("cbs.tencentcloudapi.com", &demo, "DescribeZones", &json!({}), now()));
    assert_eq!(response(&reply)["Error"]["Code"], "NoSuchProduct");
}

#[test]
fn a_repeated_purchase_gets_the_answer_of_the_first_and_is_made_once() {
    let mut world = World::start();
    let demo = world.account("demo");
    let before = world.executed("RunInstances");
    let bytes = signed(HOST, &demo, "RunInstances", &capitals(order("S1.SMALL1", "gz-1")), now());
    // Copies that come together wait for the first of them.
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..6).map(|_| scope.spawn(|| send(&world, &bytes))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let answers: Vec<Value> = replies.iter().map(response).collect();
    assert!(answers[0]["InstanceIdSet"][0].is_string(), "{}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let copies = replies.iter().filter(|reply| reply.header("faregate-replayed") == Some("true"));
    assert_eq!(copies.count(), 5);
    assert_eq!(world.executed("RunInstances") - before, 1);

    // After a crash the answer is gone, and the claim is not.
    world.restart();
    let after = send(&world, &bytes);
    assert_eq!(response(&after)["Error"]["Code"], "AuthFailure.NonceRepeated", "{}", after.text);
    assert_eq!(response(&after)["Error"]["Reason"], "SIGNATURE_SEEN");
    assert_eq!(world.executed("RunInstances") - before, 1);
    world.money_adds_up();
}

#[test]
fn a_refusal_is_repeated_too_and_reads_may_come_again() {
    let world = World::start();
    let (demo, poor) = (world.account("demo"), world.account("poor"));
    let bytes = signed(HOST, &poor, "RunInstances", &capitals(order("S1.SMALL1", "gz-1")), now());
    let first = response(&send(&world, &bytes));
    assert_eq!(first["Error"]["Code"], "InvalidAccount.InsufficientBalance");
    // Money that comes later does not make a captured purchase run by itself.
    world.run(&["ledger", "topup", &poor.id, "100.00"]);
    assert_eq!(response(&send(&world, &bytes)), first);

    let bytes = signed(HOST, &demo, "DescribeInstances", &json!({}), now());
    let ids: Vec<Value> =
        (0..3).map(|_| response(&send(&world, &bytes))["RequestId"].take()).collect();
    assert!(ids[0] != ids[1] && ids[1] != ids[2], "each read is a call of its own: {ids:?}");
}

#[test]
fn a_stamp_beyond_the_period_is_expired_either_way() {
    let world = World::start();
    let demo = world.account("demo");
    for stamp in [now() - 400, now() + 400] {
        let reply = send(&world, &signed(HOST, &demo, "DescribeZones", &json!({}), stamp));
        assert_eq!(response(&reply)["Error"]["Code"], "AuthFailure.SignatureExpire", "{stamp}");
    }
}

#[test]
fn the_http_port_of_a_sandbox_serves_what_demands_https_and_the_https_port_does_not() {
    let world = World::start();
    let demo = world.account("demo");
    let bytes = raw::signed_get(&demo, "DescribeZones", &[]);
    assert_eq!(raw::send_to(&world.at("http"), &bytes).code(), 0);
    assert_eq!(raw::send_plain(&world, &bytes).code(), 4600);
}
