//! `Bundle`: all policies that a key is under, compiled: an index of the actions, then a few comparisons.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::condition::Met;
use super::{Effect, Policy, Question, Statement};

/// The policies of a key. Empty of sets it allows everything: only a key of the account itself has none.
#[derive(Debug)]
pub struct Bundle {
    sets: SmallVec<[Set; 1]>,
}

/// Policies that allow together.
#[derive(Debug, Default)]
struct Set {
    statements: Vec<Statement>,
    /// By the names of their actions, those that have no stars.
    exact: HashMap<Box<str>, Vec<usize>>,
    /// The others.
    others: Vec<usize>,
}

/// What policies say of a call.
#[derive(Clone, Copy, Debug)]
pub enum Decision<'a> {
    /// Yes: of each set, a statement that allows it.
    Allowed(&'a Statement),
    /// No: this statement denies it, at this resource.
    Denied(&'a Statement, &'a str),
    /// No: no statement allows it, at this resource.
    NotAllowed(&'a str),
}

impl Decision<'_> {
    /// Yes.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

impl Bundle {
    /// What all of these policies allow together; a session's own policies only narrow that.
    #[must_use]
    pub fn new(policies: Vec<Policy>, session: Option<Vec<Policy>>) -> Self {
        let all = std::iter::once(policies).chain(session);
        let statements = |set: Vec<Policy>| set.into_iter().flat_map(|policy| policy.statements);
        Self::of_sets(all.map(|set| statements(set).collect()))
    }

    pub(super) fn of_sets(sets: impl Iterator<Item = Vec<Statement>>) -> Self {
        Self { sets: sets.map(Set::new).collect() }
    }

    pub(super) fn to_sets(&self) -> Vec<Vec<Statement>> {
        self.sets.iter().map(|set| set.statements.clone()).collect()
    }

    /// The set whose word a decision is: the first that refuses.
    pub(super) fn refusing(&self, question: &Question<'_>) -> Option<usize> {
        self.sets.iter().position(|set| !set.decide(question).is_allowed())
    }

    /// All statements, in the order of their policies.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.sets.iter().flat_map(|set| &set.statements)
    }

    /// Must the parameters be read before a call of this action can be judged.
    #[must_use]
    pub fn needs_arguments(&self, module: &str, action: &str) -> bool {
        self.sets.iter().any(|set| set.concerned(module, action).any(Statement::needs_arguments))
    }

    /// Does any statement of each set allow this action, of some resource in some circumstances.
    #[must_use]
    pub fn may_allow(&self, module: &str, action: &str) -> bool {
        let allows = |statement: &Statement| statement.effect == Effect::Allow;
        self.sets.iter().all(|set| set.concerned(module, action).any(allows))
    }

    /// Judges a call. Of several sets the first that refuses answers.
    #[must_use]
    pub fn decide<'a>(&'a self, question: &Question<'a>) -> Decision<'a> {
        let mut last = Decision::NotAllowed("*");
        for set in &self.sets {
            last = set.decide(question);
            if !last.is_allowed() {
                return last;
            }
        }
        last
    }
}

impl Set {
    fn new(statements: Vec<Statement>) -> Self {
        let mut set = Self::default();
        for statement in statements {
            let place = set.statements.len();
            let names: Option<Vec<&str>> =
                statement.actions.iter().map(|pattern| pattern.action.exact()).collect();
            match names {
                Some(names) => {
                    for name in names {
                        let places = set.exact.entry(name.into()).or_default();
                        if places.last() != Some(&place) {
                            places.push(place);
                        }
                    }
                }
                None => set.others.push(place),
            }
            set.statements.push(statement);
        }
        set
    }

    /// The statements that speak of an action.
    fn concerned(&self, module: &str, action: &str) -> impl Iterator<Item = &Statement> {
        let exact = self.exact.get(action).map(Vec::as_slice).unwrap_or_default();
        exact
            .iter()
            .chain(&self.others)
            .filter_map(|place| self.statements.get(*place))
            .filter(move |statement| statement.speaks_of_action(module, action))
    }

    fn decide<'a>(&'a self, question: &Question<'a>) -> Decision<'a> {
        let Question { module, action, resources, context } = question;
        let mut denying: SmallVec<[&Statement; 8]> = SmallVec::new();
        let mut allowing: SmallVec<[&Statement; 8]> = SmallVec::new();
        for statement in self.concerned(module, action) {
            let met = met(statement, question);
            match statement.effect {
                Effect::Deny if met != Met::No => denying.push(statement),
                Effect::Allow if met == Met::Yes => allowing.push(statement),
                Effect::Deny | Effect::Allow => {}
            }
        }
        let region = context.region();
        let mut allowed = Decision::NotAllowed("*");
        let nothing = [String::from("*")];
        let whole = if resources.is_empty() { nothing.as_slice() } else { resources };
        for path in whole {
            let of = |s: &&&'a Statement| s.speaks_of_resource(module, region, path);
            // An empty list of resources is told as `*`, for the list here does not outlive the answer.
            let told = resources.iter().find(|own| *own == path).map_or("*", String::as_str);
            if let Some(statement) = denying.iter().find(of) {
                return Decision::Denied(statement, told);
            }
            match allowing.iter().find(of) {
                Some(statement) => allowed = Decision::Allowed(statement),
                None => return Decision::NotAllowed(told),
            }
        }
        allowed
    }
}

/// Do all conditions of a statement hold; one that does not decides, whatever is unclear.
fn met(statement: &Statement, question: &Question<'_>) -> Met {
    let mut all = Met::Yes;
    for condition in &statement.conditions {
        match condition.met(question.module, &question.context) {
            Met::Yes => {}
            Met::No => return Met::No,
            Met::Unclear => all = Met::Unclear,
        }
    }
    all
}
