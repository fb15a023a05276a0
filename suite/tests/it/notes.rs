//! `docs/first-module.md`, run as it stands: a real FastAPI service, its document as it makes it, a signed call.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::serve::free;
use crate::world::binary;

/// Most commands of ours from an empty folder to a signed call.
const COMMANDS_MAX: usize = 8;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A process that is killed when dropped.
struct Background(Child);

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Until somebody listens there.
fn wait_for(address: &str) {
    let up = (0..400).any(|_| {
        thread::sleep(Duration::from_millis(50));
        TcpStream::connect(address).is_ok()
    });
    assert!(up, "nobody listens at {address}");
}

/// The commands of a page: the lines of its `sh` blocks.
fn commands(page: &str) -> Vec<String> {
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

#[test]
fn the_first_module_is_called_as_its_page_says() {
    let page = std::fs::read_to_string(root().join("docs/first-module.md")).unwrap();
    let commands = commands(&page);
    assert!(commands.iter().all(|command| command.starts_with("faregate ")), "{commands:?}");
    assert!((5..=COMMANDS_MAX).contains(&commands.len()), "{commands:?}");

    let uvicorn = root().join("target/clients/notes/bin/uvicorn");
    let service = free();
    let port = service.rsplit(':').next().unwrap();
    let started = Command::new(&uvicorn)
        .args(["main:app", "--log-level", "warning", "--port", port, "--app-dir"])
        .arg(root().join("examples/notes-fastapi"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .spawn()
        .unwrap_or_else(|e| panic!("{}: {e}: scripts/clients installs it", uvicorn.display()));
    let _service = Background(started);
    wait_for(&service);

    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let path = format!(
        "{}:{}",
        binary().canonicalize().unwrap().parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut gateway = None;
    let mut answers = Vec::new();
    for command in &commands {
        // The ports of the page may be somebody else's on this machine; nothing else is changed.
        let line = command.replace("127.0.0.1:8000", &service);
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("exec {}", line.trim_end_matches(" &"))]).current_dir(here);
        shell.env("PATH", &path).env("XDG_CONFIG_HOME", here).env("XDG_STATE_HOME", here);
        shell.env_remove("FAREGATE_CONFIG").env_remove("FAREGATE_SECRET_ID").stdin(Stdio::null());
        if line.ends_with(" &") {
            let at = endpoint(here);
            gateway = Some(Background(shell.stderr(Stdio::null()).spawn().unwrap()));
            wait_for(&at);
            continue;
        }
        let done = shell.output().unwrap();
        let (out, err) = (text(&done.stdout), text(&done.stderr));
        assert!(done.status.success(), "{command}: {out}{err}");
        if line == "faregate init" {
            let file = here.join("faregate.toml");
            let config = std::fs::read_to_string(&file).unwrap();
            let moved = ["127.0.0.1:8443", "127.0.0.1:9090", "127.0.0.1:9091"]
                .iter()
                .fold(config, |config, port| config.replacen(port, &free(), 1));
            std::fs::write(file, moved).unwrap();
        }
        if line.starts_with("faregate module add") {
            assert!(
                out.contains("CreateNote") && err.contains("next: faregate serve"),
                "{out}{err}"
            );
        }
        if line.starts_with("faregate call") {
            answers.push(serde_json::from_str::<Value>(&out).unwrap());
        }
    }
    assert!(gateway.is_some(), "the page starts a gateway");
    let [created, listed] = answers.as_slice() else { panic!("two calls: {answers:?}") };
    assert_eq!((created["code"].as_u64(), created["pinned"].as_bool()), (Some(0), Some(true)));
    assert_eq!((listed["code"].as_u64(), listed["totalCount"].as_u64()), (Some(0), Some(1)));
    assert_eq!(listed["noteSet"][0]["text"], "Buy milk");
}

/// Where the gateway of a folder will listen.
fn endpoint(folder: &Path) -> String {
    let config = std::fs::read_to_string(folder.join("faregate.toml")).unwrap();
    let line = config.lines().find(|line| line.starts_with("https = ")).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
