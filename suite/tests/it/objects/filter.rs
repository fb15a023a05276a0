//! Lists that a module forgot to filter, and a module in shadow.

use serde_json::{Value, json};

use super::cloud::{Cloud, DOCUMENT};

fn faults(cloud: &Cloud) -> Vec<(String, u64)> {
    let told: Value = serde_json::from_str(&cloud.run(&["resources", "faults", "--json"])).unwrap();
    let rows = told.as_array().unwrap().iter().map(|row| {
        let name =
            format!("{} {}", row["subject"].as_str().unwrap(), row["what"].as_str().unwrap());
        (name, row["count"].as_u64().unwrap())
    });
    rows.collect()
}

#[test]
fn what_a_module_forgot_to_filter_is_dropped_counted_and_shown() {
    let mut cloud = Cloud::start();
    assert!(cloud.serve(DOCUMENT, ""));
    let (ann, bob) = (cloud.ann.clone(), cloud.bob.clone());
    let (first, second) = (cloud.buy(&ann), cloud.buy(&ann));
    cloud.buy(&bob);
    let lent = cloud.buy(&bob);
    let to_ann = [("instanceIds.0", lent.as_str()), ("accountId", &ann.id), ("access", "read")];
    cloud.done(&bob, "ShareInstances", &to_ann);
    let honest = cloud.done(&ann, "DescribeInstances", &[]);
    assert_eq!(faults(&cloud), []);
    let leaky = cloud.done(&ann, "DescribeInstances", &[("forgetAccounts", "true")]);
    let ids = |answer: &Value| -> Vec<String> {
        let set = answer["instanceSet"].as_array().unwrap();
        set.iter().map(|one| one["instanceId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&leaky), [first, second, lent]);
    assert_eq!(leaky["instanceSet"], honest["instanceSet"]);
    assert_eq!(leaky["totalCount"], 3);
    // Counted behind the answer.
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(faults(&cloud), [("DescribeInstances foreign-listed".to_owned(), 1)]);
    let log = std::fs::read_to_string(cloud.path("access.log")).unwrap();
    assert!(log.contains("\"event\":\"foreign-listed\""), "{log}");
}

#[test]
fn in_shadow_nothing_is_refused_and_all_of_it_is_written_down() {
    let mut cloud = Cloud::start();
    assert!(cloud.serve(DOCUMENT, "ownership = \"shadow\""));
    let (ann, bob) = (cloud.ann.clone(), cloud.bob.clone());
    let foreign = cloud.buy(&bob);
    // Compute itself knows whose it is: what the gateway let pass is refused by the module.
    let reply = cloud.call(
        &ann,
        faregate_signing::Method::Get,
        "ReturnInstance",
        &[("instanceId".to_owned(), foreign.clone())],
    );
    assert_eq!(reply.code(), 5000, "{}", reply.text);
    let listed = cloud.done(&ann, "DescribeInstances", &[("forgetAccounts", "true")]);
    assert_eq!(listed["instanceSet"][0]["instanceId"], json!(foreign));
    std::thread::sleep(std::time::Duration::from_millis(200));
    let counted = faults(&cloud);
    for wanted in ["ReturnInstance shadowed", "DescribeInstances foreign-listed"] {
        assert!(counted.contains(&(wanted.to_owned(), 1)), "{wanted}: {counted:?}");
    }
    assert!(!cloud.serve(DOCUMENT, "ownership = \"shadows\""), "a word that is not known");
}
