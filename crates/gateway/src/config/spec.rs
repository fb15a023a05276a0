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
fn every_fault_is_told_with_its_line_and_a_suggestion() {
    for (title, text, said) in [
        ("not TOML", "base_domain = ", "faregate.toml:1"),
        ("an unknown key", "base_domain = \"a.b\"\nlimitz = 1\n[listen]\n", "limitz"),
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
            "a rate of 0",
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
}

#[test]
fn a_purchase_that_is_a_batch_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let document = include_str!("../../../../examples/compute/openapi.yaml");
    let batch = "        batch: { over: instanceIds, max: 100 }\n";
    let priced =
        format!("{batch}        purchase: {{ price: \"money('1.00')\", currency: CNY }}\n");
    let config = folder.path().join("faregate.toml");
    let module = "[[modules]]\ndocument = \"cvm.yaml\"\n";
    fs::write(
        &config,
        format!("base_domain = \"a.b\"\n[listen]\nhttps = \"127.0.0.1:1\"\n{module}"),
    )
    .unwrap();

    fs::write(folder.path().join("cvm.yaml"), document).unwrap();
    assert!(load(&config).is_ok());
    fs::write(folder.path().join("cvm.yaml"), document.replacen(batch, &priced, 1)).unwrap();
    let said = load(&config).unwrap_err().render(false);
    assert!(said.contains("`StartInstances` is a purchase and a batch"), "{said}");
}
