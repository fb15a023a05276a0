//! What a scenario file may say, and how it is told what it may not.

use super::*;

#[track_caller]
fn good(text: &str) -> Scenario {
    read("s.yaml", text, false).unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn a_step_is_a_call_with_what_it_must_answer() {
    let scenario = good(
        "name: All\nsetup:\n  - clock: +3h\nsteps:\n  - name: first\n    call: cvm RunInstances\n    \
         account: poor\n    params: { period: 1, ids: [a, b] }\n    headers: { X-Faregate-Fault: \"4400\" }\n    \
         tries: 5\n    stamped: -10m\n    expect: { code: 4400, moduleCode: 0012, body: { \"$.a\": 1 } }\n    \
         capture: { id: \"$.requestId\" }\n  - again: first\n  - call: cvm DescribeZones\n  - call: cvm DescribeZones\n",
    );
    assert_eq!((scenario.name.as_str(), scenario.steps.len()), ("All", 5));
    let names: Vec<_> = scenario.steps.iter().map(|step| step.name.as_str()).collect();
    let wanted = [
        "clock +3h",
        "first",
        "first, the same bytes again",
        "cvm DescribeZones",
        "cvm DescribeZones, 2",
    ];
    assert_eq!(names, wanted);
    let Act::Call(call) = &scenario.steps[1].act else { panic!("{:?}", scenario.steps[1]) };
    assert_eq!((call.times, call.stamped_s), (Times::Until(5), -600));
    let expect = &scenario.steps[1].expect;
    assert_eq!((expect.code, expect.module_code.as_deref()), (Some(4400), Some("0012")));
    assert_eq!((scenario.steps[0].line, scenario.steps[1].line), (3, 5));
    assert!(matches!(scenario.steps[2].act, Act::Again(1, _)));
}

#[test]
fn what_is_wrong_is_underlined_where_it_stands() {
    for (title, steps, line, says) in [
        ("no YAML", "  - call: [", 2, "no scenario"),
        ("an unknown key", "  - call: cvm A\n    expct: { code: 0 }\n", 3, "expct"),
        ("nothing to do", "  - account: demo\n", 2, "a step does one thing"),
        ("two things", "  - call: cvm A\n    wait: 1s\n", 2, "a step does one thing"),
        ("no action", "  - call: cvm\n", 2, "MODULE ACTION"),
        ("no code", "  - call: cvm A\n    expect: { code: 4401 }\n", 3, "`4401` is no code"),
        ("no path", "  - call: cvm A\n    expect: { body: { a: 1 } }\n", 3, "no JSONPath"),
        ("no capture", "  - call: cvm A\n    capture: { id: nope }\n", 3, "no JSONPath"),
        ("nobody to repeat", "  - again: first\n", 2, "no earlier call is named `first`"),
        ("a clock back", "  - clock: -3h\n", 2, "it goes forward"),
        ("no fault", "  - fault: { on: cvm, fault: 4401 }\n", 2, "`4401` is no fault"),
        ("no target", "  - fault: { on: \"cvm:\", fault: 4400 }\n", 2, "MODULE:ACTION"),
        ("no time", "  - wait: soon\n", 2, "90s"),
        ("no method", "  - call: cvm A\n    method: PUT\n", 3, "GET or POST"),
        ("no dialect", "  - call: cvm A\n    dialect: v9\n", 3, "is no dialect"),
        ("both counts", "  - call: cvm A\n    repeat: 2\n    tries: 2\n", 4, "two things"),
        ("none at all", "  - call: cvm A\n    repeat: 0\n", 3, "from 1 to"),
        (
            "what nobody hears",
            "  - clock: +3h\n    expect: { code: 0 }\n",
            2,
            "`expect` stands only",
        ),
        (
            "a key for bytes",
            "  - call: cvm A\n  - again: cvm A\n    account: demo\n",
            3,
            "`account` stands",
        ),
        (
            "one name twice",
            "  - { name: a, call: cvm A }\n  - { name: a, call: cvm B }\n",
            3,
            "`a`",
        ),
    ] {
        let why = read("s.yaml", &format!("steps:\n{steps}"), false).unwrap_err();
        assert!(why.contains(says), "{title}: {why}");
        assert!(why.contains(&format!("s.yaml:{line}:")), "{title}: {why}");
    }
}

#[test]
fn all_of_it_is_told_at_once() {
    let text = "steps:\n  - call: cvm\n  - wait: soon\n  - again: nobody\n";
    let why = read("s.yaml", text, false).unwrap_err();
    assert_eq!(why.matches("error").count(), 3, "{why}");
}
