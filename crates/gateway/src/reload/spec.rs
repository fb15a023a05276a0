//! What a reload takes over, what it leaves as it was, and what a bad file does: nothing.

use std::fs;
use std::path::Path;

use faregate_stores::{Options, Stores};

use super::*;
use crate::driver::Driver;

const DOCUMENT: &str = "openapi: 3.1.0\ninfo: { title: Zones, version: '1' }\nservers: [{ url: 'http://127.0.0.1:9' }]\nx-faregate: { module: lb }\npaths:\n  /zones:\n    get: { operationId: DescribeZones }\n";
const CONFIG: &str = "base_domain = \"a.b\"\n[listen]\nhttps = \"127.0.0.1:0\"\n[log]\naccess = \"off\"\n[[modules]]\ndocument = \"lb.yaml\"\n";

struct World {
    folder: tempfile::TempDir,
    control: Control,
    desk: Arc<Desk>,
}

impl World {
    /// A gateway's insides, with one worker.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (config, data) = (folder.path().join("faregate.toml"), folder.path().join("data"));
        fs::write(&config, CONFIG).unwrap();
        fs::write(folder.path().join("lb.yaml"), DOCUMENT).unwrap();
        Stores::create(&data).unwrap();
        let loaded = config::load(&config).unwrap();
        let stores = Stores::open(Options::new(&data), clock::machine()).unwrap();
        let names = tls::names(&loaded.config, &loaded.catalog);
        let certificates = Certificates::load(&loaded.config, names).unwrap();
        let shared = Shared::new(loaded.config, loaded.catalog, stores).unwrap();
        let control = Control::new(Arc::clone(&shared), certificates);
        let desk = Desk::new(Driver::new(shared));
        control.seat(&desk);
        Self { folder, control, desk }
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.folder.path().join(file), text).unwrap();
    }

    fn actions(&self) -> Vec<(String, usize)> {
        let shared = Arc::clone(&self.desk.driver().shared);
        let operations = shared.catalog.modules().iter().flat_map(|module| module.operations());
        operations.map(|operation| (operation.action.clone(), operation.ordinal)).collect()
    }
}

#[tokio::test]
async fn a_good_document_is_served_by_the_next_call_and_a_call_under_way_keeps_its_own() {
    let world = World::start();
    let under_way = world.desk.driver();
    let own = world.control.shared().catalog.operation_count();
    let more =
        DOCUMENT.replace("  /zones:", "  /a:\n    get: { operationId: DescribeAll }\n  /zones:");
    world.write("lb.yaml", &more);
    let status = world.control.reload("a test").unwrap();
    assert_eq!((status.generation, status.actions, status.good), (2, 2, true));
    // An action keeps its number, whatever comes before it: quotas and metrics are found by it.
    let mut actions = world.actions();
    actions.sort_by_key(|(_, ordinal)| *ordinal);
    assert_eq!(actions, [("DescribeZones".to_owned(), 0), ("DescribeAll".to_owned(), own)]);
    let before = under_way.shared.catalog.module("lb").unwrap();
    assert!(before.operation("DescribeAll").is_none(), "the call under way has its own");
}

#[tokio::test]
async fn a_bad_file_replaces_nothing_and_its_faults_are_told() {
    let world = World::start();
    for (file, good, bad, said) in [
        ("lb.yaml", DOCUMENT, "openapi: 2.0\n", "lb.yaml"),
        ("faregate.toml", CONFIG, "base_domain = 1\n", "`base_domain` is a text"),
        ("faregate.toml", CONFIG, &CONFIG.replace("lb.yaml", "gone.yaml"), "gone.yaml"),
    ] {
        let before = world.desk.driver();
        world.write(file, bad);
        let faults = world.control.reload("a test").unwrap_err().render(false);
        assert!(faults.contains(said), "{faults}");
        let status = world.control.status();
        assert!(!status.good && status.faults == faults, "{status:?}");
        assert!(Arc::ptr_eq(&before, &world.desk.driver()), "{file}: another took its place");
        world.write(file, good);
        assert!(world.control.reload("a test").unwrap().faults.is_empty());
    }
    assert_eq!(world.control.shared().reloads.n_refused.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn what_is_bound_to_the_start_stays_and_is_named() {
    let world = World::start();
    for (change, waits) in [
        (CONFIG.replace("a.b", "c.d"), vec![]),
        (CONFIG.replace("127.0.0.1:0", "127.0.0.1:1"), vec!["listen"]),
        (CONFIG.replace("[listen]", "data = \"other\"\n[listen]"), vec!["data"]),
        (CONFIG.replace("[listen]", "sandbox = true\n[listen]"), vec!["sandbox"]),
        // Nonces that were kept for a shorter period are forgotten already: longer ones need a new start.
        (format!("{CONFIG}[validity]\nperiod_s = 600\n"), vec!["validity.period_s"]),
        (format!("{CONFIG}[replay]\nidentity = \"signature\"\n"), vec!["replay"]),
        (format!("{CONFIG}[limits]\nworkers = 7\n"), vec!["limits.workers"]),
        (CONFIG.replace("off", "other.log"), vec!["log.access"]),
        (format!("{CONFIG}[limits]\nheaders_max = 7\n"), vec![]),
    ] {
        world.write("faregate.toml", &change);
        let status = world.control.reload("a test").unwrap();
        assert_eq!(status.waits_for_restart, waits, "{change}");
        let config = Arc::clone(&world.desk.driver().shared.config);
        assert!(!config.sandbox && config.limits.workers.is_none());
        assert_eq!(config.validity.period_s, 300);
        assert_eq!(config.data, world.folder.path().join("data"));
    }
    assert_eq!(
        world.desk.driver().shared.config.limits.headers_max,
        7,
        "the others are taken over"
    );
}

#[tokio::test]
async fn what_was_replaced_ends_when_its_last_call_does() {
    let world = World::start();
    let under_way = world.desk.driver();
    let before = Arc::downgrade(&under_way.shared);
    world.control.reload("a test").unwrap();
    drop(under_way);
    assert!(before.upgrade().is_some(), "no worker takes it apart");
    world.control.look();
    assert!(before.upgrade().is_none());
}

#[test]
fn questions_are_lines_of_json() {
    for (text, known) in [
        ("{\"ask\":\"reload\"}", true),
        ("{\"ask\":\"status\"}", true),
        ("{\"ask\":\"stop\"}", false),
        ("{}", false),
    ] {
        assert_eq!(serde_json::from_str::<socket::Ask>(text).is_ok(), known, "{text}");
    }
    assert_eq!(socket::path(Path::new("d")), Path::new("d/control.sock"));
}
