//! Which statement decided, and the smallest changes that would let the call be.

use std::fmt;
use std::sync::Arc;

use super::bundle::{Bundle, Decision};
use super::condition::Met;
use super::pattern::{ActionPattern, Glob, ResourcePattern};
use super::{Effect, Question, Statement};

/// What policies say of a call, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// May it be.
    pub allowed: bool,
    /// The statement that decided: its policy and its number. None: no statement allows it.
    pub deciding: Option<(Arc<str>, usize)>,
    /// The resource at which it was decided.
    pub resource: String,
    /// What would let it be, in this order; empty if it may be.
    pub changes: Vec<Change>,
}

/// A change that brings a call nearer to being allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A statement that denies it goes.
    Remove {
        /// Its policy.
        policy: Arc<str>,
        /// Its number.
        number: usize,
    },
    /// A statement that would allow it, were it not for a condition.
    Meet {
        /// Its policy.
        policy: Arc<str>,
        /// Its number.
        number: usize,
        /// The operators and keys that do not hold.
        conditions: Vec<String>,
    },
    /// One more resource in a statement that allows the action already.
    AddResource {
        /// Its policy.
        policy: Arc<str>,
        /// Its number.
        number: usize,
        /// As it is written in a policy.
        resource: String,
    },
    /// A statement of its own.
    AddStatement {
        /// As it is written in a policy.
        action: String,
        /// As it is written in a policy.
        resource: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remove { policy, number } => {
                write!(
                    f,
                    "remove statement {number} of policy `{policy}`, which denies it, or narrow it"
                )
            }
            Self::Meet { policy, number, conditions } => {
                let conditions = conditions.join(", ");
                write!(
                    f,
                    "statement {number} of policy `{policy}` would allow it if its condition held: {conditions}"
                )
            }
            Self::AddResource { policy, number, resource } => {
                write!(
                    f,
                    "add \"{resource}\" to `resource` of statement {number} of policy `{policy}`"
                )
            }
            Self::AddStatement { action, resource } => write!(
                f,
                "add the statement {{ \"effect\": \"allow\", \"action\": \"{action}\", \"resource\": \"{resource}\" }}"
            ),
        }
    }
}

/// Judges a call of `account`, and says why.
#[must_use]
pub fn explain(bundle: &Bundle, question: &Question<'_>, account: &str) -> Explanation {
    let (allowed, deciding, resource) = match bundle.decide(question) {
        Decision::Allowed(by) => (true, Some(by), question.resources.first().map_or("*", |r| r)),
        Decision::Denied(by, at) => (false, Some(by), at),
        Decision::NotAllowed(at) => (false, None, at),
    };
    let deciding = deciding.map(|by| (Arc::clone(&by.policy), by.number));
    let resource = resource.to_owned();
    let changes = changes(bundle.to_sets(), question, account);
    Explanation { allowed, deciding, resource, changes }
}

/// Makes one change after the other, until the call may be.
fn changes(mut sets: Vec<Vec<Statement>>, question: &Question<'_>, account: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    // Each change takes a statement out of the way or covers a resource: there is an end.
    let n_statements: usize = sets.iter().map(Vec::len).sum();
    for _ in 0..=n_statements + (question.resources.len() + 1) * (sets.len() + 1) {
        let bundle = Bundle::of_sets(sets.iter().cloned());
        let Some(set) = bundle.refusing(question).and_then(|place| sets.get_mut(place)) else {
            return changes;
        };
        let change = match bundle.decide(question) {
            Decision::Allowed(_) => return changes,
            Decision::Denied(by, _) => {
                let (policy, number) = (Arc::clone(&by.policy), by.number);
                set.retain(|own| own.policy != policy || own.number != number);
                Change::Remove { policy, number }
            }
            Decision::NotAllowed(at) => let_be(set, question, account, at),
        };
        changes.push(change);
    }
    changes
}

/// What lets a resource be that nothing allows.
fn let_be(set: &mut Vec<Statement>, question: &Question<'_>, account: &str, path: &str) -> Change {
    let Question { module, action, context, .. } = question;
    let region = context.region();
    let speaks =
        |own: &Statement| own.effect == Effect::Allow && own.speaks_of_action(module, action);
    let unmet = |own: &Statement| {
        let unmet = own.conditions.iter().filter(|one| one.met(module, context) != Met::Yes);
        unmet.map(|one| one.to_string()).collect::<Vec<_>>()
    };
    let covers = |own: &Statement| own.speaks_of_resource(module, region, path);
    if let Some(near) = set.iter_mut().find(|own| speaks(own) && covers(own)) {
        let change = Change::Meet {
            policy: Arc::clone(&near.policy),
            number: near.number,
            conditions: unmet(near),
        };
        near.conditions.clear();
        return change;
    }
    let pattern =
        ResourcePattern { module: Some((*module).into()), region: None, path: Glob::new(path) };
    let resource =
        if path == "*" { "*".to_owned() } else { format!("qcs::{module}::uin/{account}:{path}") };
    if let Some(near) = set.iter_mut().find(|own| speaks(own) && unmet(own).is_empty()) {
        near.resources.push(pattern);
        let (policy, number) = (Arc::clone(&near.policy), near.number);
        return Change::AddResource { policy, number, resource };
    }
    set.push(Statement {
        policy: "".into(),
        number: 0,
        effect: Effect::Allow,
        actions: vec![ActionPattern {
            module: Some((*module).into()),
            action: Glob::Exact((*action).into()),
        }],
        resources: vec![pattern],
        conditions: Vec::new(),
    });
    Change::AddStatement { action: format!("name/{module}:{action}"), resource }
}
