//! What does a check of a signature cost, and a diagnosis? `cargo bench -p faregate-signing`.
//!
//! Inside the loop: one request checked with one secret, keys derived and all. Not inside: parsing, and the look at a store.
//! Bodies differ from round to round, so that nothing is hoisted. Reported, never asserted.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on stops, and prints what it found"
)]

use std::hint::black_box;
use std::time::Instant;

use faregate_signing::diagnose::{Evidence, V2, diagnose};
use faregate_signing::tc3::{self, Authorization, Request};
use faregate_signing::{Algorithm, Method, Pair, SecretKey, Tag, sign, v2};

const ROUNDS: u32 = 20_000;

/// Microseconds a round, the least of five runs.
fn measure(what: &str, rounds: u32, mut round: impl FnMut(u32)) {
    let least = (0..5)
        .map(|_| {
            let start = Instant::now();
            (0..rounds).for_each(&mut round);
            start.elapsed() / rounds
        })
        .min()
        .unwrap();
    println!("{what:<58} {:>9.2} µs", least.as_secs_f64() * 1e6);
}

fn tc3_request(what: &str, body: &[u8], content_type: &str, host: &str, good: bool) {
    let secret = SecretKey::new("Gu5t9xGARNpq86cd98joQYCN3Cozk1qA");
    let headers = [
        ("Content-Type", content_type),
        ("X-TC-Action", "DescribeInstances"),
        ("X-TC-Version", "2017-03-12"),
        ("X-TC-Timestamp", "1551113065"),
    ];
    let draft = Authorization::draft("AKID", "2019-02-25", "cvm", "content-type;host");
    let request = Request {
        method: Method::Post,
        path: "/",
        query: "",
        host,
        headers: &headers,
        body,
        timestamp: "1551113065",
        authorization: &draft,
    };
    let header = sign::tc3(&request, &secret).unwrap();
    let header = if good {
        header
    } else {
        header
            .replace("Signature=", "Signature=0")
            .trim_end_matches(char::is_alphanumeric)
            .to_owned()
            + &"0".repeat(64)
    };
    let signed = Authorization::parse(&header).unwrap();
    measure(what, ROUNDS, |_| {
        let request = Request { authorization: &signed, ..black_box(request) };
        assert_eq!(tc3::verify(&request, &secret).is_ok(), good);
    });
}

fn v2_request(what: &str, n_pairs: usize) {
    let secret = SecretKey::new("Gu5t9xGARNpq86cd98joQYCN3Cozk1qA");
    let mut pairs: Vec<(String, String)> =
        (0..n_pairs).map(|n| (format!("parameter.{n}"), format!("value-{n}"))).collect();
    let (host, path, algorithm) = ("cvm.api.qcloud.com", "/v2/index.php", Algorithm::HmacSha256);
    let signature = sign::v2(Method::Get, host, path, &mut pairs, &secret, algorithm);
    let sent: Vec<Pair<'_>> = pairs
        .iter()
        .filter(|(name, _)| name != "Signature")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let tag = Tag::decode(&signature).unwrap();
    measure(what, ROUNDS, |_| {
        let request = v2::Request {
            method: Method::Get,
            host,
            path,
            pairs: black_box(&sent),
            algorithm,
            tag: &tag,
        };
        assert!(v2::verify(&request, &secret).is_ok());
    });
    let other = Tag::of(algorithm, &SecretKey::new("another"), "nothing").encode();
    measure(&format!("{what}: a diagnosis that finds nothing"), 20, |_| {
        let evidence = V2::new(Method::Get, host, path, black_box(&sent), &other);
        assert!(diagnose(&Evidence::V2(evidence), &secret, &[]).is_some());
    });
}

fn main() {
    let (json, host) = ("application/json", "cvm.tencentcloudapi.com");
    let small = br#"{"Limit": 1, "Filters": [{"Name": "instance-name", "Values": ["x"]}]}"#;
    tc3_request("tc3, 70 B body", small, json, host, true);
    tc3_request("tc3, 70 B body, wrong signature", small, json, host, false);
    tc3_request(
        "tc3, 70 B body, 8 strings tried, wrong",
        small,
        "multipart/form-data; boundary=MiXed",
        "cvm.tencentcloudapi.com:8443",
        false,
    );
    tc3_request("tc3, 4 KiB body", &[b'x'; 4_096], json, host, true);
    tc3_request("tc3, 64 KiB body", &[b'x'; 65_536], json, host, true);
    v2_request("v2, 10 parameters", 10);
    v2_request("v2, 20 parameters", 20);
}
