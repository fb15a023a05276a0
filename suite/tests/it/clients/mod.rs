//! The client matrix: real packages, unmodified, each in a process of its own; and the page that is made from it.
//!
//! A driver of `suite/clients` makes the calls and tells what its user saw. Here it is judged, and written to
//! `docs/clients.md`: `FAREGATE_BLESS=1` writes the page, otherwise it has to be as it is.

mod mask;
mod page;
mod table;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::root;
use crate::world::World;
use table::{CLIENTS, Client, Program, Style};

/// What a driver tells.
#[derive(Deserialize)]
struct Told {
    rows: Vec<Row>,
}

/// One call, and what the user of the package saw.
#[derive(Deserialize)]
struct Row {
    step: String,
    call: String,
    code: Value,
    sees: String,
}

/// Every step that is a code, with its name in API 3.0.
const CODES: [(u16, &str); 6] = [
    (4000, "InvalidParameterValue"),
    (4100, "AuthFailure.SignatureFailure"),
    (4300, "UnauthorizedOperation"),
    (5300, "InvalidAccount.InsufficientBalance"),
    (5400, "FailedOperation.PartialSuccess"),
    (6100, "InvalidAction"),
];

/// The steps that every client shows, unless the table says why not.
const STEPS: [&str; 5] = ["read", "purchase", "arrays", "unicode", "unicode back"];

#[test]
fn every_client_works_unmodified_and_the_page_says_what_its_user_sees() {
    let world = World::start();
    let told: BTreeMap<&str, Vec<Row>> = std::thread::scope(|scope| {
        let world = &world;
        let runs: Vec<_> = CLIENTS
            .iter()
            .map(|client| (client.name, scope.spawn(move || run(world, client))))
            .collect();
        runs.into_iter().map(|(name, run)| (name, run.join().unwrap())).collect()
    });
    for client in &CLIENTS {
        judge(client, &told[client.name]);
    }
    let page = page::page(&told);
    let path = root().join("docs/clients.md");
    if std::env::var_os("FAREGATE_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((n, (ours, theirs))) =
        page.lines().zip(written.lines()).enumerate().find(|(_, (ours, theirs))| ours != theirs)
    {
        panic!(
            "docs/clients.md, line {}, is not fresh: FAREGATE_BLESS=1 writes it.\nnow:  {ours}\npage: {theirs}",
            n + 1
        );
    }
    assert_eq!(
        page.len(),
        written.len(),
        "docs/clients.md is not fresh: FAREGATE_BLESS=1 writes it"
    );
}

/// Runs a client's driver on the world.
fn run(world: &World, client: &Client) -> Vec<Row> {
    let (root, home) = (root(), tempfile::tempdir().unwrap());
    let (program, file) = match client.program {
        Program::Python(place) => (root.join("target").join(place).join("bin/python"), "py"),
        Program::Node => ("node".into(), "js"),
    };
    let accounts: serde_json::Map<String, Value> = ["demo", "poor", "suspended", "other"]
        .into_iter()
        .map(|name| {
            let account = world.account(name);
            let keys = json!({ "secretId": account.secret_id, "secretKey": account.secret_key });
            (name.to_owned(), keys)
        })
        .collect();
    let told = json!({
        "http": world.at("http"), "proxy": world.at("proxy"), "ca": world.at("ca"), "accounts": accounts,
    });
    let mut driver = Command::new(&program);
    for name in ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"] {
        driver.env_remove(name);
    }
    if client.by_proxy {
        driver.env("https_proxy", format!("http://{}", world.at("proxy")));
    }
    let ran = driver
        .arg(root.join("suite/clients").join(client.driver).with_extension(file))
        .env("FAREGATE_WORLD", told.to_string())
        .env("HOME", home.path())
        .env("PYTHONWARNINGS", "ignore")
        .env("NODE_PATH", root.join("target/clients/node/node_modules"))
        .env("SSL_CERT_FILE", world.at("ca"))
        .env("REQUESTS_CA_BUNDLE", world.at("ca"))
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("{}: {e}: scripts/clients installs it", program.display()));
    let told: Told = serde_json::from_slice(&ran.stdout).unwrap_or_else(|e| {
        panic!("{}: {e}: {}", client.name, String::from_utf8_lossy(&ran.stderr))
    });
    told.rows
}

/// Each step is there and is answered as it has to be; whatever else the driver does has to succeed, or is named
/// after the code that it gets.
fn judge(client: &Client, rows: &[Row]) {
    for step in STEPS.into_iter().map(str::to_owned).chain(CODES.map(|(code, _)| code.to_string()))
    {
        let there = rows.iter().any(|row| row.step == step);
        let excused = client.cannot.iter().any(|(cannot, _)| *cannot == step);
        assert_eq!(there, !excused, "{}: {step}", client.name);
    }
    for row in rows {
        let code = CODES.iter().find(|(code, _)| code.to_string() == row.step);
        let expected = match (code, client.style, row.step.as_str()) {
            (None, Style::Api3, "UNSIGNED-PAYLOAD") => json!("AuthFailure.SignatureFailure"),
            (None, Style::V2 | Style::Api3, _) => json!(0),
            (Some((code, _)), Style::V2, _) => json!(code),
            (Some((_, name)), Style::Api3, _) => json!(name),
        };
        assert_eq!(row.code, expected, "{}, {}: {}", client.name, row.step, row.sees);
        assert!(
            !row.sees.contains("the name is not"),
            "{}, {}: {}",
            client.name,
            row.step,
            row.sees
        );
    }
}
