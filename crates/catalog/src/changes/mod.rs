//! What a new document of a module changes for its clients, in words: before it is served.
//!
//! Two compiled modules in, a list out. A change *breaks* if a call that was good may be refused or understood
//! otherwise; it *opens* if something was refused, or paid for, and is no longer. Both want to be meant. What a schema
//! says is compared keyword by keyword, in doubt as a break.

mod schema;

use std::fmt;

use crate::module::Module;
use crate::operation::{Audience, Batch, Operation, Purchase};
use schema::Side;

/// What a change does to those who call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impact {
    /// A call that was good may be refused, or means something else.
    Breaks,
    /// What was refused, checked or paid for is so no longer.
    Opens,
    /// Neither.
    Harmless,
}

impl Impact {
    /// One word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::Opens => "opens",
            Self::Harmless => "harmless",
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it does.
    pub impact: Impact,
    /// Of this action; none is the module itself.
    pub action: Option<String>,
    /// In words.
    pub what: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.action {
            Some(action) => write!(f, "{action}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// What is collected, of the action that is looked at.
struct Found {
    action: Option<String>,
    all: Vec<Change>,
}

impl Found {
    fn add(&mut self, impact: Impact, what: impl Into<String>) {
        self.all.push(Change { impact, action: self.action.clone(), what: what.into() });
    }

    fn breaks(&mut self, what: impl Into<String>) {
        self.add(Impact::Breaks, what);
    }

    fn opens(&mut self, what: impl Into<String>) {
        self.add(Impact::Opens, what);
    }

    fn harmless(&mut self, what: impl Into<String>) {
        self.add(Impact::Harmless, what);
    }
}

/// Every change from one document of a module to another: what breaks first, then what opens, each by action.
#[must_use]
pub fn changes(before: &Module, after: &Module) -> Vec<Change> {
    let mut found = Found { action: None, all: Vec::new() };
    of_module(before, after, &mut found);
    for operation in before.operations() {
        found.action = Some(operation.action.clone());
        match after.operation(&operation.action) {
            Some(then) => of_operation((before, operation), (after, then), &mut found),
            None => found.breaks("is gone"),
        }
    }
    for operation in after.operations().filter(|it| before.operation(&it.action).is_none()) {
        found.action = Some(operation.action.clone());
        found.harmless("is new");
    }
    found.all.sort_by(|a, b| (a.impact, &a.action).cmp(&(b.impact, &b.action)));
    found.all
}

fn of_module(before: &Module, after: &Module, found: &mut Found) {
    let (gone, new) = differing(&before.domains, &after.domains);
    gone.for_each(|domain| found.breaks(format!("the domain `{domain}` is gone")));
    new.for_each(|domain| found.harmless(format!("the domain `{domain}` is new")));
    let (gone, new) = differing(&before.versions, &after.versions);
    gone.for_each(|version| found.breaks(format!("the version `{version}` is gone")));
    new.for_each(|version| found.harmless(format!("the version `{version}` is new")));
    match (before.https_only, after.https_only) {
        (false, true) => found.breaks("plain HTTP is no longer answered"),
        (true, false) => found.opens("plain HTTP is answered"),
        (true, true) | (false, false) => {}
    }
    for (code, error) in &before.errors {
        match after.errors.get(code) {
            None => found.harmless(format!("the module's error `{code}` is gone")),
            Some(then) if then.code != error.code => {
                let (was, is) = (error.code, then.code);
                found
                    .breaks(format!("the module's error `{code}` comes with {is}, not with {was}"));
            }
            Some(_) => {}
        }
    }
    if before.upstream != after.upstream {
        let address = |of: &Module| format!("{}{}", of.upstream.authority, of.upstream.base_path);
        let (was, is) = (address(before), address(after));
        if was == is {
            let (was, is) = (before.upstream.timeout_ms, after.upstream.timeout_ms);
            found.harmless(format!("the service may take {is} ms, not {was} ms"));
        } else {
            found.harmless(format!("the service is at {is}, not at {was}"));
        }
    }
    if before.lifetimes != after.lifetimes {
        found.harmless("the days of its versions are others");
    }
}

/// What of one list is not in the other, either way.
fn differing<'a>(
    before: &'a [String],
    after: &'a [String],
) -> (impl Iterator<Item = &'a String>, impl Iterator<Item = &'a String>) {
    let gone = before.iter().filter(|name| !after.contains(name));
    (gone, after.iter().filter(|name| !before.contains(name)))
}

fn of_operation(
    (module, before): (&Module, &Operation),
    (module_then, after): (&Module, &Operation),
    found: &mut Found,
) {
    parameters((module, before), (module_then, after), found);
    if let (Some(was), Some(is)) = (&before.answer, &after.answer) {
        let (was, is) =
            (schema::whole(was, &module.schemas), schema::whole(is, &module_then.schemas));
        schema::compare(Side::Answer, "", (&was, &is), found);
    }
    who(before, after, found);
    sold(before.purchase.as_ref(), after.purchase.as_ref(), found);
    let refund = |of: &Operation| of.refund().map(|refund| format!("{refund:?}"));
    if refund(before) != refund(after) {
        found.breaks("what is given back of a price is something else");
    }
    batch(before.batch.as_ref(), after.batch.as_ref(), found);
    quota(before, after, found);
    owned(before, after, found);
    if before.lifetime != after.lifetime {
        found.harmless("the days of its deprecation and its end are others");
    }
}

fn parameters(
    (module, before): (&Module, &Operation),
    (module_then, after): (&Module, &Operation),
    found: &mut Found,
) {
    let then = after.parameters.describe();
    for parameter in before.parameters.describe() {
        let name = &parameter.name;
        let Some(is) = then.iter().find(|it| it.name == *name) else {
            found.breaks(format!("the parameter `{name}` is gone"));
            continue;
        };
        match (parameter.required, is.required) {
            (false, true) => found.breaks(format!("the parameter `{name}` is required now")),
            (true, false) => found.harmless(format!("the parameter `{name}` may be left out")),
            (true, true) | (false, false) => {}
        }
        if parameter.default != is.default {
            let said = |default: &Option<String>| match default {
                Some(text) => format!("`{text}`"),
                None => "nothing".to_owned(),
            };
            let (was, now) = (said(&parameter.default), said(&is.default));
            found.breaks(format!("the parameter `{name}`, left out, means {now}, not {was}"));
        }
        let was = schema::whole(&parameter.schema, &module.schemas);
        let is = schema::whole(&is.schema, &module_then.schemas);
        schema::compare(Side::Parameter, name, (&was, &is), found);
    }
    let known = before.parameters.describe();
    for parameter in then.iter().filter(|it| known.iter().all(|was| was.name != it.name)) {
        let name = &parameter.name;
        if parameter.required {
            found.breaks(format!("the parameter `{name}` is new and required"));
        } else {
            found.harmless(format!("the parameter `{name}` is new"));
        }
    }
}

/// Who may call it, and how it must be signed.
fn who(before: &Operation, after: &Operation, found: &mut Found) {
    match (&before.audience, &after.audience) {
        (Audience::Public, Audience::Groups(only)) => {
            found.breaks(format!("it is open to {} alone", only.join(", ")));
        }
        (Audience::Groups(_), Audience::Public) => found.opens("it is open to every account"),
        (Audience::Groups(were), Audience::Groups(are)) => {
            let (gone, new) = differing(were, are);
            gone.for_each(|name| found.breaks(format!("it is no longer open to {name}")));
            new.for_each(|name| found.opens(format!("it is open to {name}")));
        }
        (Audience::Public, Audience::Public) => {}
    }
    match (before.is_public, after.is_public) {
        (true, false) => found.breaks("it must be signed"),
        (false, true) => found.opens("anybody may call it, unsigned"),
        (true, true) | (false, false) => {}
    }
    if before.min_signature < after.min_signature {
        let least = after.min_signature.map_or("", |least| least.as_str());
        found.breaks(format!("it takes {least} at least"));
    } else if before.min_signature > after.min_signature {
        found.opens("it takes weaker signatures");
    }
    match (before.requires_identity, after.requires_identity) {
        (false, true) => found.breaks("the account's identity must be verified"),
        (true, false) => found.opens("the account's identity need not be verified"),
        (true, true) | (false, false) => {}
    }
    match (before.mutating, after.mutating) {
        (false, true) => {
            found.breaks("it changes something: whoever may only look may not call it")
        }
        (true, false) => found.opens("it changes nothing: whoever may only look may call it"),
        (true, true) | (false, false) => {}
    }
}

fn sold(before: Option<&Purchase>, after: Option<&Purchase>, found: &mut Found) {
    match (before, after) {
        (None, None) => {}
        (None, Some(is)) => {
            found.breaks(format!("it costs money: {} {}", is.price.source(), is.currency));
        }
        (Some(_), None) => found.opens("it costs nothing any more"),
        (Some(was), Some(is)) => {
            let (from, to) = (was.price.source(), is.price.source());
            if from != to {
                found.breaks(format!("its price is `{to}`, not `{from}`"));
            }
            if was.currency != is.currency {
                found.breaks(format!("its price is in {}, not in {}", is.currency, was.currency));
            }
            if was.settle != is.settle || was.confirm != is.confirm {
                found.harmless("money in doubt is settled otherwise");
            }
        }
    }
}

fn batch(before: Option<&Batch>, after: Option<&Batch>, found: &mut Found) {
    match (before, after) {
        (None, None) => {}
        (None, Some(is)) => {
            found
                .breaks(format!("it is a batch over `{}`, with an outcome for each item", is.over));
        }
        (Some(_), None) => found.breaks("it is no batch any more: one bad item refuses the call"),
        (Some(was), Some(is)) => {
            if was.over != is.over {
                found.breaks(format!("it is a batch over `{}`, not over `{}`", is.over, was.over));
            }
            if is.max < was.max {
                found.breaks(format!("it takes {} items at most, not {}", is.max, was.max));
            } else if is.max > was.max {
                found.harmless(format!("it takes {} items, not {}", is.max, was.max));
            }
            if was.rest != is.rest {
                found.breaks("what becomes of the items beside a refused one is something else");
            }
        }
    }
}

fn quota(before: &Operation, after: &Operation, found: &mut Found) {
    let number = |n: Option<u64>| n.unwrap_or(u64::MAX);
    let rate = |of: &Operation| of.quota.map(|it| u64::from(it.per_second.get()));
    let burst = |of: &Operation| of.quota.map(|it| u64::from(it.burst.get()));
    let at_once = |of: &Operation| of.totals.at_once.map(|it| u64::from(it.get()));
    let day = |of: &Operation| of.totals.day.map(std::num::NonZeroU64::get);
    let month = |of: &Operation| of.totals.month.map(std::num::NonZeroU64::get);
    for (what, was, is) in [
        ("a second", rate(before), rate(after)),
        ("at once, in a burst,", burst(before), burst(after)),
        ("a day", day(before), day(after)),
        ("a month", month(before), month(after)),
        ("under way", at_once(before), at_once(after)),
    ] {
        let said = |n: Option<u64>| n.map_or_else(|| "any number".to_owned(), |n| n.to_string());
        let told = format!("{} {what} may be, not {}", said(is), said(was));
        if number(is) < number(was) {
            found.breaks(told);
        } else if number(is) > number(was) {
            found.harmless(told);
        }
    }
}

/// Whose the objects are that it names, makes and lists.
fn owned(before: &Operation, after: &Operation, found: &mut Found) {
    for bound in &after.resources {
        if !before.resources.contains(bound) {
            let (name, kind) = (&bound.parameter, &bound.kind);
            found.breaks(format!("`{name}` names the account's own {kind} alone"));
        }
    }
    for bound in &before.resources {
        if after.resources.iter().all(|it| it.parameter != bound.parameter) {
            found.opens(format!("whose `{}` it is, is no longer checked", bound.parameter));
        }
    }
    match (&before.filter, &after.filter) {
        (Some(_), None) => found.opens("its list is no longer only of what is the account's own"),
        (None, Some(_)) => found.breaks("its list is only of what is the account's own"),
        (Some(_), Some(_)) | (None, None) => {}
    }
    match (&before.creates, &after.creates) {
        (Some(was), None) => found.opens(format!("the {} that it makes is nobody's", was.kind)),
        (None, Some(is)) => {
            found.harmless(format!("the {} that it makes is its account's", is.kind))
        }
        (Some(was), Some(is)) if was.kind != is.kind => {
            found.breaks(format!("it makes {}, not {}", is.kind, was.kind));
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
}
