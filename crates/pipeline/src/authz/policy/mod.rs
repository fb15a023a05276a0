//! Policies: what a key, a user or a session may do of what its account may.
//!
//! The shape is CAM's (PROTOCOL 1.7 has its answers): statements of effect, action, resource and condition.
//! `read` takes a text and refuses what it does not know, for a misspelt deny denies nothing; `bundle` compiles
//! and decides; `explain` says which statement decided, and what would have to change.
//! Invariants: a deny wins; what no statement allows is refused; what cannot be judged counts as met for a deny
//! and as unmet for an allow. Never: grants an object of another account; that is not decided here.

mod bundle;
mod calendar;
mod circumstances;
mod condition;
mod explain;
mod names;
mod pattern;
mod read;
mod values;

use std::sync::Arc;

pub use bundle::{Bundle, Decision};
pub use calendar::{moment, show};
pub use condition::{Arguments, Context};
pub use explain::{Change, Explanation, explain};
pub use names::{Asked, asked};
pub use read::{STATEMENTS_MAX, TEXT_BYTES_MAX, read, read_kept};

use condition::Condition;
use pattern::{ActionPattern, ResourcePattern};

/// A policy: its name, and what it says.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name within its account.
    pub name: Arc<str>,
    /// In the order of its text.
    pub statements: Vec<Statement>,
}

/// What a statement does to the calls that it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Lets them be.
    Allow,
    /// Refuses them, whatever others allow.
    Deny,
}

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The name of its policy.
    pub policy: Arc<str>,
    /// Its place in the policy, from 1.
    pub number: usize,
    /// What it does.
    pub effect: Effect,
    actions: Vec<ActionPattern>,
    resources: Vec<ResourcePattern>,
    conditions: Vec<Condition>,
}

impl Statement {
    fn speaks_of_action(&self, module: &str, action: &str) -> bool {
        self.actions.iter().any(|pattern| pattern.matches(module, action))
    }

    fn speaks_of_resource(&self, module: &str, region: &str, path: &str) -> bool {
        self.resources.iter().any(|pattern| pattern.matches(module, region, path))
    }

    /// Must the parameters of a call be read before it can be judged.
    fn needs_arguments(&self) -> bool {
        !self.resources.iter().any(ResourcePattern::is_anything)
            || self.conditions.iter().any(Condition::is_of_parameter)
    }
}

/// One call, as policies see it.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The module's name.
    pub module: &'a str,
    /// The action.
    pub action: &'a str,
    /// What it is asked of: `instance/ins-1`, `instance/*`, `*`.
    pub resources: &'a [String],
    /// From where, when, and with what.
    pub context: Context<'a>,
}

#[cfg(test)]
mod naive;
#[cfg(test)]
mod random;
#[cfg(test)]
mod spec;
