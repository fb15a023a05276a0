//! What became of a call: asked by its account with DescribeRequest, by the operator with `faregate explain`.

use faregate_signing::{Algorithm, Method, SecretKey, form, sign};
use serde_json::{Value, json};

use crate::client::{both, command, order, with};
use crate::raw::{send, signed_get};
use crate::world::World;

fn asked(answer: &Value) -> Value {
    json!({ "requestId": answer["requestId"] })
}

#[test]
fn an_account_is_told_what_became_of_its_own_calls() {
    let world = World::start();
    both(&world, |client| {
        let bought = client.expect(0, "demo", "RunInstances", &order("S1.SMALL1", "gz-1"));
        let told = client.expect(0, "demo", "DescribeRequest", &asked(&bought));
        let request = &told["request"];
        assert_eq!(request["requestId"], bought["requestId"], "{told}");
        assert_eq!(
            (&request["module"], &request["action"]),
            (&json!("cvm"), &json!("RunInstances"))
        );
        assert_eq!((&request["code"], &request["upstream"]["status"]), (&json!(0), &json!(200)));
        let charge = json!({ "amount": "30.00", "currency": "CNY", "state": "committed" });
        assert_eq!(request["charge"], charge, "{told}");
        let gates: Vec<&str> = request["gates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|g| g["gate"].as_str().unwrap())
            .collect();
        assert_eq!((gates[0], gates[7], gates[13]), ("protocol", "replay", "module"), "{told}");

        let refused = client.expect(5300, "poor", "RunInstances", &order("S1.SMALL1", "gz-1"));
        let told = client.expect(0, "poor", "DescribeRequest", &asked(&refused));
        let request = &told["request"];
        assert_eq!((&request["code"], &request["gate"]), (&json!(5300), &json!("balance")));
        assert_eq!(request["reason"], "INSUFFICIENT_BALANCE");
        assert!(request["charge"].is_null() && request["upstream"].is_null(), "{told}");
        assert!(request["detail"].is_null() && request["peer"].is_null(), "{told}");

        let module = client.expect(
            5100,
            "demo",
            "RunInstances",
            &with(order("S1.SMALL1", "gz-1"), "projectId", 77),
        );
        let told = client.expect(0, "demo", "DescribeRequest", &asked(&module));
        assert_eq!(told["request"]["moduleCode"], "100004", "{told}");
        assert_eq!(told["request"]["charge"]["state"], "released", "{told}");
    });
}

#[test]
fn foreign_and_unknown_calls_are_told_alike_and_a_malformed_id_is_a_parameter() {
    let world = World::start();
    let client = command(&world);
    let bought = client.expect(0, "demo", "RunInstances", &order("S1.SMALL1", "gz-1"));
    let told = |id: &Value| {
        let mut answer =
            client.expect(5000, "poor", "DescribeRequest", &json!({ "requestId": id }));
        answer["requestId"].take();
        answer
    };
    let unknown = told(&json!("0199f3a2-5c1e-7d41-9b6a-3f6f1d2c8e90"));
    assert_eq!(told(&bought["requestId"]), unknown);
    let bad = client.expect(4000, "poor", "DescribeRequest", &json!({ "requestId": "x" }));
    assert_eq!(bad["params"][0]["name"], "requestId", "{bad}");
}

#[test]
fn it_is_answered_at_the_account_domain_with_any_version_and_over_a_restart() {
    let mut world = World::start();
    let id = {
        let client = command(&world);
        client.expect(5300, "poor", "RunInstances", &order("S1.SMALL1", "gz-1"))["requestId"]
            .clone()
    };
    // A receipt is on disk within some fifty milliseconds.
    std::thread::sleep(std::time::Duration::from_millis(300));
    world.restart();
    let client = command(&world);
    let poor = world.account("poor");
    let params = json!({ "requestId": id });
    for module in ["account", "cvm"] {
        let told = client.call_with(&poor, module, "DescribeRequest", &params);
        assert_eq!((&told["code"], &told["request"]["code"]), (&json!(0), &json!(5300)), "{told}");
    }
    let named = [("requestId", id.as_str().unwrap()), ("Version", "2017-03-12")];
    let told = send(&world, &signed_get(&poor, "DescribeRequest", &named)).json();
    assert_eq!(told["Response"]["Request"]["code"], 5300, "API 3.0 asks the same: {told}");
}

#[test]
fn explain_shows_every_gate_and_the_evidence_of_the_one_that_refused() {
    let world = World::start();
    let client = command(&world);
    let refused = client.expect(5300, "poor", "RunInstances", &order("S1.SMALL1", "gz-1"));
    let id = refused["requestId"].as_str().unwrap();
    let shown = world.run(&["explain", id]);
    for line in [
        "RunInstances of cvm, by account",
        "answered  5300 Failed to purchase resource (INSUFFICIENT_BALANCE)",
        "12  identity    passed",
        "13  balance     refused with 5300",
        "told    Failed to purchase resource: the price is 30.00 CNY",
        "14  module      not reached",
        "upstream  not asked",
        "charge    nothing",
        "More: faregate explain 5300",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let bought = client.expect(0, "demo", "RunInstances", &order("S1.SMALL1", "gz-1"));
    let shown = world.run(&["explain", bought["requestId"].as_str().unwrap()]);
    for line in [
        "14  module      passed",
        "upstream  HTTP 200",
        "charge    30.00 CNY committed",
        "30.00 CNY from available to held",
        "30.00 CNY from held to revenue",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let demo = world.account("demo");
    let nobody = send(&world, &signed_get(&demo, "NoSuchAction", &[])).json();
    let told: Value = serde_json::from_str(&world.run(&[
        "explain",
        nobody["requestId"].as_str().unwrap(),
        "--json",
    ]))
    .unwrap();
    assert_eq!((&told["code"], &told["gate"]), (&json!(6100), &json!("action")), "{told}");
    let none = world.command(&["explain", "0199f3a2-5c1e-7d41-9b6a-3f6f1d2c8e90"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&none.stderr).contains("kept for a day"));
}

/// The status and text of a page; the link may be a whole URL.
fn opened(world: &World, link: &str) -> (u16, String) {
    let pages = world.at("pages");
    let host = pages.trim_start_matches("http://");
    let path = link.strip_prefix(&pages).unwrap_or(link);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let reply = crate::raw::plain(host, request.as_bytes());
    (reply.status, reply.text)
}

/// `faregate explain`, which finds the running demo, and with it the pages.
pub(crate) fn explained(world: &World, arguments: &[&str]) -> String {
    let mut command = std::process::Command::new(crate::world::binary());
    let done = command.arg("explain").args(arguments).env("XDG_STATE_HOME", world.state());
    let done = done.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn a_link_that_the_accounts_key_signs_shows_its_call_and_no_other() {
    let world = World::start();
    let client = command(&world);
    let refused = client.expect(5300, "poor", "RunInstances", &order("S1.SMALL1", "gz-1"));
    let theirs = client.expect(0, "demo", "DescribeZones", &json!({}));
    let id = refused["requestId"].as_str().unwrap();
    let told: Value = serde_json::from_str(&explained(&world, &[id, "--json"])).unwrap();
    let url = told["url"].as_str().expect("a link");
    let (status, page) = opened(&world, url);
    assert_eq!(status, 200, "{page}");
    for words in [
        "5300 InsufficientBalance",
        "INSUFFICIENT_BALANCE",
        "RunInstances",
        "balance",
        "/errors/5300#",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let (status, chinese) = opened(&world, &format!("{url}&lang=zh"));
    assert!(status == 200 && chinese.contains("该请求的结果"), "{chinese}");
    assert!(explained(&world, &[id]).contains("/requests/"), "people are told it, too");
    // Another call by this link, a link that was changed, and none at all: alike.
    let other = theirs["requestId"].as_str().unwrap();
    let (status, no) = opened(&world, &url.replace(id, other));
    assert_eq!(status, 403);
    for link in [
        url.replace("Timestamp=1", "Timestamp=2"),
        url.replace("SecretId=AKID", "SecretId=AKIE"),
        format!("/requests/{id}"),
        format!("/requests/{id}?SecretId=a&Timestamp=1&Signature=b"),
        "/requests/nonsense".to_owned(),
    ] {
        let (status, page) = opened(&world, &link);
        assert_eq!((status, page.contains("This link is not good")), (403, true), "{link}");
    }
    assert!(!no.contains("DescribeZones") && !no.contains("RunInstances"), "{no}");
    // A link of the account's own key for another account's call is good for nothing.
    let poor = world.account("poor");
    let mut pairs = vec![
        ("SecretId".to_owned(), poor.secret_id.clone()),
        ("Timestamp".to_owned(), crate::raw::now().to_string()),
    ];
    let (path, secret) = (format!("/requests/{other}"), SecretKey::new(poor.secret_key.as_bytes()));
    sign::v2(Method::Get, "pages", &path, &mut pairs, &secret, Algorithm::HmacSha256);
    assert_eq!(opened(&world, &format!("{path}?{}", form::encode(&pairs))).0, 403);
    // And its own, made by the recipe of the document, is good.
    let path = format!("/requests/{id}");
    pairs.truncate(2);
    sign::v2(Method::Get, "pages", &path, &mut pairs, &secret, Algorithm::HmacSha256);
    assert_eq!(opened(&world, &format!("{path}?{}", form::encode(&pairs))).0, 200);
}
