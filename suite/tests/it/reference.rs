//! Every block on every page is run against a demo, and answers what the page says; votes outlive `kill -9`.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::command;
use crate::raw;
use crate::world::{World, binary};

/// The id that examples name; a reader puts one of his own there.
const EXAMPLE_ID: &str = "ins-0a1b2c3d";

fn page(world: &World, path: &str) -> Value {
    let text = world.page(path);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}: {text}"))
}

/// What a block prints, run as a reader runs it: in a shell that finds `faregate`, with the demo running.
#[track_caller]
pub(crate) fn run(world: &World, language: &str, code: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let binary = std::path::absolute(binary()).unwrap();
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), code).unwrap();
    let (program, file) = match language {
        "python" => (root.join("target/venv/bin/python"), file.path()),
        "js" => ("node".into(), file.path()),
        "sh" => ("bash".into(), file.path()),
        other => panic!("no block is written in {other}"),
    };
    // The shell that the first block of each example prepares.
    let script = format!(
        "eval \"$(faregate demo --env)\" && exec '{}' '{}'",
        program.display(),
        file.display()
    );
    let script = if language == "sh" { code.to_owned() } else { script };
    let mut command = Command::new("bash");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FAREGATE_")) {
        command.env_remove(name);
    }
    let done = command
        .args(["-c", &script])
        .env("PATH", path)
        .env("NODE_PATH", root.join("target/browser/node_modules"))
        .env("XDG_STATE_HOME", world.state())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    format!("{out}\n{err}")
}

/// An answer among what was printed.
fn answers(printed: &str) -> impl Iterator<Item = Value> {
    // Answers of commands that run at once may share a line.
    printed.lines().flat_map(|line| {
        serde_json::Deserializer::from_str(line)
            .into_iter::<Value>()
            .filter_map(Result::ok)
            .collect::<Vec<_>>()
    })
}

/// The blocks of a text.
fn blocks(markdown: &str) -> Vec<&str> {
    let inside = markdown.split("```sh\n").skip(1);
    inside.map(|rest| rest.split_once("\n```").expect("a block ends").0).collect()
}

/// The commands that stand in sentences: whole ones, not names of commands (`faregate sign --explain`).
fn in_sentences(page: &Value) -> Vec<String> {
    let all = page["parts"].as_array().unwrap().iter().chain(page["reasons"].as_array().unwrap());
    let text: String = all.filter_map(|part| part["markdown"].as_str()).collect();
    let text: String = text.split("```").step_by(2).collect();
    let spans = text.split('`').skip(1).step_by(2);
    let whole = |span: &&str| {
        let words: Vec<&str> = span.split_whitespace().collect();
        words.first() == Some(&"faregate")
            && words.len() > 2
            && !words.last().unwrap().starts_with("--")
    };
    spans
        .filter(|span| !span.is_empty())
        .filter(whole)
        .map(|span| span.replace("ACCOUNT", "demo"))
        .collect()
}

/// Runs a command of a sentence: what it is answered is its page's matter, that it can be asked so is tested here.
#[track_caller]
fn is_understood(world: &World, command: &str) {
    let printed = run(world, "sh", &format!("{command}\necho \"ended with $?\""));
    // 2 is a command line that cannot be, 3 a configuration: `faregate --help` has the table.
    let bad = ["ended with 2\n", "ended with 3\n", "ended with 101\n"];
    assert!(!bad.iter().any(|end| printed.contains(end)), "{command}: {printed}");
    assert!(printed.contains("ended with "), "{command}: {printed}");
}

/// The blocks of a code's page, and the commands of each reason.
#[track_caller]
fn reproduces(code: u64) {
    let world = World::start();
    let english = page(&world, &format!("/errors/{code}.json?lang=en"));
    let chinese = page(&world, &format!("/errors/{code}.json?lang=zh"));
    let part = |page: &Value| {
        let parts = page["parts"].as_array().unwrap();
        let found = parts.iter().find(|part| part["part"] == "reproduce").unwrap();
        found["markdown"].as_str().unwrap().to_owned()
    };
    let (ours, theirs) = (part(&english), part(&chinese));
    assert_eq!(blocks(&ours), blocks(&theirs), "{code}: both languages show the same commands");
    assert!(!blocks(&ours).is_empty(), "{code}");
    for client in ["CLI", "Python SDK", "Node SDK", "Go SDK", "Java SDK", "curl"] {
        for page in [&english, &chinese] {
            let bullet = page.to_string().contains(
                &format!("- **{client}**")
                    .replace("CLI", if page == &chinese { "命令行" } else { "CLI" }),
            );
            assert!(bullet, "{code} tells {client}");
        }
    }
    let mut commands: Vec<String> = in_sentences(&english);
    commands.extend(in_sentences(&chinese));
    commands.sort();
    commands.dedup();
    for command in &commands {
        is_understood(&world, command);
    }
    world.command(&["fault", "clear"]);
    for block in blocks(&ours) {
        let printed = run(&world, "sh", block);
        assert!(answers(&printed).any(|answer| answer["code"] == code), "{block}\n{printed}");
    }
    let mut n_reasons = 0;
    for reason in english["reasons"].as_array().unwrap() {
        let Some(commands) = reason["reproduce"].as_str() else { continue };
        // A call with a Version is answered in the envelope of API 3.0.
        let wanted = |answer: &Value| {
            let own = &answer["Response"]["Error"];
            (answer["code"] == code && answer["reason"] == reason["reason"])
                || (own["Number"] == code && own["Reason"] == reason["reason"])
        };
        let printed = run(&world, "sh", commands);
        assert!(answers(&printed).any(|answer| wanted(&answer)), "{reason}\n{commands}\n{printed}");
        n_reasons += 1;
    }
    assert!(n_reasons > 0, "{code}");
    println!("{code}: {n_reasons} reasons made to happen");
}

macro_rules! codes {
    ($($name:ident $code:literal;)*) => {
        $(#[test] fn $name() { reproduces($code); })*

        #[test]
        fn no_code_is_without_such_a_test() {
            let index = page(&World::start(), "/errors.json");
            let codes: Vec<u64> = index["codes"].as_array().unwrap().iter()
                .filter(|row| !row["page"].is_null()).map(|row| row["code"].as_u64().unwrap()).collect();
            assert_eq!(codes, [$($code),*]);
        }
    };
}

codes! {
    blocks_of_4000 4000;
    blocks_of_4100 4100;
    blocks_of_4200 4200;
    blocks_of_4300 4300;
    blocks_of_4400 4400;
    blocks_of_4500 4500;
    blocks_of_4600 4600;
    blocks_of_5000 5000;
    blocks_of_5100 5100;
    blocks_of_5200 5200;
    blocks_of_5300 5300;
    blocks_of_5400 5400;
    blocks_of_5500 5500;
    blocks_of_6000 6000;
    blocks_of_6100 6100;
    blocks_of_6200 6200;
}

/// The examples of a page, with an instance that is as the action needs it, and what they print.
#[track_caller]
fn each_example(world: &World, page: &Value, stopped: bool, judge: impl Fn(&str, &str, &str)) {
    let client = command(world);
    let examples = page["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 4, "{page}");
    for example in examples {
        let code = example["code"].as_str().unwrap();
        let mut own = EXAMPLE_ID.to_owned();
        if code.contains(EXAMPLE_ID) {
            own = client.buy("demo");
            if stopped {
                client.expect(0, "demo", "StopInstances", &json!({"instanceIds": [own]}));
            }
        }
        let code = code.replace(EXAMPLE_ID, &own);
        let language = example["language"].as_str().unwrap();
        let prepared = if language == "sh" {
            format!("eval \"$(faregate demo --env)\"\n{code}")
        } else {
            code
        };
        let printed = run(world, language, &prepared);
        judge(example["client"].as_str().unwrap(), &prepared, &printed);
    }
}

#[test]
fn every_example_of_every_action_succeeds_with_every_client() {
    let world = World::start();
    let actions = page(&world, "/modules/cvm.json");
    for action in actions["actions"].as_array().unwrap() {
        let name = action["action"].as_str().unwrap();
        let wanted = match name {
            // Open to staff only, as its page says.
            "DescribeInternalUsage" => 4300,
            // Nothing was bought with the key of the example.
            "DescribePurchase" => 5000,
            _ => 0,
        };
        let own = page(&world, &format!("/modules/cvm/{name}.json"));
        each_example(&world, &own, name == "StartInstances", |client, code, printed| {
            let good = answers(printed).any(|answer| answer["code"] == wanted);
            assert!(good, "{name} by {client}:\n{code}\n{printed}");
        });
    }
}

#[test]
fn every_example_of_every_module_code_is_answered_with_it_by_every_client() {
    let world = World::start();
    let module = page(&world, "/modules/cvm.json");
    for error in module["errors"].as_array().unwrap() {
        let code = error["moduleCode"].as_str().unwrap();
        let own = page(&world, &format!("/errors/cvm/{code}.json"));
        let stopped = matches!(code, "100011" | "100012");
        each_example(&world, &own, stopped, |client, text, printed| {
            let said = format!("({code}) ");
            assert!(printed.contains(&said), "{code} by {client}:\n{text}\n{printed}");
        });
    }
}

/// A vote on a page, sent as a form; the status.
fn vote(world: &World, page: &str, text: &str, headers: &str) -> u16 {
    let html = world.page(page);
    let token =
        html.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form = format!("page={page}&token={}&lang=en&level=1&text={text}", token.expect("a token"));
    let host = world.at("pages").trim_start_matches("http://").to_owned();
    let request = format!(
        "POST /feedback HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    raw::plain(&host, request.as_bytes()).status
}

#[test]
fn votes_outlive_a_kill_are_bounded_by_address_and_never_taken_from_elsewhere() {
    let mut world = World::start();
    for headers in
        ["Origin: https://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n", "Origin: null\r\n"]
    {
        assert_eq!(vote(&world, "/errors/4500", "no", headers), 403, "{headers}");
    }
    let statuses: Vec<u16> =
        (0..11).map(|n| vote(&world, "/errors/4500", &format!("n{n}"), "")).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 10, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    world.restart();
    let votes: Value = serde_json::from_str(&world.run(&["feedback", "list", "--json"])).unwrap();
    assert_eq!(votes.as_array().unwrap().len(), 10, "{votes}");
    let pages: Value = serde_json::from_str(&world.run(&["feedback", "pages", "--json"])).unwrap();
    assert_eq!(pages["worstOfTheWeek"], "/errors/4500", "{pages}");
    assert_eq!(world.run(&["feedback", "export", "--format", "csv"]).lines().count(), 11);
}
