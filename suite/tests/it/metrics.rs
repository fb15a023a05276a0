//! What Prometheus reads: the numbers are those of the calls, the names those that the dashboard and the rules use.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::raw;
use crate::world::{World, http_get};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Prometheus' own judge: in the path, or as `scripts/test` unpacks it.
fn promtool() -> Command {
    let unpacked = root().join("target/prometheus/usr/bin/promtool");
    Command::new(if unpacked.exists() { unpacked } else { PathBuf::from("promtool") })
}

fn scrape(world: &World) -> String {
    http_get(&world.at("admin"), "/metrics")
}

/// The value of a sample, by its whole name; 0 where it has none yet.
fn value(scraped: &str, sample: &str) -> f64 {
    let line = scraped.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}

#[test]
fn calls_are_counted_by_action_code_gate_and_reason() {
    let world = World::start();
    let alice = world.account("demo");
    for (sample, act) in [
        (
            "faregate_requests_total{module=\"cvm\",action=\"DescribeZones\",code=\"0\"}",
            &(|| raw::signed_get(&alice, "DescribeZones", &[])) as &dyn Fn() -> Vec<u8>,
        ),
        ("faregate_requests_total{module=\"none\",action=\"none\",code=\"6100\"}", &|| {
            raw::signed_get(&alice, "DescribeZoness", &[])
        }),
        ("faregate_refusals_total{gate=\"parameters\",code=\"4000\"}", &|| {
            raw::signed_get(&alice, "DescribeInstances", &[("limit", "many")])
        }),
        ("faregate_refusal_reasons_total{code=\"6100\",reason=\"NO_SUCH_ACTION\"}", &|| {
            raw::signed_get(&alice, "DescribeZoness", &[])
        }),
        ("faregate_upstream_duration_seconds_count{module=\"cvm\"}", &|| {
            raw::signed_get(&alice, "DescribeZones", &[])
        }),
        ("faregate_gateway_duration_seconds_count", &|| raw::get_url("http://x/")),
    ] {
        let before = value(&scrape(&world), sample);
        for _ in 0..3 {
            raw::send(&world, &act());
        }
        assert_eq!(value(&scrape(&world), sample) - before, 3.0, "{sample}");
    }
    let scraped = scrape(&world);
    for (sample, least) in [
        ("faregate_stores_up", 1.0),
        ("faregate_config_last_reload_successful", 1.0),
        ("faregate_modules", 1.0),
        ("process_resident_memory_bytes", 1e6),
        ("process_open_fds", 5.0),
    ] {
        assert!(value(&scraped, sample) >= least, "{sample}");
    }
    for secret in [&alice.id, &alice.secret_id, &alice.secret_key] {
        assert!(!scraped.contains(secret.as_str()), "an account or key is no label");
    }
}

#[test]
fn health_is_told_and_nothing_else_can_be_done_there() {
    let world = World::start();
    let admin = world.at("admin");
    for (path, said) in [("/healthz", "alive\n"), ("/readyz", "ready\n")] {
        assert_eq!(http_get(&admin, path), said);
    }
    let post =
        b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    for (asked, status) in [(post.as_slice(), 405), (&raw::get_url("http://x/other"), 404)] {
        assert_eq!(raw::plain(&admin, asked).status, status);
    }
}

#[test]
fn promtool_has_nothing_to_say() {
    let world = World::start();
    raw::send(&world, &raw::signed_get(&world.account("demo"), "DescribeZones", &[]));
    let mut check = promtool()
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("promtool: {e}: scripts/test unpacks it"));
    check.stdin.take().unwrap().write_all(scrape(&world).as_bytes()).unwrap();
    let done = check.wait_with_output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    assert!(done.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));

    let rules = root().join("deploy/prometheus/faregate-alerts.yml");
    let done = promtool().args(["check", "rules"]).arg(rules).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
}

/// Names of metrics of ours in a text.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = |word: &&str| {
        ["faregate_", "process_"].iter().any(|own| word.starts_with(own)) && !word.ends_with('_')
    };
    words.filter(ours).map(str::to_owned).collect()
}

#[test]
fn every_metric_that_is_named_is_exposed_and_described() {
    let world = World::start();
    let scraped = scrape(&world);
    let exposed: BTreeSet<String> = scraped
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .map(str::to_owned)
        .collect();
    assert!(exposed.len() > 20, "{exposed:?}");
    let family = |name: &String| {
        let parts = ["_bucket", "_sum", "_count"];
        let whole = parts.iter().find_map(|part| name.strip_suffix(part));
        exposed.contains(name) || whole.is_some_and(|whole| exposed.contains(whole))
    };
    let files = [
        "deploy/grafana/faregate.json",
        "deploy/prometheus/faregate-alerts.yml",
        "docs/metrics.md",
    ];
    for file in files {
        let names = named(&std::fs::read_to_string(root().join(file)).unwrap());
        assert!(names.len() > 5, "{file} names {names:?}");
        let unknown: Vec<_> = names.iter().filter(|name| !family(name)).collect();
        assert!(unknown.is_empty(), "{file} names what is not exposed: {unknown:?}");
    }
    let described = named(&std::fs::read_to_string(root().join("docs/metrics.md")).unwrap());
    let missing: Vec<_> = exposed.difference(&described).collect();
    assert!(missing.is_empty(), "docs/metrics.md does not describe {missing:?}");
    let dashboard = std::fs::read_to_string(root().join("deploy/grafana/faregate.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&dashboard).expect("the dashboard is JSON");
}
