//! `docs/clients.md`, made from what the clients told.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::mask::mask;
use super::table::{CLIENTS, Client};
use super::{CODES, Row, STEPS};

const HEAD: &str = "# Clients

Clients that exist work with Faregate as they are: no file of theirs is changed. Each of these is run by the tests as its real
package, against `faregate demo`; this page is made from what its user saw, and a test compares it.

Stand-ins below: `<http>` is the address of the demo's plain HTTP, `<proxy>` of its CONNECT proxy, `<ca>` its certificate
file; `faregate demo` prints all three. Through the proxy a client calls the real host name, such as `cvm.api.qcloud.com`.

| client | dialects | read | purchase | lists | any text | codes |
| --- | --- | --- | --- | --- | --- | --- |
";

pub(super) fn page(told: &BTreeMap<&str, Vec<Row>>) -> String {
    let mut page = HEAD.to_owned();
    for client in &CLIENTS {
        line(&mut page, client, &told[client.name]);
    }
    for client in &CLIENTS {
        section(&mut page, client, &told[client.name]);
    }
    page
}

fn line(page: &mut String, client: &Client, rows: &[Row]) {
    let has = |step: &str| rows.iter().any(|row| row.step == step);
    let mark = |step: &str| if has(step) { "yes" } else { "–" };
    let codes: Vec<String> =
        CODES.iter().map(|(code, _)| code.to_string()).filter(|code| has(code)).collect();
    let marks = [STEPS[0], STEPS[1], STEPS[2], STEPS[4]].map(mark).join(" | ");
    let (name, dialects, codes) = (client.name, client.dialects, codes.join(" "));
    writeln!(page, "| [{name}](#{name}) | {dialects} | {marks} | {codes} |").unwrap();
}

fn section(page: &mut String, client: &Client, rows: &[Row]) {
    let (language, how) = client.how;
    writeln!(
        page,
        "\n## {}\n\nVersion {}.\n\n```{language}\n{how}\n```\n",
        client.name, client.version
    )
    .unwrap();
    writeln!(page, "| step | call | what its user sees |\n| --- | --- | --- |").unwrap();
    for row in rows {
        let sees = mask(&row.sees).replace('|', "\\|").replace(['\n', '\r'], " ");
        // A code span whose text may hold backticks has two of them at its ends.
        writeln!(page, "| {} | {} | `` {sees} `` |", row.step, row.call).unwrap();
    }
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (step, why) in client.cannot {
        match reasons.iter_mut().find(|(known, _)| known == why) {
            Some((_, steps)) => steps.push(step),
            None => reasons.push((why, vec![step])),
        }
    }
    for (why, steps) in reasons {
        writeln!(page, "\nNot shown ({}): {why}.", steps.join(", ")).unwrap();
    }
}
