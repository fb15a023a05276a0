//! Broken in two ways, the earlier gate answers: every pair of gates.

use crate::call::{RawCall, RawMethod};
use crate::facts::{AccountState, Claim, Identity, Owner, Switch, SwitchState};
use crate::fixture::{World, get, insufficient};

/// One way to break a purchase at each gate, in the order of the gates, and what it is answered.
struct Break {
    gate: &'static str,
    code: u16,
    world: fn(&mut World),
    call: fn(&mut RawCall),
}

const GOOD: &[(&str, &str)] = &[("instanceId", "ins-1"), ("period", "1")];

fn breaks() -> Vec<Break> {
    fn nothing(_: &mut World) {}
    fn same(_: &mut RawCall) {}
    let at = |gate, code, world: fn(&mut World), call: fn(&mut RawCall)| Break {
        gate,
        code,
        world,
        call,
    };
    vec![
        at("protocol", 4600, nothing, |call| call.method = RawMethod::Other("PUT".into())),
        at("domain", 6100, nothing, |call| call.host = "nowhere.example".into()),
        at("form", 4000, nothing, |call| call.query.as_mut().unwrap().push_str("&Action=Again")),
        at(
            "action",
            6200,
            |world| {
                world.switches.push(Switch {
                    module: "cvm".into(),
                    action: None,
                    state: SwitchState::Until(world.now.plus(60_000)),
                    from: None,
                    message: None,
                    testers: Vec::new(),
                });
            },
            same,
        ),
        at("signature", 4100, |world| world.key_known = false, same),
        at("validity", 4200, |world| world.fence = Some(world.now), same),
        at("access", 4300, |world| world.account.state = AccountState::Suspended, same),
        at("replay", 4500, |world| world.claim = Claim::Seen, same),
        at("quota", 4400, |world| world.refused_for_s = Some(1), same),
        // Parameters are broken by signing others, below.
        at("resources", 5000, |world| world.owner = Owner::Absent, same),
        at("identity", 5500, |world| world.account.identity = Identity::Unverified, same),
        at("balance", 5300, |world| world.hold = insufficient(), same),
    ]
}

#[test]
fn a_good_purchase_passes_every_gate() {
    let world = World::new();
    let funded = world.walk(get("RenewInstance", GOOD)).unwrap();
    assert_eq!(funded.held().unwrap().to_string(), "30.00");
}

#[test]
fn of_two_faults_the_earlier_gate_answers() {
    let breaks = breaks();
    for (n, first) in breaks.iter().enumerate() {
        for second in &breaks[n..] {
            let (mut world, mut call) = (World::new(), get("RenewInstance", GOOD));
            for broken in [first, second] {
                (broken.world)(&mut world);
                (broken.call)(&mut call);
            }
            let answer = world.walk(call).err().map(|refusal| refusal.code.number());
            assert_eq!(answer, Some(first.code), "{} and {}", first.gate, second.gate);
        }
    }
}

#[test]
fn parameters_are_judged_after_the_quota_and_before_the_resources() {
    let bad = || get("RenewInstance", &[("instanceId", "ins-1"), ("period", "never")]);
    let mut world = World::new();
    world.owner = Owner::Absent;
    assert_eq!(world.reason(bad()), Some((4000, "WRONG_TYPE")));
    world.refused_for_s = Some(1);
    assert_eq!(world.reason(bad()), Some((4400, "RATE")));
}
