//! The contract's page, from top to bottom: one test a sentence, named by it, through the public API.

use faregate_contract::{Code, ModuleError};
use serde_json::{Value, json};

use crate::client::{Client, order, sdk, with};
use crate::raw::{nonce, now, send, send_plain, signed_get};
use crate::serve::TwoModules;
use crate::world::{Account, World};

const PAGE: &str = include_str!("../../../crates/contract/src/code/page.md");

/// What stands on the page and is no sentence of the contract: titles, the table's head, the feedback widget.
const FURNITURE: &[&str] = &[
    "Last updated: 2018-06-14 14:44:24",
    "1. Common Error Code",
    "Error Code Error Type Description",
    "2. Module Error Code",
    "Was this page helpful?",
    "Was this page helpful?",
    "• Not at all",
    "• Not very helpful",
    "• Somewhat helpful",
    "• Very helpful",
    "• Extremely helpful",
    "Send Feedback",
];

/// One test a sentence; `SENTENCES` holds them in the order of the page.
macro_rules! sentences {
    ($(fn $name:ident() $sentence:literal $test:expr;)*) => {
        $(#[test] fn $name() { let test: fn() = $test; test(); })*
        const SENTENCES: &[&str] = &[$($sentence),*];
    };
}

#[test]
fn no_sentence_of_the_page_is_without_a_test() {
    let mut rest = PAGE.split_once("Error Codes\n").expect("the page begins with its title").1;
    let mut left = String::new();
    for sentence in SENTENCES {
        let (before, after) = rest
            .split_once(sentence)
            .unwrap_or_else(|| panic!("not on the page, or out of order: {sentence}"));
        left.push_str(before);
        left.push('\n');
        rest = after;
    }
    let mut rest = left + rest;
    for furniture in FURNITURE {
        rest = rest.replacen(furniture, "", 1);
    }
    let typed = Code::ALL
        .iter()
        .fold(rest, |rest, code| rest.replacen(&format!("{code} {}", code.error_type()), "", 1));
    assert_eq!(typed.trim(), "", "sentences without a test");
}

fn message(answer: &Value) -> &str {
    answer["message"].as_str().expect("a message")
}

/// The answer to a call of the SDK on a new world.
fn answer(account: &str, action: &str, params: &Value) -> Value {
    sdk(&World::start()).call(account, action, params)
}

/// That the answer links the section of the documents, and that the link leads to it.
fn refers_to(world: &World, answer: &Value, document: &str) {
    let told = format!("{} {}", message(answer), answer["docUrl"].as_str().unwrap_or_default());
    let path = told.split([' ', ',', '"']).find_map(|word| {
        let at = word.find(&format!("/docs/{document}"))?;
        word.get(at..)
    });
    let path = path.unwrap_or_else(|| panic!("no link to docs/{document}: {answer}"));
    let page = world.page(path.trim_end_matches('.'));
    assert!(page.len() > 500, "{path}: {page}");
}

/// A call with a wrong key.
fn unauthenticated(world: &World) -> Value {
    let wrong = Account {
        secret_key: "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA".to_owned(),
        ..world.account("demo")
    };
    sdk(world).call_with(&wrong, "cvm", "DescribeZones", &json!({}))
}

/// The first refusal of a burst.
fn over_quota(world: &World) -> Value {
    let limited = world.account("limited");
    let burst = (0..60).map(|_| send(world, &signed_get(&limited, "DescribeZones", &[])).json());
    burst.into_iter().find(|answer| answer["code"] != 0).expect("60 calls at once: none refused")
}

/// An instance of `demo`, stopped.
fn stopped(client: &Client<'_>) -> String {
    let id = client.buy("demo");
    client.expect(0, "demo", "StopInstances", &json!({"instanceIds": [id]}));
    id
}

/// Waits until a maintenance switch is seen, then gives the answer.
fn under_maintenance(world: &World, how: &[&str]) -> Value {
    let mut arguments = vec!["maintenance", "on", "cvm:DescribeProject"];
    arguments.extend(how);
    world.run(&arguments);
    let demo = world.account("demo");
    let answers = (0..60).map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        send(world, &signed_get(&demo, "DescribeProject", &[])).json()
    });
    answers.into_iter().find(|answer| answer["code"] != 0).expect("it is still served")
}

fn small() -> Value {
    order("S1.SMALL1", "gz-1")
}

sentences! {
    fn the_error_code_indicates_the_result_of_the_call()
        "The error code in the returned result indicates the result of user's call to the cloud API."
        || for (action, code) in [("DescribeZones", 0), ("DescribeNothing", 6100)] {
            assert_eq!(answer("demo", action, &json!({}))["code"], code, "{action}");
        };
    fn code_is_the_common_error_code_of_all_modules()
        "code is common error code, which applies to APIs of all modules."
        || for code in Code::ALL { assert_eq!(Code::try_from(code.number()).ok(), Some(code)); };
    fn a_code_of_0_means_the_call_succeeded()
        "A code of 0 means the call succeeded."
        || { let said = answer("demo", "DescribeZones", &json!({})); assert_eq!((&said["code"], &said["totalCount"]), (&json!(0), &json!(4)), "{said}"); };
    fn other_values_mean_the_call_failed()
        "Other values means the call failed."
        || { let said = answer("demo", "DescribeInstances", &json!({"limit": "abc"})); assert!(said["code"] != 0 && said["instanceSet"].is_null(), "{said}"); };
    fn the_user_can_find_out_the_cause_and_act()
        "If the call fails, the user can find out the cause of the error based on the following table and take appropriate actions."
        || {
            let world = World::start();
            for code in Code::ALL.into_iter().filter(|code| !code.is_success()) {
                let page = world.page(&format!("/errors/{code}"));
                assert!(page.contains(code.error_type()), "/errors/{code}: {page}");
            }
        };
    fn required_parameters_are_missing_or_values_are_not_in_the_correct_format()
        "Required parameters are missing, or parameter valuesare not in the correct format."
        || {
            let (world, mut missing) = (World::start(), small());
            missing.as_object_mut().unwrap().remove("zone");
            let client = sdk(&world);
            client.expect(4000, "demo", "RunInstances", &missing);
            client.expect(4000, "demo", "DescribeInstances", &json!({"limit": "abc"}));
        };
    fn the_message_field_holds_the_detailed_message()
        "Refer to the error description in \"message\" field for detailed error message."
        || { let said = answer("demo", "DescribeInstances", &json!({"limit": "abc"})); assert!(message(&said).contains("limit"), "{said}"); };
    fn signature_authentication_failed()
        "Signature authentication failed."
        || assert_eq!(unauthenticated(&World::start())["code"], 4100);
    fn a_4100_refers_to_the_authentication_section()
        "Please refer to the Authentication section in the document."
        || { let world = World::start(); refers_to(&world, &unauthenticated(&world), "authentication"); };
    fn the_request_has_expired()
        "The request has expired."
        || assert_eq!(answer("demo", "DescribeZones", &json!({"Timestamp": now() - 600}))["code"], 4200);
    fn a_4200_refers_to_the_request_validity_period_section()
        "Please refer to the Request Validity Period section in the document."
        || { let world = World::start(); let said = sdk(&world).call("demo", "DescribeZones", &json!({"Timestamp": now() - 600})); refers_to(&world, &said, "request-validity-period"); };
    fn the_account_is_suspended_or_not_within_the_user_range()
        "Account is suspended or not within the user range of the API."
        || {
            let world = World::start();
            let client = sdk(&world);
            client.expect(4300, "suspended", "DescribeZones", &json!({}));
            client.expect(4300, "demo", "DescribeInternalUsage", &json!({}));
        };
    fn the_number_of_requests_exceeds_the_quota()
        "The number of requests exceeds the quota."
        || assert_eq!(over_quota(&World::start())["code"], 4400);
    fn a_4400_refers_to_the_request_quota_section()
        "Please refer to the Request Quota section in the document."
        || { let world = World::start(); refers_to(&world, &over_quota(&world), "request-quota"); };
    fn nonce_and_timestamp_ensure_that_each_request_is_executed_only_once()
        "The Nonce and Timestamp parameters can ensure that each request will be executed only once on the server."
        || {
            let world = World::start();
            let bytes = signed_get(&world.account("demo"), "CreateProject", &[("projectName", "one")]);
            let codes: Vec<_> = (0..3).map(|_| send(&world, &bytes).code()).collect();
            assert_eq!((codes, world.executed("CreateProject")), (vec![0, 4500, 4500], 1));
        };
    fn the_nonce_is_not_the_last_one_and_timestamps_are_within_2_hours()
        "Therefore, the Nonce value cannot be the same as last one, and the difference between Timestamp and Tencent server time cannot be greater than 2 hours."
        || {
            let (world, same) = (World::start(), nonce());
            let client = sdk(&world);
            client.expect(0, "demo", "DescribeZones", &json!({"Nonce": same, "Timestamp": now() - 2}));
            client.expect(4500, "demo", "DescribeZones", &json!({"Nonce": same, "Timestamp": now()}));
            client.expect(4500, "demo", "DescribeZones", &json!({"Timestamp": now() - 7_210}));
            client.expect(4500, "demo", "DescribeZones", &json!({"Timestamp": now() + 7_210}));
            client.expect(0, "demo", "DescribeZones", &json!({"Timestamp": now() + 7_190}));
        };
    fn the_protocol_is_not_supported()
        "The protocol is not supported."
        || { let world = World::start(); assert_eq!(send_plain(&world, &signed_get(&world.account("demo"), "DescribeZones", &[])).code(), 4600); };
    fn a_4600_refers_to_the_relevant_document()
        "Please refer to the relevant document."
        || { let world = World::start(); let said = send_plain(&world, &signed_get(&world.account("demo"), "DescribeZones", &[])).json(); refers_to(&world, &said, "protocols"); };
    fn the_instance_does_not_exist_was_returned_or_is_another_users()
        "The instance corresponding to resource ID does not exist, or the instance has been returned, or another user's resource is accessed."
        || {
            let world = World::start();
            let client = sdk(&world);
            let returned = client.buy("demo");
            client.expect(0, "demo", "ReturnInstance", &json!({"instanceId": returned}));
            let foreign = client.call("other", "DescribeInstances", &json!({}))["instanceSet"][0]["instanceId"].as_str().unwrap().to_owned();
            for id in ["ins-00000000", &returned, &foreign] {
                client.expect(5000, "demo", "RenewInstance", &json!({"instanceId": id, "period": 1}));
            }
        };
    fn the_operation_performed_on_the_resource_failed()
        "The operation performed on the resource failed."
        || { let world = World::start(); let client = sdk(&world); let id = stopped(&client); client.expect(5100, "demo", "RestartInstances", &json!({"instanceIds": [id]})); };
    fn a_5100_says_the_specific_error_in_its_message()
        "For specific error message, see the message field in error description."
        || { let said = answer("demo", "RunInstances", &with(small(), "projectId", 999_999)); assert_eq!((&said["code"], message(&said)), (&json!(5100), "(100004) incorrect projectId")); };
    fn a_5100_says_whether_to_try_again_and_whom_to_ask()
        "Try again later or contact customer service personnel for help."
        || { let said = answer("demo", "RunInstances", &with(small(), "projectId", 999_999)); assert!(said["retryable"].is_boolean() && said["fix"].is_string(), "{said}"); };
    fn resource_purchase_failed()
        "Resource purchase failed."
        || assert_eq!(answer("demo", "RunInstances", &order("GPU.LARGE1", "gz-2"))["code"], 5200);
    fn a_5200_is_unsupported_configuration_or_insufficient_resource()
        "This may be caused by unsupported instance configuration or insufficient resource."
        || {
            let world = World::start();
            let client = sdk(&world);
            client.expect(0, "demo", "RunInstances", &order("GPU.LARGE1", "gz-1"));
            for (zone, own) in [("gz-1", "(200001)"), ("gz-2", "(200002)")] {
                let said = client.expect(5200, "demo", "RunInstances", &order("GPU.LARGE1", zone));
                assert!(message(&said).starts_with(own), "{said}");
            }
        };
    fn resource_purchase_failed_because_of_insufficient_balance()
        "Resource purchase failed because of insufficient balance."
        || assert_eq!(answer("poor", "RunInstances", &with(small(), "period", 36))["code"], 5300);
    fn part_of_the_batch_operations_was_performed()
        "Part of the batch operations have been performed successfully."
        || {
            let world = World::start();
            let client = sdk(&world);
            let (good, bad) = (client.buy("demo"), stopped(&client));
            client.expect(5400, "demo", "RestartInstances", &json!({"instanceIds": [good, bad]}));
            assert_eq!(world.executed("RestartInstances"), 1);
        };
    fn a_5400_holds_more_in_its_returned_value()
        "For more information, refer to the returned value of method."
        || {
            let world = World::start();
            let client = sdk(&world);
            let (good, bad) = (client.buy("demo"), stopped(&client));
            let said = client.expect(5400, "demo", "RestartInstances", &json!({"instanceIds": [good, bad]}));
            assert_eq!((&said["detail"][&good]["code"], &said["detail"][&bad]["code"]), (&json!(0), &json!(5100)), "{said}");
        };
    fn resource_purchase_failed_for_want_of_identity_verification()
        "Resource purchase failed because the user failed to pass identity verification."
        || assert_eq!(answer("unverified", "RunInstances", &small())["code"], 5500);
    fn an_internal_error_occurred_on_the_server()
        "An internal error occurred on the server."
        || assert_eq!(answer("demo", "RunInstances", &with(small(), "imageId", "img-500"))["code"], 6000);
    fn a_6000_says_whether_to_try_again_and_whom_to_ask()
        "Try again later or contact customer service personnel for help."
        || { let said = answer("demo", "RunInstances", &with(small(), "imageId", "img-500")); assert!(said["retryable"].is_boolean() && said["requestId"].is_string(), "{said}"); };
    fn the_api_is_not_in_this_version_or_under_maintenance()
        "This API is not supported in this version or the API is under maintenance."
        || {
            let world = World::start();
            sdk(&world).expect(6100, "demo", "DescribeZones", &json!({"Version": "2099-01-01"}));
            assert_eq!(under_maintenance(&world, &["--lasting"])["code"], 6100);
        };
    fn a_6100_says_to_check_the_domain_first()
        "Note: When this error occurs, first check whether the domain of the API is correct."
        || { let said = answer("demo", "DescribeNothing", &json!({})); assert!(message(&said).contains("domain"), "{said}"); };
    fn different_modules_may_have_different_domains()
        "Different modules may have different domains."
        || {
            let two = TwoModules::start();
            for (host, code) in [("cvm.api.qcloud.com", 0), ("lb.api.qcloud.com", 6100)] {
                let said = two.call(host, "DescribeInstances");
                assert_eq!(said["code"], code, "{host}: {said}");
            }
        };
    fn the_api_is_under_maintenance_and_unavailable()
        "The API is under maintenance and is unavailable."
        || assert_eq!(under_maintenance(&World::start(), &["--for", "10m"])["code"], 6200);
    fn a_6200_may_be_tried_again_later()
        "Please try again later."
        || {
            let world = World::start();
            under_maintenance(&world, &["--for", "10m"]);
            let reply = send(&world, &signed_get(&world.account("demo"), "DescribeProject", &[]));
            assert_eq!((reply.json()["retryable"].as_bool(), reply.header("retry-after").is_some()), (Some(true), true), "{}", reply.text);
        };
    fn the_message_field_indicates_module_errors()
        "message field indicates errors related to modules."
        || {
            let own = answer("demo", "RunInstances", &with(small(), "projectId", 999_999));
            let ours = answer("demo", "DescribeInstances", &json!({"limit": "abc"}));
            assert!(message(&own).starts_with('(') && !message(&ours).starts_with('('), "{own} {ours}");
        };
    fn the_example_of_the_page_is_answered_word_for_word()
        "\"message\": \"(100004) incorrect projectId\""
        || { let said = answer("demo", "RunInstances", &with(small(), "projectId", 999_999)).to_string(); assert!(said.contains(r#""message":"(100004) incorrect projectId""#), "{said}"); };
    fn it_consists_of_the_modules_code_and_the_description()
        "It consists of two parts - the string within () indicates the module error code, and the string following () is the error description."
        || {
            let said = answer("demo", "RunInstances", &with(small(), "projectId", 999_999));
            let own: ModuleError = message(&said).parse().unwrap();
            assert_eq!((own.code.as_str(), own.description.as_str()), ("100004", "incorrect projectId"));
        };
    fn different_modules_may_produce_different_errors()
        "Different modules may produce different errors."
        || {
            let world = World::start();
            let client = sdk(&world);
            let id = client.buy("demo");
            let said = [
                client.call("demo", "StartInstances", &json!({"instanceIds": [id]}))["detail"][&id]["message"].clone(),
                client.call("demo", "RunInstances", &order("GPU.LARGE1", "gz-2"))["message"].clone(),
            ];
            let codes: Vec<_> = said.iter().map(|one| one.as_str().unwrap().parse::<ModuleError>().unwrap().code.as_str().to_owned()).collect();
            assert_eq!(codes, ["100010", "200002"]);
        };
    fn the_user_can_identify_the_cause_by_the_description()
        "The user can identify the cause of error based on error description."
        || { let said = answer("demo", "RunInstances", &order("GPU.LARGE1", "gz-2")); assert!(message(&said).contains("is not offered"), "{said}"); };
}
