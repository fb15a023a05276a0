//! `faregate serve` with certificate files of one's own: a chain made by openssl, three clients, SNI.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::raw;
use crate::serve::{Served, answer_emptily, module_lb};
use crate::world::binary;

const HOST: &str = "lb.api.qcloud.com";

/// Runs a program; it has to succeed.
#[track_caller]
fn run(program: &str, folder: &Path, arguments: &str) {
    let done =
        Command::new(program).current_dir(folder).args(arguments.split(' ')).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{program} {arguments}: {said}");
}

/// A root, a certificate between, and a leaf for `*.api.qcloud.com`; the chain as a server sends it.
fn chain(folder: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    run(
        "openssl",
        folder,
        &format!("req -x509 {key} -keyout root.key -out root.pem -subj /CN=Root"),
    );
    let between =
        "basicConstraints=critical,CA:true,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n";
    std::fs::write(folder.join("between.ext"), between).unwrap();
    let names = "subjectAltName=DNS:*.api.qcloud.com,DNS:api.qcloud.com\n";
    std::fs::write(folder.join("leaf.ext"), names).unwrap();
    for (name, issuer) in [("between", "root"), ("leaf", "between")] {
        let request = format!("req -new {key} -keyout {name}.key -out {name}.csr -subj /CN={name}");
        run("openssl", folder, &request.replace(" -days 2", ""));
        let sign = format!(
            "x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -days 2 -out {name}.pem -extfile {name}.ext"
        );
        run("openssl", folder, &sign);
    }
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    std::fs::write(folder.join("chain.pem"), read("leaf.pem") + &read("between.pem")).unwrap();
}

/// A gateway that serves the chain, with the module `lb` at this upstream.
fn serve(upstream: &str) -> (Served, PathBuf) {
    let served = Served::start(|gate| {
        chain(gate);
        format!(
            "[tls]\ncertificate = \"chain.pem\"\nkey = \"leaf.key\"\n{}",
            module_lb(gate, upstream)
        )
    });
    let root = served.gate().join("root.pem");
    (served, root)
}

/// curl, to this name at the gateway's address, trusting the root alone.
fn curl(served: &Served, root: &Path, name: &str) -> Output {
    let head = served.signed(HOST, "DescribeBalancerZones");
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap();
    let (address, port) = served.address.split_once(':').unwrap();
    Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "20", "--noproxy", "*", "--cacert"])
        .arg(root)
        .args([
            "--resolve",
            &format!("{name}:{port}:{address}"),
            "--header",
            &format!("Host: {HOST}"),
        ])
        .arg(format!("https://{name}:{port}{target}"))
        .output()
        .unwrap()
}

#[test]
fn a_chain_of_ones_own_is_served_to_every_client_and_no_local_ca_is_made() {
    let upstream = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (served, root) = serve(&upstream.local_addr().unwrap().to_string());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..3 {
                answer_emptily(&mut upstream.accept().unwrap().0);
            }
        });
        let done = curl(&served, &root, HOST);
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(
            said.contains("\"code\":0"),
            "curl: {said} {}",
            String::from_utf8_lossy(&done.stderr)
        );

        let signed = served.signed(HOST, "DescribeBalancerZones");
        let reply = raw::try_send(&served.address, &raw::trust_file(&root), &signed);
        assert_eq!(
            reply.expect("an answer").code(),
            0,
            "rustls, by another SNI under the wildcard"
        );

        let done = Command::new(binary())
            .args(["call", "--endpoint", &format!("https://{}", served.address), "--ca"])
            .arg(&root)
            .args(["--base-domain", "api.qcloud.com", "lb", "DescribeBalancerZones"])
            .env("FAREGATE_SECRET_ID", &served.account.secret_id)
            .env("FAREGATE_SECRET_KEY", &served.account.secret_key)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(0), "faregate call: {said}");
    });
    // The certificate has no such name: the client, not the gateway, refuses. 60 is curl's code for it.
    let other = curl(&served, &root, "cvm.api.example.com");
    assert_eq!(other.status.code(), Some(60), "{}", String::from_utf8_lossy(&other.stderr));
    assert!(!served.gate().join("data/tls/ca.pem").exists(), "a local CA was made");
}

#[test]
fn a_key_that_is_not_the_certificates_is_told_before_anything_is_served() {
    let folder = tempfile::tempdir().unwrap();
    chain(folder.path());
    let file = folder.path().join("faregate.toml");
    for (certificate, key, said) in [
        ("chain.pem", "root.key", "the certificate cannot be used"),
        ("leaf.ext", "leaf.key", "the certificate cannot be used"),
        ("chain.pem", "none.key", "none.key"),
    ] {
        let config = format!(
            "base_domain = \"api.qcloud.com\"\n[listen]\nhttps = \"127.0.0.1:0\"\n[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n"
        );
        std::fs::write(&file, config).unwrap();
        for command in ["check", "serve"] {
            let done = Command::new(binary()).args([command, "-c"]).arg(&file).output().unwrap();
            let all = String::from_utf8_lossy(&done.stderr).into_owned();
            assert_eq!(done.status.code(), Some(3), "{command} {certificate} {key}: {all}");
            assert!(all.contains(said), "{command} {certificate} {key}: {all}");
        }
    }
}

/// A certificate for one domain, signed by itself, under this name.
fn alone(folder: &Path, name: &str) {
    run(
        "openssl",
        folder,
        &format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout {name}.key -out {name}.pem -subj /CN={name} -addext subjectAltName=DNS:{HOST}"
        ),
    );
}

#[test]
fn the_name_that_is_asked_for_picks_the_certificate_and_a_reload_replaces_it() {
    let upstream = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap().to_string();
    let served = Served::start(|gate| {
        chain(gate);
        alone(gate, "own");
        format!(
            "[tls]\ncertificate = \"chain.pem\"\nkey = \"leaf.key\"\n[[tls.certificates]]\ncertificate = \"own.pem\"\nkey = \"own.key\"\n{}",
            module_lb(gate, &address)
        )
    });
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = upstream.accept() {
            answer_emptily(&mut stream);
        }
    });
    let gate = served.gate();
    let shown = |trusted: &str, name: &str| {
        curl(&served, &gate.join(trusted), name).status.code() == Some(0)
    };
    assert!(shown("own.pem", HOST) && !shown("root.pem", HOST), "its own");
    let other = "cvm.api.qcloud.com";
    assert!(shown("root.pem", other) && !shown("own.pem", other), "the usual one");

    // Files that do not belong together change nothing.
    std::fs::copy(gate.join("own.pem"), gate.join("before.pem")).unwrap();
    alone(&gate, "new");
    std::fs::copy(gate.join("new.pem"), gate.join("own.pem")).unwrap();
    let done = served.command(&["reload"]);
    assert_eq!(done.status.code(), Some(3), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(shown("before.pem", HOST), "the one before goes on");
    std::fs::copy(gate.join("new.key"), gate.join("own.key")).unwrap();
    served.run(&["reload"]);
    assert!(shown("new.pem", HOST) && !shown("before.pem", HOST), "without a restart");
    assert!(shown("root.pem", other));
}
