//! The pages in Debian's Chromium: journeys, accessibility, pictures. The steps are in `suite/browser`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::client::sdk;
use crate::receipts::explained;
use crate::world::World;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Runs a script of `suite/browser` on the world's pages, and gives what it printed.
#[track_caller]
fn browse(world: &World, script: &str, journey: &str, more: &[(&str, &str)]) -> String {
    let root = root();
    let done = Command::new("node")
        .arg(root.join("suite/browser").join(script))
        .arg(journey)
        .env("BROWSER_MODULES", root.join("target/browser"))
        .env("SCREENSHOTS", root.join("target/screenshots"))
        .env("PAGES", world.at("pages"))
        .envs(more.iter().copied())
        .output()
        .expect("node and target/browser: scripts/test installs them");
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{script} {journey}: {told}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn from_a_refusal_of_the_sdk_its_address_leads_to_the_reason_and_to_the_fix() {
    let world = World::start();
    let client = sdk(&world);
    let refused = client.expect(4000, "demo", "DescribeInstances", &json!({"limit": "abc"}));
    let url = refused["docUrl"].as_str().expect("a docUrl");
    assert!(url.ends_with("/errors/4000#WRONG_TYPE"), "{url}");
    let commands = browse(&world, "journeys.mjs", "docs", &[("DOC_URL", url)]);
    assert_eq!(commands.trim(), "faregate call cvm DescribeInstances limit=abc");
    client.expect(0, "demo", "DescribeInstances", &json!({"limit": 5}));
}

#[test]
fn a_search_works_with_a_script_and_without() {
    browse(&World::start(), "journeys.mjs", "search", &[]);
}

#[test]
fn a_vote_is_sent_with_a_script_and_without_read_by_the_operator_and_answered() {
    let world = World::start();
    let receipts = browse(&world, "journeys.mjs", "vote", &[]);
    let votes: Value = serde_json::from_str(&world.run(&["feedback", "list", "--json"])).unwrap();
    let texts: Vec<&str> =
        votes.as_array().unwrap().iter().map(|vote| vote["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["<b>script true</b>", "<b>script false</b>"]);
    assert_eq!((&votes[0]["page"], &votes[0]["level"]), (&json!("/errors/4500"), &json!(2)));
    let answer = "See <b>Nonce</b> in the page on signing.";
    world.run(&["feedback", "answer", &votes[0]["id"].to_string(), answer]);
    let receipt = receipts.lines().last().unwrap();
    browse(&world, "journeys.mjs", "answer", &[("RECEIPT", receipt), ("ANSWER", answer)]);
}

#[test]
fn language_and_theme_are_chosen_with_a_script_and_without() {
    browse(&World::start(), "journeys.mjs", "choices", &[]);
}

#[test]
fn every_page_is_used_by_keyboard_alone() {
    browse(&World::start(), "journeys.mjs", "keyboard", &[]);
}

#[test]
fn every_kind_of_page_is_accessible_and_fits_its_window_in_both_lights_and_languages() {
    let world = World::start();
    let hostile = json!({ "limit": "<script>alert(1)</script>" });
    let refused = sdk(&world).expect(4000, "demo", "DescribeInstances", &hostile);
    let id = refused["requestId"].as_str().unwrap();
    let told: Value = serde_json::from_str(&explained(&world, &[id, "--json"])).unwrap();
    let link = told["url"].as_str().expect("a link");
    println!("{}", browse(&world, "shots.mjs", "", &[("REQUEST", link)]));
}

#[test]
fn the_instrument_finds_a_fault_that_is_planted() {
    browse(&World::start(), "journeys.mjs", "planted", &[]);
}
