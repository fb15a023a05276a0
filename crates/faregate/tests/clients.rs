//! The programs of `faregate sign --as`: each whose language is on this machine signs and sends, and what arrives is judged.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a helper that fails is a test that fails, and one that skips says so"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use faregate_signing::capture::{Captured, Verdict};

const SECRET_ID: &str = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA";
const SECRET_KEY: &str = "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA";
const ANSWER: &str = r#"{"code":0,"message":"well signed"}"#;

/// Prints the program into a folder.
fn program(folder: &Path, language: &str, tc3: bool, name: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faregate"));
    command.args(["sign", "--as", language]).args(tc3.then_some("--tc3"));
    let output = command.current_dir(folder).output().unwrap();
    assert!(output.status.success());
    std::fs::write(folder.join(name), output.stdout).unwrap();
}

/// Answers one request, and tells what it was.
fn serve_one(listener: &TcpListener) -> Captured {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let header = |name: &str| {
        let found = headers.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    };
    let mut body = vec![0; header("content-length").unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let length = ANSWER.len();
    write!(
        reader.get_mut(),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{ANSWER}"
    )
    .unwrap();
    Captured {
        id: words[1].clone(),
        method: words[0].clone(),
        host: header("host").unwrap(),
        path: words[1].clone(),
        raw_query: String::new(),
        raw_body: String::from_utf8(body).unwrap(),
        body_base64: false,
        secret_id: Some(SECRET_ID.to_owned()),
        secret_key: SECRET_KEY.to_owned(),
        headers,
    }
}

fn is_here(program: &str, version: &str) -> bool {
    let mut asked = Command::new(program);
    asked.arg(version).stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

/// Prints, prepares and runs both programs of a language; `commands` are run one after the other with the file's name at
/// the end, and the last one sends.
fn verify(language: &str, version: &str, names: [&str; 2], commands: &[&[&str]]) {
    let needed = commands[0][0];
    if !is_here(needed, version) {
        println!("skipped, {needed} is not here");
        return;
    }
    for (tc3, name) in [false, true].into_iter().zip(names) {
        let folder = tempfile::tempdir().unwrap();
        program(folder.path(), language, tc3, name);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || serve_one(&listener));
        for command in commands {
            let output = Command::new(command[0])
                .args(&command[1..])
                .args((command.len() > 1 || commands.len() == 1).then_some(name))
                .current_dir(folder.path())
                .env("FAREGATE_SECRET_ID", SECRET_ID)
                .env("FAREGATE_SECRET_KEY", SECRET_KEY)
                .env("FAREGATE_ENDPOINT", &endpoint)
                .env("no_proxy", "127.0.0.1")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            let failed = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{language} {name}: {said}{failed}");
            if command == commands.last().unwrap() {
                assert!(said.contains("well signed"), "{language} {name}: {said}{failed}");
            }
        }
        let arrived = server.join().unwrap();
        let judged = arrived.judge().unwrap();
        assert_eq!(judged.verdict, Verdict::Pass, "{language} {name}: {judged:?} {arrived:?}");
        let covered = !judged.uncovered.iter().any(|name| name == "x-tc-action");
        assert!(covered, "{language} {name}: the action is not signed");
    }
}

#[test]
fn the_curl_programs_sign_and_send() {
    verify("curl", "--version", ["v2.sh", "tc3.sh"], &[&["bash"]]);
}

#[test]
fn the_python_programs_sign_and_send() {
    verify("python", "--version", ["v2.py", "tc3.py"], &[&["python3"]]);
}

#[test]
fn the_node_programs_sign_and_send() {
    verify("node", "--version", ["v2.js", "tc3.js"], &[&["node"]]);
}

#[test]
fn the_java_programs_sign_and_send() {
    verify("java", "-version", ["V2.java", "Tc3.java"], &[&["java"]]);
}

#[test]
fn the_rust_programs_sign_and_send() {
    verify(
        "rust",
        "--version",
        ["v2.rs", "tc3.rs"],
        &[&["rustc", "--edition", "2024", "-o", "it"], &["./it"]],
    );
}

#[test]
fn the_go_programs_sign_and_send() {
    verify("go", "version", ["v2.go", "tc3.go"], &[&["go", "run"]]);
}
