//! A running gateway takes over what changed, by signal, by command and by itself; what is bad changes nothing.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::serve::{Served, module_lb};
use crate::world::World;

const HOST: &str = "lb.api.qcloud.com";

/// A gateway with the module `lb`, of one action; its upstream answers that action and no other.
fn start(world: &World) -> Served {
    let upstream = world.upstream();
    Served::start(|gate| module_lb(gate, &upstream))
}

impl Served {
    fn status(&self) -> Value {
        serde_json::from_str(&self.run(&["status", "--json"])).unwrap()
    }

    /// Until it is served for the n-th time, or refused.
    #[track_caller]
    fn until(&self, what: &str, is: impl Fn(&Value) -> bool) {
        let done = (0..200).any(|_| {
            thread::sleep(Duration::from_millis(50));
            is(&self.status())
        });
        assert!(done, "{what}: {}", self.status());
    }

    fn write(&self, name: &str, change: impl FnOnce(String) -> String) {
        let file = self.gate().join(name);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, change(text)).unwrap();
    }
}

fn generation(status: &Value) -> u64 {
    status["generation"].as_u64().unwrap()
}

#[test]
fn a_changed_document_is_served_by_itself_by_signal_and_by_command() {
    let world = World::start();
    let served = start(&world);
    assert_eq!(served.call(HOST, "DescribeBalancerZones").code(), 0);
    let renamed = |from: &'static str, to: &'static str| {
        move |text: String| {
            text.replace(&format!("operationId: {from}"), &format!("operationId: {to}"))
        }
    };
    // By itself.
    served.write("lb.yaml", renamed("DescribeBalancerZones", "DescribeA"));
    served.until("a changed file", |status| generation(status) == 2);
    assert_eq!(served.call(HOST, "DescribeA").code(), 0);
    let gone = served.call(HOST, "DescribeBalancerZones");
    assert_eq!((gone.code(), gone.json()["reason"].as_str()), (6100, Some("NO_SUCH_ACTION")));
    // By signal: also where nothing has changed.
    served.tell("HUP");
    served.until("a signal", |status| status["because"] == "SIGHUP");
    assert_eq!(generation(&served.status()), 3);
    // By command, which says what came of it.
    let said = served.run(&["reload"]);
    assert!(said.contains("1 modules, 1 actions"), "{said}");
    assert_eq!(generation(&served.status()), 4);
    assert_eq!(served.call(HOST, "DescribeA").code(), 0);
}

#[test]
fn a_bad_file_replaces_nothing_and_is_shown_until_it_is_mended() {
    let world = World::start();
    let served = start(&world);
    served.write("lb.yaml", |text| text.replace("openapi: 3.1.0", "openapi: 2.0"));
    let done = served.command(&["reload"]);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(3), "{said}");
    assert!(said.contains("lb.yaml") && said.contains("OpenAPI 2.0"), "{said}");
    assert_eq!(served.call(HOST, "DescribeBalancerZones").code(), 0, "what was before goes on");
    let status = served.status();
    assert_eq!((status["good"].as_bool(), generation(&status)), (Some(false), 1), "{status}");
    served.write("lb.yaml", |text| text.replace("openapi: 2.0", "openapi: 3.1.0"));
    served.until("mended", |status| status["good"] == true);
    let log = served.said();
    assert!(log.contains("not reloaded") && log.contains("\"event\":\"reload\""), "{log}");
}

#[test]
fn without_a_gateway_there_is_nobody_to_ask() {
    let world = World::start();
    let mut served = start(&world);
    served.kill();
    for command in ["reload", "status"] {
        let done = served.command(&[command]);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(5), "{said}");
        assert!(said.contains("no gateway answers") && said.contains("faregate serve"), "{said}");
    }
}
