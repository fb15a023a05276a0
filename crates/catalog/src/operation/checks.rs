//! What the terms of an operation name: parameters that exist and can hold it.

use serde_json::Value;

use super::owning::reaches;
use super::{Access, Binding, Grant};
use crate::diagnostic::Report;
use crate::document::{Span, Spot};
use crate::extension::{OperationTerms, OwningTerms};
use crate::parameters::{Member, Types, chain, types_of};
use crate::suggestion;

/// The parameters that name resources: those of `resources`, and those that are given back, away or lent.
pub(super) fn bindings(
    report: &mut Report<'_>,
    resources: Vec<(Binding, Spot<'_>)>,
    terms: &OwningTerms<'_>,
) -> Vec<Binding> {
    let mut bindings: Vec<Binding> = resources.into_iter().map(|(binding, _)| binding).collect();
    let returned =
        terms.returns.iter().map(|it| (&it.returns.parameter, &it.returns.kind, &it.spot));
    let given = terms.transfers.iter().map(|(t, at)| (&t.parameter, &t.kind, at));
    let lent = terms.shares.iter().map(|(s, at)| (&s.parameter, &s.kind, at));
    for (parameter, kind, at) in returned.chain(given).chain(lent) {
        match bindings.iter().find(|binding| binding.parameter == *parameter) {
            None => bindings.push(Binding { parameter: parameter.clone(), kind: kind.clone() }),
            Some(bound) if bound.kind == *kind => {}
            Some(bound) => {
                let what = format!("`{parameter}` names resources of type `{}`", bound.kind);
                report.error(report.value(at), what, None);
            }
        }
    }
    bindings
}

/// Another name must be of a parameter that exists, and be no parameter itself.
pub(super) fn aliases<'d>(
    report: &mut Report<'d>,
    members: &[Member<'d>],
    terms: &OperationTerms<'d>,
) {
    for (name, of, spot) in &terms.api3.parameters {
        if !members.iter().any(|member| member.name == *of) {
            let near = suggestion::did_you_mean(of, members.iter().map(|m| m.name.as_str()));
            let what = format!("`{of}` is not a parameter of this action");
            report.error(report.value(spot), what, near);
        }
        if members.iter().any(|member| crate::parameters::strip(&member.name, name).is_some()) {
            report.error(report.key(spot), format!("`{name}` is a parameter of this action"), None);
        }
    }
}

/// The terms must name parameters that exist and can hold ids.
pub(super) fn terms<'d>(
    report: &mut Report<'d>,
    members: &[Member<'d>],
    terms: &OperationTerms<'d>,
) {
    let OwningTerms { returns, transfers, shares, .. } = &terms.owning;
    let named = terms.resources.iter().map(|(b, at)| (&b.parameter, report.key(at)));
    let returned = returns.iter().map(|it| (&it.returns.parameter, report.value(&it.spot)));
    let given = transfers.iter().flat_map(|(t, at)| [(&t.parameter, at), (&t.to, at)]);
    let lent = shares.iter().flat_map(|(s, at)| {
        let access = match &s.access {
            Access::Parameter(name) => Some((name, at)),
            Access::Always(_) => None,
        };
        [Some((&s.parameter, at)), Some((&s.with, at)), access].into_iter().flatten()
    });
    let moved = given.chain(lent).map(|(name, at)| (name, report.value(at)));
    let all: Vec<(&String, Span)> = named.chain(returned).chain(moved).collect();
    for (name, at) in all {
        let Some(member) = members.iter().find(|member| member.name == *name) else {
            let nested = members.iter().any(|member| {
                let rest = name.strip_prefix(&member.name).and_then(|rest| rest.strip_prefix('.'));
                rest.is_some_and(|rest| reaches(report.document, &member.spots, rest))
            });
            if nested {
                continue;
            }
            let near = suggestion::did_you_mean(name, members.iter().map(|m| m.name.as_str()));
            let what = format!("`{name}` is not a parameter of this action");
            report.error(at, what, near);
            continue;
        };
        if types_of(report.document, member).has(Types::OBJECT) {
            let what =
                format!("`{name}` is an object: resources are named by an id or a list of ids");
            report.error(at, what, None);
        }
    }
    recipients(report, members, &terms.owning);
}

/// A resource has one owner, and what a call grants is one of three words.
fn recipients<'d>(report: &mut Report<'d>, members: &[Member<'d>], terms: &OwningTerms<'d>) {
    let member = |name: &str| members.iter().find(|member| member.name == name);
    if let Some((transfers, at)) = &terms.transfers
        && member(&transfers.to).is_some_and(|m| types_of(report.document, m).has(Types::ARRAY))
    {
        let what = format!("`{}` is a list: a resource has one owner", transfers.to);
        report.error(report.value(at), what, None);
    }
    if let Some((shares, at)) = &terms.shares
        && let Access::Parameter(name) = &shares.access
        && let Some(member) = member(name)
    {
        let known = chain(report.document, &member.spots).iter().any(|spot| {
            let options = spot.value.get("enum").and_then(Value::as_array);
            options.is_some_and(|options| {
                options.iter().all(|option| option.as_str().and_then(Grant::parse).is_some())
            })
        });
        if !known {
            let what = format!("`{name}` may say what grants nothing that is known");
            let help = Some("give it an `enum` of `read`, `write` and `none`".to_owned());
            report.error(report.value(at), what, help);
        }
    }
}
