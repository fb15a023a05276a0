//! Who may sign how: the weakest signature of an account, calls that nobody signed, and what is told of a mistake where
//! there is no sandbox.

use std::time::Duration;

use faregate_signing::{Algorithm, Method, SecretKey, form, sign};
use serde_json::{Value, json};

use crate::raw::{self, Reply, now, send};
use crate::serve::TwoModules;
use crate::world::{Account, World};

const HOST: &str = "cvm.api.qcloud.com";
const API3: &str = "cvm.tencentcloudapi.com";

/// A GET whose string to sign is that of `signed_as`.
fn get(account: &Account, secret: &str, signed_as: Method, algorithm: Algorithm) -> Vec<u8> {
    let own = [
        ("Action", "DescribeZones".to_owned()),
        ("SecretId", account.secret_id.clone()),
        ("Timestamp", now().to_string()),
        ("Nonce", raw::nonce().to_string()),
        ("SignatureMethod", algorithm.name().to_owned()),
    ];
    let mut pairs = own.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let key = SecretKey::new(secret);
    sign::v2(signed_as, HOST, "/v2/index.php", &mut pairs, &key, algorithm);
    format!(
        "GET /v2/index.php?{} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n",
        form::encode(&pairs)
    )
    .into_bytes()
}

fn unsigned(action: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST / HTTP/1.1\r\nHost: {API3}\r\nContent-Type: application/json\r\nAuthorization: SKIP\r\n\
         X-TC-Action: {action}\r\nX-TC-Version: 2017-03-12\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[test]
fn an_account_takes_no_weaker_signature_than_it_says() {
    let world = World::start();
    let demo = world.account("demo");
    let asked = |algorithm| send(&world, &get(&demo, &demo.secret_key, Method::Get, algorithm));
    assert_eq!(asked(Algorithm::HmacSha1).code(), 0);
    let set = |least: &str| {
        world.run(&["account", "set", "demo", "--min-signature", least, "--json"]);
        // The gateway follows within a second.
        std::thread::sleep(Duration::from_millis(1_100));
    };
    for (least, sha1, sha256) in
        [("HmacSHA256", 4100, 0), ("TC3-HMAC-SHA256", 4100, 4100), ("default", 0, 0)]
    {
        set(least);
        for (algorithm, code) in [(Algorithm::HmacSha1, sha1), (Algorithm::HmacSha256, sha256)] {
            let reply = asked(algorithm);
            assert_eq!(reply.code(), code, "{least} {algorithm:?}: {}", reply.text);
            if code == 4100 {
                let answer = reply.json();
                assert_eq!(answer["reason"], "SIGNATURE_TOO_WEAK");
                assert!(answer["message"].as_str().unwrap().contains(least), "{answer}");
            }
        }
    }
    let refused = world.command(&["account", "set", "demo", "--min-signature", "sha256"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("`TC3-HMAC-SHA256`"), "{said}");
}

#[test]
fn a_public_action_is_called_without_a_key_and_no_other() {
    let world = World::start();
    let price = json!({ "InstanceType": "S1.SMALL1" });
    for _ in 0..3 {
        let reply = send(&world, &unsigned("InquiryInstancePrice", &price));
        assert_eq!(reply.json()["Response"]["Price"], "30.00", "{}", reply.text);
    }
    for action in ["DescribeZones", "RunInstances", "DescribeRequest", "DescribeInstances"] {
        let reply = world.untouched(|| send(&world, &unsigned(action, &json!({}))));
        let error = reply.json()["Response"]["Error"].take();
        assert_eq!((&error["Number"], &error["Reason"]), (&json!(4100), &json!("NOT_SIGNED")));
    }
    // What is wrong with it is told as to anybody.
    let reply = send(&world, &unsigned("InquiryInstancePrice", &json!({})));
    assert_eq!(reply.json()["Response"]["Error"]["Reason"], "MISSING", "{}", reply.text);
    // All strangers share one quota, and a stranger's flood is nobody else's.
    let limited = (0..400).find(|_| {
        let reply = send(&world, &unsigned("InquiryInstancePrice", &price));
        reply.json()["Response"]["Error"]["Number"] == 4400
    });
    let signed = raw::signed_get(
        &world.account("demo"),
        "InquiryInstancePrice",
        &[("instanceType", "S1.SMALL1")],
    );
    assert_eq!(send(&world, &signed).code(), 0, "{limited:?}");
}

fn answer(reply: &Reply) -> Value {
    let mut answer = reply.json();
    answer.as_object_mut().unwrap().remove("requestId");
    answer
}

#[test]
fn a_mistake_is_named_in_production_to_who_holds_the_key_once_a_second() {
    let two = TwoModules::start();
    let account = &two.served.account;
    let sent = |account: &Account, secret: &str| {
        answer(&two.served.send(&get(account, secret, Method::Post, Algorithm::HmacSha256)))
    };
    let named = sent(account, &account.secret_key);
    assert_eq!((&named["code"], &named["mistake"]), (&json!(4100), &json!("METHOD_DIFFERS")));
    assert!(!named.to_string().contains("/v2/index.php?"), "no string to sign: {named}");
    // Of many in a row at most one a second is looked into.
    let n = 40;
    let began = std::time::Instant::now();
    let told = (0..n).filter(|_| !sent(account, &account.secret_key)["mistake"].is_null()).count();
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap() + 1;
    assert!(told <= seconds + 1, "{told} of {n} in {seconds} s");
    // A stranger reads the same of a key that is known and of one that is not.
    let unknown = Account { secret_id: "AKIDnobody".to_owned(), ..account.clone() };
    for secret in ["a guess", ""] {
        std::thread::sleep(Duration::from_millis(1_010));
        assert_eq!(sent(account, secret), sent(&unknown, secret), "`{secret}`");
    }
    // Another key of the same account is named as one.
    std::thread::sleep(Duration::from_millis(1_010));
    let key = two.served.run(&["key", "create", &account.id, "--json"]);
    let key: Value = serde_json::from_str(&key).unwrap();
    let other =
        get(account, key["secretKey"].as_str().unwrap(), Method::Get, Algorithm::HmacSha256);
    assert_eq!(answer(&two.served.send(&other))["mistake"], "OTHER_KEY_OF_THE_ACCOUNT");
}
