//! The extension at an operation: what its answer changes about who has what.

use super::Returned;
use super::fields::Fields;
use crate::diagnostic::Report;
use crate::document::Spot;
use crate::operation::{Access, Creates, Filter, Grant, JsonPath, Returns, Shares, Transfers};

/// What an operation says about ownership, each with the place of what names a parameter.
#[derive(Debug, Default)]
pub(crate) struct OwningTerms<'d> {
    pub(crate) creates: Option<Creates>,
    pub(crate) returns: Option<Returned<'d>>,
    pub(crate) transfers: Option<(Transfers, Spot<'d>)>,
    pub(crate) shares: Option<(Shares, Spot<'d>)>,
    pub(crate) filter: Option<Filter>,
}

pub(super) fn read<'d>(report: &mut Report<'d>, fields: &Fields<'d>) -> OwningTerms<'d> {
    OwningTerms {
        creates: creates(report, fields),
        returns: returns(report, fields),
        transfers: transfers(report, fields),
        shares: shares(report, fields),
        filter: filter(report, fields),
    }
}

fn creates(report: &mut Report<'_>, fields: &Fields<'_>) -> Option<Creates> {
    let spot = fields.spot.get("creates")?;
    let creates = Fields::open(report, spot, &["at", "type"])?;
    let kind = creates.needed(report, "type");
    let at = creates.needed(report, "at")?;
    let place = creates.spot.get("at")?;
    let path = JsonPath::parse(at);
    if path.is_none() {
        let help = Some("write `$.instanceIds[*]` for every item of a list".to_owned());
        report.error(report.value(&place), format!("`{at}` is not a JSONPath"), help);
    }
    Some(Creates { kind: kind?.to_owned(), at: path? })
}

fn returns<'d>(report: &mut Report<'_>, fields: &Fields<'d>) -> Option<Returned<'d>> {
    let spot = fields.spot.get("returns")?;
    let returns = Fields::open(report, spot, &["param", "refund", "type"])?;
    let kind = returns.needed(report, "type");
    let parameter = returns.needed(report, "param");
    let refund = returns.text(report, "refund").zip(returns.spot.get("refund"));
    let spot = returns.spot.get("param")?;
    let (kind, parameter) = (kind?.to_owned(), parameter?.to_owned());
    Some(Returned { returns: Returns { kind, parameter, refund: None }, spot, refund })
}

fn transfers<'d>(report: &mut Report<'_>, fields: &Fields<'d>) -> Option<(Transfers, Spot<'d>)> {
    let spot = fields.spot.get("transfers")?;
    let transfers = Fields::open(report, spot, &["param", "to", "type"])?;
    let kind = transfers.needed(report, "type");
    let parameter = transfers.needed(report, "param");
    let to = transfers.needed(report, "to");
    let place = transfers.spot.get("param")?;
    let (kind, parameter, to) = (kind?.to_owned(), parameter?.to_owned(), to?.to_owned());
    Some((Transfers { kind, parameter, to }, place))
}

fn shares<'d>(report: &mut Report<'_>, fields: &Fields<'d>) -> Option<(Shares, Spot<'d>)> {
    let spot = fields.spot.get("shares")?;
    let shares = Fields::open(report, spot, &["access", "accessParam", "param", "type", "with"])?;
    let kind = shares.needed(report, "type");
    let parameter = shares.needed(report, "param");
    let with = shares.needed(report, "with");
    let access = access(report, &shares);
    let place = shares.spot.get("param")?;
    let shares = Shares {
        kind: kind?.to_owned(),
        parameter: parameter?.to_owned(),
        with: with?.to_owned(),
        access: access?,
    };
    Some((shares, place))
}

fn access(report: &mut Report<'_>, shares: &Fields<'_>) -> Option<Access> {
    let (always, parameter) = (shares.spot.get("access"), shares.spot.get("accessParam"));
    match (always, parameter) {
        (Some(spot), None) => {
            let text = shares.text(report, "access")?;
            let grant = Grant::parse(text);
            if grant.is_none() {
                let what = format!("`{text}` is not what an account may do");
                let help = Some("write `read`, `write` or `none`".to_owned());
                report.error(report.value(&spot), what, help);
            }
            grant.map(Access::Always)
        }
        (None, Some(_)) => {
            shares.text(report, "accessParam").map(|name| Access::Parameter(name.to_owned()))
        }
        (None, None) | (Some(_), Some(_)) => {
            let what = "what the account may do stands in `access`, or in `accessParam`";
            let help = Some("write `access: read`".to_owned());
            report.error(report.key(&shares.spot), what, help);
            None
        }
    }
}

/// A path alone, where the module has one type; else with its type.
fn filter(report: &mut Report<'_>, fields: &Fields<'_>) -> Option<Filter> {
    let spot = fields.spot.get("filter")?;
    let (kind, at, count, place) = if let Some(at) = spot.value.as_str() {
        let Some(kind) = only_kind(fields) else {
            let what = "the type of what is listed is not known";
            let help = format!("write `filter: {{ type: instance, at: \"{at}\" }}`");
            report.error(report.value(&spot), what, Some(help));
            return None;
        };
        (kind, at, None, spot)
    } else {
        let filter = Fields::open(report, spot, &["at", "count", "type"])?;
        let kind = filter.needed(report, "type");
        let at = filter.needed(report, "at");
        let count = filter.text(report, "count").map(str::to_owned);
        (kind?.to_owned(), at?, count, filter.spot.get("at")?)
    };
    let filter = Filter::parse(kind, at, count);
    if filter.is_none() {
        let what = format!("`{at}` is not a JSONPath to the ids of a list");
        let help = Some("write `$.instanceSet[*].instanceId`".to_owned());
        report.error(report.value(&place), what, help);
    }
    filter
}

/// The type of all that this operation's parameters name.
fn only_kind(fields: &Fields<'_>) -> Option<String> {
    let resources = fields.spot.get("resources")?;
    let mut kinds = resources.members().filter_map(|(_, spot)| spot.value.as_str());
    let first = kinds.next()?;
    kinds.all(|kind| kind == first).then(|| first.to_owned())
}
