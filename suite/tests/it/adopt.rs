//! A data folder that was copied or restored is fenced, a person is told so, and has a way on.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::raw;
use crate::serve::TwoModules;
use crate::world::binary;

const HOST: &str = "cvm.api.qcloud.com";

fn faregate(arguments: &[&str], config: &Path) -> (Option<i32>, String) {
    let done = Command::new(binary()).args(arguments).arg("-c").arg(config).output().unwrap();
    let text = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn a_copied_folder_is_fenced_told_of_and_adopted() {
    let mut two = TwoModules::start();
    let old = two.served.signed(HOST, "DescribeZones");
    assert_eq!(two.served.send(&old).code(), 0);
    let (config, data) = (two.served.gate().join("faregate.toml"), two.served.data());
    let (code, said) = faregate(&["adopt"], &config);
    assert!(code == Some(3) && said.contains("another gateway is running"), "{code:?} {said}");
    assert!(!faregate(&["doctor"], &config).1.contains("replay:"));

    // What `cp -a` and every backup do: the same bytes in files that are born later.
    two.served.stop();
    let kept = data.with_file_name("kept");
    std::fs::rename(&data, &kept).unwrap();
    let copied = Command::new("cp").arg("-a").args([&kept, &data]).status().unwrap();
    assert!(copied.success());
    let (code, said) = faregate(&["doctor"], &config);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("is a copy") && said.contains("faregate adopt"), "{said}");

    // Started as it is, nothing passes for two hours, and the operator is told what to do.
    two.served.restart();
    let refused = two.served.call(HOST, "DescribeZones").json();
    assert_eq!(refused["reason"], "STAMPED_BEFORE_FENCE", "{refused}");
    assert!(two.served.said().contains("faregate adopt"), "{}", two.served.said());
    let (_, said) = faregate(&["doctor"], &config);
    assert!(said.contains("for another 7"), "{said}");

    // Adopted, the old copies stay refused, and what is signed after the fence passes.
    two.served.stop();
    let (code, said) = faregate(&["adopt", "--clients-ahead", "2s", "--json"], &config);
    assert_eq!(code, Some(0), "{said}");
    let told: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    let fence = told["fence"].as_u64().unwrap();
    assert!(fence <= raw::now() + 2, "{told}");
    two.served.restart();
    let replayed = two.served.send(&old).json();
    assert_eq!(replayed["reason"], "STAMPED_BEFORE_FENCE", "{replayed}");
    while raw::now() <= fence {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(two.served.call(HOST, "DescribeZones").code(), 0);
    assert_eq!(two.served.send(&old).json()["reason"], "STAMPED_BEFORE_FENCE");
    assert!(!faregate(&["doctor"], &config).1.contains("replay:"));
}
