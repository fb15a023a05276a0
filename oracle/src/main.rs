//! The evaluator of policies against Cedar's: random policies and calls, decided by both.
//!
//! `cargo run --manifest-path oracle/Cargo.toml -- [CASES] [SEED]`
//!
//! A case is one policy of ours, the same as a set of Cedar's policies, and one call. What must agree: allowed, denied by
//! a statement, or allowed by none. It ends with 1 at the first difference, and prints all of that case.

mod cases;
mod cedar;
mod dice;

use std::process::ExitCode;

use faregate_pipeline::authz::policy::{
    Arguments, Bundle, Context, Decision, Question, moment, read_kept,
};

use cases::Case;
use dice::Dice;

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Said {
    Allowed,
    Denied,
    NotAllowed,
}

fn ours(case: &Case) -> Result<Said, String> {
    let policy = read_kept("p", &case.policy.to_string()).map_err(|why| why.to_string())?;
    let bundle = Bundle::new(vec![policy], None);
    let resources = [case.path.clone()];
    let context = Context {
        peer: case.peer.parse().map_err(|why| format!("{why}"))?,
        now: moment(&case.at).ok_or("no moment")?,
        region: (!case.region.is_empty()).then_some(case.region.as_str()),
        arguments: Arguments::Read(&case.arguments),
    };
    let (module, action) = (case.module.as_str(), case.action.as_str());
    let question = Question { module, action, resources: &resources, context };
    Ok(match bundle.decide(&question) {
        Decision::Allowed(_) => Said::Allowed,
        Decision::Denied(..) => Said::Denied,
        Decision::NotAllowed(_) => Said::NotAllowed,
    })
}

fn run(n_cases: u64, seed: u64) -> Result<String, String> {
    let mut dice = Dice::new(seed);
    let mut counts = [0_u64; 3];
    for n in 1..=n_cases {
        let case = Case::drawn(&mut dice);
        let (said, theirs) = (ours(&case)?, cedar::decide(&case)?);
        if said != theirs {
            let text = cedar::policies(&case.policy)?;
            return Err(format!(
                "case {n} of seed {seed}: ours {said:?}, Cedar's {theirs:?}\n{case:#?}\n{text}"
            ));
        }
        match said {
            Said::Allowed => counts[0] += 1,
            Said::Denied => counts[1] += 1,
            Said::NotAllowed => counts[2] += 1,
        }
    }
    let [allowed, denied, not_allowed] = counts;
    Ok(format!(
        "{n_cases} cases of seed {seed}, 0 differences: {allowed} allowed, {denied} denied, {not_allowed} allowed by none"
    ))
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Ok(n_cases), Ok(seed)) =
        (arguments.next().unwrap_or(Ok(100_000)), arguments.next().unwrap_or(Ok(1)))
    else {
        eprintln!("usage: faregate-oracle [CASES] [SEED]");
        return ExitCode::from(2);
    };
    match run(n_cases, seed) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(said) => {
            eprintln!("{said}");
            ExitCode::FAILURE
        }
    }
}
