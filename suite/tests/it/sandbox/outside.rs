//! Where `sandbox = true` is not said there are no faults: by no header, no command, no setting and no leftover.

use std::path::Path;
use std::process::{Command, Output};

use crate::raw::with_header;
use crate::serve::TwoModules;
use crate::world::binary;

fn faregate(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_header_is_ignored_and_commands_are_refused() {
    let two = TwoModules::start();
    for fault in ["4400", "cut", "nonsense"] {
        let signed = two.served.signed("cvm.api.qcloud.com", "DescribeZones");
        let reply = two.served.send(&with_header(&signed, "X-Faregate-Fault", fault));
        assert_eq!((reply.code(), reply.header("faregate-fault")), (0, None), "{}", reply.text);
    }
    let data = two.served.data();
    let data = data.to_str().unwrap();
    for arguments in [
        &["fault", "add", "cvm", "--code", "4400"][..],
        &["fault", "list"],
        &["fault", "remove", "1"],
        &["clock", "+3h"],
        &["clock"],
    ] {
        let refused = faregate(&[arguments, &["--data", data]].concat());
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {}", said(&refused));
        assert!(said(&refused).contains("`sandbox = true`"), "{}", said(&refused));
    }
}

#[test]
fn the_setting_is_refused_and_so_is_what_a_sandbox_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let config = path("faregate.toml");
    let write = |text: &str| {
        let head = "base_domain = \"a.example\"\ndata = \"data\"\n";
        std::fs::write(&config, format!("{head}{text}\n[listen]\nhttps = \"127.0.0.1:0\"\n"))
            .unwrap();
    };
    assert!(faregate(&["init", folder.path().to_str().unwrap()]).status.success());

    write("faults = { seed = 1 }");
    for command in ["check", "serve"] {
        let refused = faregate(&[command, "-c", &config]);
        assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
        assert!(said(&refused).contains("exist only in a sandbox"), "{}", said(&refused));
    }

    write("sandbox = true");
    serve_for_a_moment(&config, folder.path());
    let data = path("data");
    let added = faregate(&["fault", "add", "cvm", "--code", "4400", "--data", &data]);
    assert!(added.status.success(), "{}", said(&added));
    assert!(faregate(&["clock", "+3h", "-c", &config]).status.success());
    write("");
    let refused = faregate(&["serve", "-c", &config]);
    assert!(!refused.status.success());
    for word in ["1 faults", "10800 s ahead", "faregate fault clear", "faregate clock reset"] {
        assert!(said(&refused).contains(word), "{word}: {}", said(&refused));
    }
    for mend in [&["fault", "clear"][..], &["clock", "reset"]] {
        let done = faregate(&[mend, &["-c", &config]].concat());
        assert!(done.status.success(), "{}", said(&done));
    }
    serve_for_a_moment(&config, folder.path());
}

/// Starts it, waits until it listens, and ends it as an operator does.
fn serve_for_a_moment(config: &str, folder: &Path) {
    let log = folder.join("serve.log");
    let mut serve = Command::new(binary())
        .args(["serve", "-c", config])
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let up = (0..400).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(25));
        std::fs::read_to_string(&log).unwrap().contains("https listens on")
    });
    Command::new("kill").arg(serve.id().to_string()).status().unwrap();
    serve.wait().unwrap();
    assert!(up, "{}", std::fs::read_to_string(&log).unwrap());
}
