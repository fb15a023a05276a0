//! What does a decision of a key's policies cost? Budget: 0.5 us for 20 statements, however many there are of others.
//!
//! `cargo bench -p faregate-pipeline --bench policy`
//!
//! Inside the loop: one decision of one call on one named resource, the action changing each round so that nothing is
//! hoisted. Not inside: reading the call's parameters, and compiling the policies, which is done once a change.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a bench that cannot go on says so"
)]

use std::hint::black_box;
use std::time::Instant;

use faregate_pipeline::authz::policy::{Arguments, Bundle, Context, Question, read_kept};
use faregate_pipeline::time::Millis;
use serde_json::{Map, Value, json};

const ROUNDS: usize = 400_000;
const ACTIONS: [&str; 4] = ["DescribeInstances", "StopInstances", "RunInstances", "CreateProject"];

fn main() {
    println!("statements  of them with stars  ns a decision (least and most of 5)");
    for (n, n_stars) in [(1, 0), (20, 0), (20, 5), (20, 20), (100, 5), (1_000, 5)] {
        let bundle = bundle(n, n_stars);
        let mut figures: Vec<f64> = (0..5).map(|_| measure(&bundle)).collect();
        figures.sort_by(f64::total_cmp);
        println!(
            "{n:>10}  {n_stars:>18}  {:.0} ({:.0} to {:.0})",
            figures[2], figures[0], figures[4]
        );
    }
}

/// One statement in four speaks of an action that is called, each of one instance and one network.
fn bundle(n: usize, n_stars: usize) -> Bundle {
    let statement = |i: usize| -> Value {
        let action = match (i < n_stars, i % 4) {
            (true, _) => format!("name/cvm:Describe{i}*"),
            (false, 0) => format!("name/cvm:{}", ACTIONS[i / 4 % ACTIONS.len()]),
            (false, _) => format!("name/cvm:Other{i}"),
        };
        json!({
            "effect": if i % 10 == 9 { "deny" } else { "allow" },
            "action": action,
            "resource": format!("qcs::cvm:gz:uin/1:instance/ins-{i}"),
            "condition": { "ip_equal": { "qcs:ip": "10.0.0.0/8" } },
        })
    };
    let policies = (0..n).collect::<Vec<_>>();
    let policies = policies.chunks(50).map(|chunk| {
        let statements: Vec<Value> = chunk.iter().map(|i| statement(*i)).collect();
        read_kept("p", &json!({ "version": "2.0", "statement": statements }).to_string()).unwrap()
    });
    Bundle::new(policies.collect(), None)
}

fn measure(bundle: &Bundle) -> f64 {
    let arguments = Map::new();
    let resources = ["instance/ins-4".to_owned()];
    let context = Context {
        peer: [10, 1, 2, 3].into(),
        now: Millis::new(0),
        region: Some("gz"),
        arguments: Arguments::Read(&arguments),
    };
    let mut n_allowed = 0_usize;
    let begun = Instant::now();
    for round in 0..ROUNDS {
        let action = ACTIONS[round % ACTIONS.len()];
        let question = Question { module: "cvm", action, resources: &resources, context };
        n_allowed += usize::from(black_box(bundle).decide(black_box(&question)).is_allowed());
    }
    black_box(n_allowed);
    begun.elapsed().as_nanos() as f64 / ROUNDS as f64
}
