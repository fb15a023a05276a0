//! Money in doubt, with a module that misbehaves by script: asked, sent again, or settled as its document says.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::raw::{self, pairs, signed_for};
use crate::serve::Served;
use faregate_signing::Method;

/// Each action loses the answer of its first purchase; what then, is the row's.
const ROWS: [(&str, &str, (u16, &str), &str); 8] = [
    ("Done", "confirm: AskDone", (200, r#"{"id":"o-1"}"#), "committed"),
    ("Never", "confirm: AskNever", (404, ""), "released"),
    ("Refused", "confirm: AskRefused", (409, r#"{"code":5100,"message":"no"}"#), "released"),
    ("Silent", "confirm: AskSilent", (500, ""), "in-doubt"),
    ("Given", "confirm: AskGiven, settle: release", (500, ""), "released"),
    ("Taken", "confirm: AskTaken, settle: commit", (500, ""), "committed"),
    ("Again", "settle: hold", (200, r#"{"id":"o-2"}"#), "committed"),
    ("Nobody", "settle: release", (200, ""), "released"),
];

fn document() -> String {
    let mut text = String::from(
        "openapi: 3.1.0\ninfo: { title: Shop, version: \"1\" }\nservers: [{ url: \"http://127.0.0.1:1\" }]\n\
         x-faregate: { module: shop, timeout: 3s }\npaths:\n  /Well:\n    get: { operationId: Well }\n",
    );
    for (action, terms, _, _) in ROWS {
        let idempotent = action == "Again";
        text.push_str(&format!(
            "  /{action}:\n    post:\n      operationId: {action}\n      x-faregate:\n        \
             identity: none\n        idempotent: {idempotent}\n        \
             purchase: {{ price: \"money('10.00')\", currency: CNY, {terms} }}\n      \
             responses: {{ \"200\": {{ description: Bought. }} }}\n"
        ));
        if terms.contains("confirm") {
            text.push_str(&format!(
                "  /{action}/asked:\n    get:\n      operationId: Ask{action}\n      parameters:\n        \
                 - {{ name: idempotencyKey, in: query, required: true, schema: {{ type: string }} }}\n      \
                 responses: {{ \"200\": {{ description: Known. }} }}\n"
            ));
        }
    }
    text
}

/// What came in: for each path, the Idempotency-Keys.
type Seen = Arc<Mutex<HashMap<String, Vec<String>>>>;

fn shop() -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = Seen::default();
    let theirs = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let theirs = Arc::clone(&theirs);
            thread::spawn(move || serve(stream.unwrap(), &theirs));
        }
    });
    (address, seen)
}

fn serve(stream: TcpStream, seen: &Seen) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut key, mut length) = (String::new(), String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if head.is_empty() {
            head = line.clone();
        } else if lower.starts_with("idempotency-key: ") {
            key = line.split_once(": ").unwrap().1.trim().to_owned();
        } else if lower.starts_with("content-length: ") {
            length = lower.split_once(": ").unwrap().1.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default().trim_start_matches('/').to_owned();
    let n_seen = {
        let mut seen = seen.lock().unwrap();
        let keys = seen.entry(path.clone()).or_default();
        keys.push(key);
        keys.len()
    };
    let (action, asked) = path.split_once('/').map_or((path.as_str(), false), |(a, _)| (a, true));
    let row = ROWS.iter().find(|row| row.0 == action);
    let (status, answer) = row.map_or((200, "{}"), |row| row.2);
    if row.is_some() && !asked && n_seen == 1 {
        // The first purchase: the connection closes without a word.
        return;
    }
    let mut stream = reader.into_inner();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    );
}

fn call(served: &Served, action: &str, params: &[(&str, &str)]) -> Value {
    let host = "shop.api.qcloud.com";
    let pairs = pairs(&served.account, action, params);
    let signed = signed_for(host, Method::Get, &served.account, pairs);
    let bytes = String::from_utf8(raw::get(&signed)).unwrap().replace(raw::HOST, host);
    served.send(bytes.as_bytes()).json()
}

#[test]
fn money_in_doubt_is_asked_about_sent_again_or_settled_as_its_document_says() {
    let (address, seen) = shop();
    let mut served = Served::start(|gate| {
        std::fs::write(gate.join("shop.yaml"), document()).unwrap();
        let module =
            format!("[[modules]]\ndocument = \"shop.yaml\"\nupstream = \"http://{address}\"\n");
        format!("[money]\nin_doubt_s = 3\n{module}")
    });
    served.run(&["ledger", "topup", &served.account.id.clone(), "1000.00"]);
    let mut ids = Vec::new();
    for (action, _, _, state) in ROWS {
        let answer = call(&served, action, &[]);
        assert_eq!(answer["code"], 6000, "{action}: {answer}");
        ids.push((action, state, answer["requestId"].clone()));
        // The breaker counts faults in a row.
        assert_eq!(call(&served, "Well", &[])["code"], 0);
    }
    // The thread goes on where it was, whatever was killed.
    served.restart();
    let told = |id: &Value| {
        let told = call(&served, "DescribeRequest", &[("requestId", id.as_str().unwrap())]);
        told["request"]["charge"]["state"].as_str().unwrap_or_default().to_owned()
    };
    for (action, state, id) in &ids {
        let settled = (0..120).any(|_| {
            thread::sleep(Duration::from_millis(if *state == "in-doubt" { 40 } else { 100 }));
            told(id) == *state
        });
        assert!(settled, "{action} is {}, not {state}", told(id));
        let shown = served.run(&["explain", id.as_str().unwrap()]);
        assert!(*state == "in-doubt" || shown.contains("settled   "), "{action}: {shown}");
    }
    let seen = seen.lock().unwrap();
    let again = &seen["Again"];
    assert!(again.len() == 2 && again[0] == again[1], "the same key: {again:?}");
    assert_eq!(seen["Nobody"].len(), 1, "never sent twice");
    assert_eq!(seen["Never"].len(), 1);
    served.run(&["ledger", "verify"]);
}
