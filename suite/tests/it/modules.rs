//! The life of a module's document: compared, put, refused, put back; by a call and by a command.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::client::command;
use crate::raw::{send, signed_get};
use crate::serve::{Served, module_lb};
use crate::world::World;

const HOST: &str = "lb.api.qcloud.com";

#[test]
fn an_operator_puts_a_document_by_a_call_and_puts_the_last_one_back() {
    let world = World::start();
    let (operator, demo) = (world.account("operator"), world.account("demo"));
    let ask = |action: &str, params: Value| {
        command(&world).call_with(&operator, "account", action, &params)
    };
    let zones = || send(&world, &signed_get(&demo, "DescribeZones", &[])).code();
    let described = |version: Option<u32>| {
        let mut params = json!({ "module": "cvm" });
        params["version"] = json!(version);
        params.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        ask("DescribeModules", params)["modules"][0].clone()
    };
    let first = described(None);
    let document = first["document"].as_str().expect("a document").to_owned();
    assert_eq!((&first["version"], first["history"].as_array().unwrap().len()), (&json!(1), 1));
    let then = document.replace("operationId: DescribeZones", "operationId: DescribeAreas");
    assert_ne!(document, then);

    // A form takes no line breaks.
    let put = |text: &str, more: Value| {
        let mut params = more;
        params["document"] = STANDARD.encode(text).into();
        ask("PutModule", params)
    };
    let checked = put(&then, json!({ "checkOnly": true }));
    assert_eq!((&checked["code"], &checked["activated"]), (&json!(0), &json!(false)), "{checked}");
    let gone = json!({ "impact": "breaks", "action": "DescribeZones", "what": "is gone" });
    assert!(checked["changes"].as_array().unwrap().contains(&gone), "{checked}");
    let refused = put(&then, json!({}));
    assert_eq!(refused["code"], 5100, "{refused}");
    let say = refused["message"].as_str().unwrap();
    assert!(say.starts_with("(BreakingChange)") && say.contains("DescribeZones: is gone"), "{say}");
    let bad = put(&document.replace("openapi: 3.1.0", "openapi: 2.0"), json!({}));
    assert_eq!(bad["code"], 4000, "{bad}");
    assert!(bad["message"].as_str().unwrap().contains("OpenAPI 2.0"), "{bad}");
    assert_eq!((zones(), described(None)["version"].as_u64()), (0, Some(1)), "nothing has changed");

    let served = put(&then, json!({ "allowBreaking": true }));
    assert_eq!((&served["code"], &served["version"]), (&json!(0), &json!(2)), "{served}");
    assert_eq!(zones(), 6100, "it is served from the answer on");
    assert_eq!(send(&world, &signed_get(&demo, "DescribeAreas", &[])).code(), 0);
    let back = ask("RollbackModule", json!({ "module": "cvm" }));
    assert_eq!((&back["code"], &back["version"]), (&json!(0), &json!(3)), "{back}");
    assert_eq!(zones(), 0);
    let now = described(Some(2));
    assert_eq!(now["document"], then, "{now}");
    assert_eq!(now["history"][2]["because"], "back to version 1", "{now}");
    let by = format!("account:{}", operator.id);
    assert_eq!((&now["history"][2]["by"], &now["version"]), (&json!(by), &json!(3)));

    let log = ask("DescribeAudit", json!({ "limit": 2 }));
    let actions: Vec<_> =
        log["records"].as_array().unwrap().iter().map(|it| &it["action"]).collect();
    assert_eq!(actions, ["RollbackModule", "PutModule"], "{log}");
    for (params, code) in
        [(json!({ "module": "cvm", "version": 9 }), 5100), (json!({ "module": "none" }), 5000)]
    {
        assert_eq!(ask("RollbackModule", params.clone())["code"], code, "{params}");
    }
}

#[test]
fn a_document_is_compared_put_and_rolled_back_by_commands_beside_a_running_gateway() {
    let world = World::start();
    let upstream = world.upstream();
    let served = Served::start(|gate| module_lb(gate, &upstream));
    let file = served.gate().join("lb.yaml");
    let config = served.gate().join("faregate.toml").display().to_string();
    let run = |arguments: &[&str]| {
        let arguments = [&["module"], arguments, &["-c", &config]].concat();
        let done =
            std::process::Command::new(crate::world::binary()).args(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code().unwrap(), text(&done.stdout), text(&done.stderr))
    };
    let next = served.gate().join("next.yaml").display().to_string();
    let before = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&next, before.replace("DescribeBalancerZones", "DescribeA")).unwrap();
    let (code, out, err) = run(&["diff", &next, "--exit-code"]);
    assert_eq!(code, 4, "{out}{err}");
    assert!(out.contains("breaks    DescribeBalancerZones  is gone"), "{out}");
    let (code, out, err) = run(&["add", &next]);
    assert_eq!(code, 4, "{out}{err}");
    assert!(err.contains("breaks: DescribeBalancerZones: is gone"), "{err}");
    assert!(err.contains("--allow-breaking"), "{err}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before, "nothing was added");
    let until = |action: &str, wanted: u64| {
        let done = (0..160).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            served.call(HOST, action).code() == wanted
        });
        assert!(done, "{action} is not answered {wanted}");
    };
    let (code, out, err) = run(&["add", &next, "--allow-breaking"]);
    assert_eq!(code, 0, "{out}{err}");
    until("DescribeA", 0);
    let (code, out, err) = run(&["rollback", "lb"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("lb: version 3 is what version 1 was"), "{out}");
    until("DescribeBalancerZones", 0);
    let (_, out, _) = run(&["history", "lb"]);
    let told: Vec<&str> = out.lines().skip(1).collect();
    assert!(
        told.len() == 3 && told[2].starts_with("3*") && told[2].contains("back to version 1"),
        "{out}"
    );
    let (_, out, _) = run(&["show", "lb", "--version", "2"]);
    assert!(out.contains("operationId: DescribeA"), "{out}");
    for (arguments, code, said) in [
        (["rollback", "lbs", "--to=1"], 2, "did you mean `lb`?"),
        (["rollback", "lb", "--to=9"], 2, "has no version 9"),
        (["show", "lb", "--version=9"], 2, "faregate module history lb"),
        (["diff", "nowhere.yaml", "--exit-code"], 2, "cannot read `nowhere.yaml`"),
    ] {
        let (ended, out, err) = run(&arguments);
        assert!(ended == code && err.contains(said), "{arguments:?}: {ended} {out}{err}");
    }
}
