//! Which configurations are good, and what is said of the others.

use std::path::Path;

use super::*;

fn faults_of(text: &str) -> (usize, String) {
    let mut faults = Faults::default();
    let _ = checks::read("faregate.toml", text, Path::new("."), &mut faults);
    (faults.len(), faults.render(false))
}

#[test]
fn the_starting_configuration_is_good_and_strict() {
    let mut faults = Faults::default();
    let read = checks::read("faregate.toml", STARTER, Path::new("."), &mut faults).unwrap();
    assert!(faults.is_empty(), "{faults}");
    assert!(!read.config.sandbox && !read.config.compat);
    assert_eq!((read.config.replay.window_s, read.config.validity.period_s), (7_200, 300));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one row a fault")]
fn every_fault_is_told_with_its_line_and_a_suggestion() {
    for (title, text, said) in [
        ("not TOML", "base_domain = ", "faregate.toml:1"),
        (
            "an unknown key",
            "base_domain = \"a.b\"\nlimitz = 1\n[listen]\nhttps=\"127.0.0.1:1\"\n",
            "no key `limitz`",
        ),
        ("a missing key", "[listen]\nhttps=\"127.0.0.1:1\"\n", "`base_domain` is missing"),
        (
            "a wrong kind",
            "base_domain = 1\n[listen]\nhttps=\"127.0.0.1:1\"\n",
            "`base_domain` is a text",
        ),
        (
            "a limit of nothing",
            "base_domain = \"a.b\"\n[listen]\nhttps=\"127.0.0.1:1\"\n[limits]\nheaders_max=0\n",
            "`limits.headers_max` is at least 1",
        ),
        (
            "a certificate that is not there",
            "base_domain = \"a.b\"\n[listen]\nhttps=\"127.0.0.1:1\"\n[tls]\ncertificate=\"no.pem\"\nkey=\"no.key\"\n",
            "no.pem",
        ),
        (
            "an upstream",
            "base_domain = \"a.b\"\n[listen]\nhttps=\"127.0.0.1:1\"\n[[modules]]\ndocument=\"x\"\nupstream=\"nowhere\"\n",
            "nowhere",
        ),
        (
            "no domain",
            "base_domain = \"nodots\"\n[listen]\nhttps = \"127.0.0.1:1\"\n",
            "`base_domain` is no domain",
        ),
        (
            "no port",
            "base_domain = \"a.b\"\n[listen]\nhttps = \"127.0.0.1\"\n",
            "`listen.https` is no address",
        ),
        (
            "plain HTTP for the world",
            "base_domain = \"a.b\"\n[listen]\nhttp = \"0.0.0.0:80\"\n",
            "only be on loopback",
        ),
        (
            "a proxy outside the sandbox",
            "base_domain = \"a.b\"\n[listen]\nhttps=\"127.0.0.1:1\"\nproxy = \"127.0.0.1:2\"\n",
            "only for the sandbox",
        ),
        (
            "faults outside the sandbox",
            "base_domain = \"a.b\"\n[listen]\nhttps=\"127.0.0.1:1\"\n[faults]\nseed = 1\n",
            "only in a sandbox",
        ),
        (
            "a sandbox on a shared home",
            "base_domain = \"a.b\"\nsandbox = true\n[stores]\npostgres = \"postgres://d/f\"\nredis = \"redis://c\"\n[listen]\nhttps=\"127.0.0.1:1\"\n",
            "needs the embedded home",
        ),
        ("nothing listens", "base_domain = \"a.b\"\n[listen]\n", "nothing listens"),
        (
            "a period beyond the window",
            "base_domain = \"a.b\"\n[listen]\nhttps=\"127.0.0.1:1\"\n[replay]\nwindow_s=60\n[validity]\nperiod_s=61\n",
            "`validity.period_s` is from 1 to 60",
        ),
        (
            "a durability",
            "base_domain = \"a.b\"\n[listen]\nhttps=\"127.0.0.1:1\"\n[replay]\ndurability=\"ram\"\n",
            "\"os\" or \"disk\"",
        ),
        (
            "a rate of nothing",
            "base_domain = \"a.b\"\n[listen]\nhttps=\"127.0.0.1:1\"\n[quota]\nper_second=0\nburst=1\n",
            "at least 1",
        ),
    ] {
        let (n, rendered) = faults_of(text);
        assert_eq!(n, 1, "{title}: {rendered}");
        assert!(rendered.contains(said), "{title}: {rendered}");
        assert!(rendered.contains("faregate.toml:"), "{title} has a line: {rendered}");
    }
}

#[test]
fn all_faults_are_told_in_one_run() {
    let text = "base_domain = \"nodots\"\n[listen]\nhttps = \"x\"\nhttp = \"0.0.0.0:80\"\n[replay]\nwindow_s = 0\n";
    assert_eq!(faults_of(text).0, 4, "{}", faults_of(text).1);
    // Faults of form and of value, in one file.
    let text = "base_domain = \"nodots\"\nsandbx = true\n[listen]\nhttps = 1\nhttp = \"127.0.0.1:1\"\n[limits]\nworkerz = 1\nheaders_max = -1\n[[modules]]\nupstream = \"nowhere\"\n";
    let (n, rendered) = faults_of(text);
    for said in [
        "`sandbx`",
        "`listen.https` is a text",
        "`limits.workerz`",
        "`modules.document` is missing",
    ] {
        assert!(rendered.contains(said), "{said}: {rendered}");
    }
    assert_eq!(n, 4, "without its document a module cannot be read further: {rendered}");
}

#[test]
fn the_weakest_signature_is_said_once() {
    const REST: &str = "\n[listen]\nhttps = \"127.0.0.1:1\"\n";
    for (text, least) in [
        ("", MinSignature::V2Sha256),
        ("compat = true", MinSignature::V2Sha1),
        ("min_signature = \"TC3-HMAC-SHA256\"", MinSignature::Tc3),
        ("min_signature = \"HmacSHA1\"", MinSignature::V2Sha1),
        ("compat = true\nmin_signature = \"HmacSHA1\"", MinSignature::V2Sha1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("faregate.toml");
        fs::write(&config, format!("base_domain = \"a.b\"\n{text}{REST}")).unwrap();
        assert_eq!(load(&config).unwrap().config.min_signature, least, "{text}");
    }
    for (text, said) in [
        ("min_signature = \"sha256\"", "`min_signature` is no signature method"),
        ("compat = true\nmin_signature = \"HmacSHA256\"", "`compat` takes HmacSHA1"),
    ] {
        let (n, rendered) = faults_of(&format!("base_domain = \"a.b\"\n{text}{REST}"));
        assert!(n == 1 && rendered.contains(said), "{text}: {rendered}");
    }
}

#[test]
fn a_loaded_configuration_has_its_modules_at_their_upstreams() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("faregate.toml");
    fs::write(&config, STARTER).unwrap();
    assert!(load(&config).unwrap().catalog.modules().is_empty());

    let document = include_str!("../../../../examples/compute/openapi.yaml");
    fs::write(folder.path().join("cvm.yaml"), document).unwrap();
    let modules = "[[modules]]\ndocument = \"cvm.yaml\"\nupstream = \"http://127.0.0.1:9\"\n";
    fs::write(&config, format!("{STARTER}{modules}")).unwrap();
    let loaded = load(&config).unwrap();
    let upstream = format!("{:?}", loaded.catalog.modules()[0].upstream);
    assert!(upstream.contains("127.0.0.1:9"), "{upstream}");

    // As a framework emits it: without `servers`.
    let (before, after) = document.split_once("\nservers:").unwrap();
    let (_, extension) = after.split_once("\nx-faregate:").unwrap();
    fs::write(folder.path().join("cvm.yaml"), format!("{before}\nx-faregate:{extension}")).unwrap();
    let loaded = load(&config).unwrap();
    assert_eq!(loaded.catalog.modules()[0].upstream.authority, "127.0.0.1:9");

    fs::write(&config, format!("{STARTER}{modules}[[modules]]\ndocument = \"none.yaml\"\n"))
        .unwrap();
    fs::write(folder.path().join("cvm.yaml"), "openapi: 2.0\n").unwrap();
    let faults = load(&config).unwrap_err();
    let said = faults.render(false);
    assert!(said.contains("none.yaml") && said.contains("cvm.yaml"), "{said}");
}

#[test]
fn every_key_that_is_known_is_read() {
    let text = r#"
base_domain = "API.example.com"
data = "d"
support = "us"
sandbox = true
compat = true
[faults]
seed = 7
[listen]
https = "0.0.0.0:1"
http = "127.0.0.1:2"
proxy = "[::1]:3"
pages = "127.0.0.1:4"
admin = "127.0.0.1:5"
[pages]
url = "https://docs.example.com/"
counts = true
[replay]
window_s = 600
refuse_last_nonce = false
durability = "disk"
[validity]
period_s = 60
[quota]
per_second = 5
burst = 6
[limits]
header_timeout_s = 1
body_timeout_s = 2
idle_timeout_s = 3
head_bytes_max = 4
headers_max = 5
body_bytes_max = 6
query_bytes_max = 7
parameters_max = 8
connections_max = 9
connections_per_address_max = 10
calls_in_flight_max = 11
workers = 0
[log]
access = "off"
[[modules]]
document = "cvm.yaml"
"#;
    let mut faults = Faults::default();
    let read = checks::read("faregate.toml", text, Path::new("x"), &mut faults);
    assert!(faults.is_empty(), "{faults}");
    let Config {
        base_domain,
        data,
        pages_url,
        pages_counts,
        limits,
        default_rate,
        access_log,
        seed,
        ..
    } = read.unwrap().config;
    assert_eq!((base_domain.as_str(), seed), ("api.example.com", Some(7)));
    assert_eq!((data, pages_url.as_str()), ("x/d".into(), "https://docs.example.com"));
    assert!(pages_counts);
    assert_eq!((limits.header_timeout_s, limits.calls_in_flight_max), (1, 11));
    assert_eq!((limits.workers, default_rate.unwrap().burst.get()), (None, 6));
    assert!(matches!(access_log, Target::Off));
}

#[test]
fn quotas_are_read_by_scope_and_a_limit_of_nothing_is_told() {
    let read = |quota: &str| {
        let text = format!("base_domain = \"a.b\"\n[listen]\nhttps=\"127.0.0.1:1\"\n{quota}");
        let mut faults = Faults::default();
        let read = checks::read("faregate.toml", &text, Path::new("x"), &mut faults);
        (read.map(|read| read.config.quotas), faults.render(false))
    };
    let (quotas, faults) = read(
        "[quota]\nper_second = 5\nburst = 6\n[quota.address]\nat_once = 7\ncounts = \"calls\"\nhidden = true\n",
    );
    let quotas = quotas.expect(&faults);
    assert_eq!(quotas.account.rate.map(|rate| rate.burst.get()), Some(6));
    assert_eq!(quotas.address.at_once.map(std::num::NonZeroU32::get), Some(7));
    assert!(quotas.address.hidden && quotas.address.in_calls);
    for (quota, said) in [
        ("[quota.key]\nhidden = true\n", "this limits nothing"),
        ("[quota.key]\nday = 0\n", "a limit is at least 1"),
        ("[quota.key]\nburst = 1\n", "a rate and its burst stand together"),
        ("[quota.key]\nday = 1\ncounts = \"items\"\n", "this is not what a quota counts"),
        (
            "[quota]\nper_second = 1\nburst = 1\n[quota.account]\nper_second = 1\nburst = 1\n",
            "both have a rate",
        ),
    ] {
        let (_, faults) = read(quota);
        assert!(faults.contains(said), "{quota}: {faults}");
    }
}
