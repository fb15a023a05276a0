//! What the validator says, as faults: one sentence each, in the words of an API's client.

use jsonschema::ValidationError;
use serde_json::Value;

use super::fault::{Fault, FaultReason, quoted};
use super::shape::Types;
use super::text_of;
use crate::schema::{TypeKind, ValidationErrorKind as Kind};

/// How many allowed values a message lists.
const OPTIONS_MAX: usize = 20;

/// A fault, and the parameter at the top that it belongs to.
pub(super) type Found = (String, Fault);

/// Adds the faults that one error of the validator stands for. `wire` names a place as it was sent.
pub(super) fn faults(
    error: &ValidationError<'_>,
    wire: &impl Fn(&[String]) -> String,
    found: &mut Vec<Found>,
) {
    let path: Vec<String> =
        error.instance_path().iter().map(|segment| segment.to_string()).collect();
    let mut add = |path: &[String], reason: FaultReason, rule: &str| {
        let name = wire(path);
        let message = format!("`{name}` {rule}.");
        let top = path.first().cloned().unwrap_or_default();
        found.push((top, Fault { parameter: name, reason, message }));
    };
    let below = |member: &str| {
        let mut path = path.clone();
        path.push(member.to_owned());
        path
    };
    let kind = error.kind();
    if let Kind::Required { property } = kind {
        let member = property.as_str().unwrap_or_default();
        return add(&below(member), FaultReason::Missing, "is required");
    }
    if let Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } =
        kind
    {
        for member in unexpected {
            add(&below(member), FaultReason::Unknown, "is not a parameter of this action");
        }
        return;
    }
    if let Kind::AnyOf { context } | Kind::OneOfNotValid { context } = kind
        && let Some(errors) = only_branch(context, &path)
    {
        return errors.iter().for_each(|error| faults(error, wire, found));
    }
    let (reason, rule) = rule(kind, error.instance());
    add(&path, reason, &rule);
}

/// The one branch whose type fits: its errors are the ones that help. `integer or null` with 0 below
/// a minimum of 1 should speak of the minimum.
fn only_branch<'e>(
    context: &'e [Vec<ValidationError<'static>>],
    path: &[String],
) -> Option<&'e [ValidationError<'static>]> {
    let wrong_type = |error: &ValidationError<'_>| {
        matches!(error.kind(), Kind::Type { .. })
            && error.instance_path().iter().count() == path.len()
    };
    let mut fitting = context.iter().filter(|branch| !branch.iter().any(wrong_type));
    let only = fitting.next()?;
    (fitting.next().is_none() && !only.is_empty()).then_some(only.as_slice())
}

#[expect(clippy::too_many_lines, reason = "one row for each rule of JSON Schema")]
fn rule(kind: &Kind, instance: &Value) -> (FaultReason, String) {
    let sent = text_of(instance).map_or_else(|| "this value".to_owned(), |text| quoted(&text));
    match kind {
        Kind::Type { kind } => {
            (FaultReason::WrongType, format!("must be {}, not {sent}", types(kind)))
        }
        Kind::Enum { options } => {
            (FaultReason::NotAllowed, format!("must be one of {}, not {sent}", listed(options)))
        }
        Kind::Constant { expected_value } => {
            (FaultReason::NotAllowed, format!("must be {}, not {sent}", shown(expected_value)))
        }
        Kind::Minimum { limit } => out_of_range(&format!("at least {limit}"), &sent),
        Kind::Maximum { limit } => out_of_range(&format!("at most {limit}"), &sent),
        Kind::ExclusiveMinimum { limit } => out_of_range(&format!("more than {limit}"), &sent),
        Kind::ExclusiveMaximum { limit } => out_of_range(&format!("less than {limit}"), &sent),
        Kind::MultipleOf { multiple_of } => {
            out_of_range(&format!("a multiple of {multiple_of}"), &sent)
        }
        Kind::MinLength { limit } => {
            (FaultReason::Length, format!("must have at least {limit} characters"))
        }
        Kind::MaxLength { limit } => {
            (FaultReason::Length, format!("must have at most {limit} characters"))
        }
        Kind::Pattern { pattern } => {
            (FaultReason::Pattern, format!("must match {}, and {sent} does not", quoted(pattern)))
        }
        Kind::Format { format } => {
            (FaultReason::Format, format!("must be of format {format}, not {sent}"))
        }
        Kind::MinItems { limit } => {
            (FaultReason::TooFew, format!("must have at least {limit} items"))
        }
        Kind::MaxItems { limit } => {
            (FaultReason::TooMany, format!("must have at most {limit} items"))
        }
        Kind::AdditionalItems { limit } => {
            (FaultReason::TooMany, format!("must have at most {limit} items"))
        }
        Kind::MinProperties { limit } => {
            (FaultReason::TooFew, format!("must have at least {limit} members"))
        }
        Kind::MaxProperties { limit } => {
            (FaultReason::TooMany, format!("must have at most {limit} members"))
        }
        Kind::UnevaluatedItems { .. } => {
            (FaultReason::TooMany, "has more items than it may".to_owned())
        }
        Kind::UniqueItems => (FaultReason::Repeated, "names the same item twice".to_owned()),
        Kind::OneOfMultipleValid { .. } => {
            (FaultReason::Rule, "fits more than one of the forms that it may have".to_owned())
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            let forms = context.len();
            (FaultReason::Rule, format!("fits none of the {forms} forms that it may have"))
        }
        Kind::Required { .. } => (FaultReason::Missing, "lacks a member".to_owned()),
        Kind::AdditionalProperties { .. }
        | Kind::UnevaluatedProperties { .. }
        | Kind::PropertyNames { .. } => {
            (FaultReason::Unknown, "has a member that it may not have".to_owned())
        }
        Kind::ContentEncoding { content_encoding } => {
            (FaultReason::Format, format!("must be encoded as {content_encoding}"))
        }
        Kind::ContentMediaType { content_media_type } => {
            (FaultReason::Format, format!("must hold {content_media_type}"))
        }
        Kind::FalseSchema | Kind::Not { .. } => {
            (FaultReason::NotAllowed, format!("may not be {sent}"))
        }
        Kind::Contains
        | Kind::Custom { .. }
        | Kind::FromUtf8 { .. }
        | Kind::BacktrackLimitExceeded { .. }
        | Kind::RegexEngineFailure { .. }
        | Kind::Referencing(_) => {
            (FaultReason::Rule, format!("breaks the rule `{}` of its schema", kind.keyword()))
        }
    }
}

fn out_of_range(bound: &str, sent: &str) -> (FaultReason, String) {
    (FaultReason::OutOfRange, format!("must be {bound}, not {sent}"))
}

fn types(kind: &TypeKind) -> String {
    let named = |types: Types, name: &str| types.with(Types::named(name).unwrap_or(Types::NONE));
    match kind {
        TypeKind::Single(one) => named(Types::NONE, one.as_str()).words(),
        TypeKind::Multiple(many) => {
            many.iter().fold(Types::NONE, |types, one| named(types, one.as_str())).words()
        }
    }
}

fn listed(options: &Value) -> String {
    let options = options.as_array().map_or(&[][..], Vec::as_slice);
    let mut listed: Vec<String> = options.iter().take(OPTIONS_MAX).map(shown).collect();
    if options.len() > OPTIONS_MAX {
        listed.push("…".to_owned());
    }
    listed.join(", ")
}

fn shown(value: &Value) -> String {
    quoted(&text_of(value).unwrap_or_else(|| value.to_string()))
}
