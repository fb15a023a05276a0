//! An embedded home goes over into PostgreSQL, cut off in the middle, and everything in it works there.

use std::process::Command;

use super::cluster::Cluster;
use crate::raw::{ORDER, signed_get};
use crate::world::binary;

#[test]
fn accounts_keys_objects_and_money_go_over_and_what_was_signed_before_does_not_come_again() {
    let mut cluster = Cluster::start("");
    // The demo is the embedded home: stopped, then copied.
    let demo = cluster.world.account("demo");
    let spent = signed_get(&demo, "RunInstances", &ORDER);
    let bought = crate::raw::send(&cluster.world, &spent).json();
    let id = bought["instanceIds"][0].as_str().unwrap_or_else(|| panic!("{bought}")).to_owned();
    let embedded = cluster.world.balance(&demo);
    let copy = |cluster: &Cluster, data: &std::path::Path| {
        let mut copy = Command::new(binary());
        copy.args(["store", "copy", "--from", "embedded", "--to", "postgres", "--data"]);
        copy.arg(data).arg("-c").arg(cluster.gates[0].config()).output().unwrap()
    };
    let refused = copy(&cluster, &cluster.world.data());
    let says = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && says.contains("another gateway is running"), "{says}");

    cluster.gates.iter_mut().for_each(super::cluster::Gate::kill);
    cluster.world.kill();
    let data = cluster.world.data();
    let refused = copy(&cluster, &data);
    let says = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && says.contains("keyring"), "{says}");

    // An empty database, and the embedded home's keyring.
    cluster.servers.create_database("copied");
    for gate in &cluster.gates {
        let config = std::fs::read_to_string(gate.config()).unwrap();
        std::fs::write(gate.config(), config.replace("/faregate\"", "/copied\"")).unwrap();
        std::fs::copy(data.join("keyring"), gate.data().join("keyring")).unwrap();
    }
    cluster.gates[0].run(&["migrate"]);
    // As if it had been cut off: one row is there already.
    let begun = copy(&cluster, &data);
    assert!(begun.status.success(), "{}", String::from_utf8_lossy(&begun.stderr));
    cluster.servers.sql("copied", "DELETE FROM orders; DELETE FROM entries WHERE seq > 2");
    let done = copy(&cluster, &data);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stdout).contains("copied and counted"));

    cluster.gates.iter_mut().for_each(super::cluster::Gate::launch);
    let (available, held) = cluster.balance(&demo);
    assert_eq!(
        (embedded["available"].as_str(), embedded["held"].as_str()),
        (Some(&*available), Some(&*held))
    );
    cluster.money_adds_up();
    let [one, two] = [&cluster.gates[0], &cluster.gates[1]];
    let again = one.send(&spent).code();
    assert!(matches!(again, 4200 | 4500), "a purchase of before the copy: {again}");
    // The fence is a second ahead of the copy at most, and stamps are whole seconds.
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    let seen = two.call(&demo, "DescribeInstances", &[("instanceIds.0", &id)]);
    assert_ne!(seen.code(), 5000, "its object is its own: {}", seen.text);
    let foreign =
        two.call(&cluster.world.account("other"), "DescribeInstances", &[("instanceIds.0", &id)]);
    assert_eq!(foreign.code(), 5000, "{}", foreign.text);
}
