//! The extension at an operation: the terms on which its action is offered.

use std::num::{NonZeroU32, NonZeroU64};

use super::fields::{Fields, listed};
use super::{KEY, OPERATION_KEYS, OwningTerms};
use crate::diagnostic::Report;
use crate::document::Spot;
use crate::lifetime::Lifetime;
use crate::operation::{
    Audience, Batch, Binding, InDoubt, JsonPath, MinSignature, Rate, Rest, Returns, Totals,
};
use crate::suggestion;

/// How many items a batch may have, unless the document says.
const BATCH_MAX: u32 = 100;

/// How many items of a batch are sent at once, unless the document says.
const CONCURRENCY: u32 = 8;

/// What an operation says about its action. Each term that names a parameter keeps its place, for the
/// parameters are known only later.
#[derive(Debug, Default)]
pub(crate) struct OperationTerms<'d> {
    /// Other names of API 3.0: of parameters, and of members of the answer.
    pub(crate) api3: Api3<'d>,
    pub(crate) audience: Option<Audience>,
    pub(crate) batch: Option<(Batch, Spot<'d>)>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) lifetime: Lifetime,
    pub(crate) min_signature: Option<MinSignature>,
    pub(crate) mutating: Option<bool>,
    pub(crate) priced: Option<Priced<'d>>,
    /// May anybody call it, without a signature; with its place.
    pub(crate) public: Option<Spot<'d>>,
    pub(crate) quota: Option<(Option<Rate>, Totals)>,
    pub(crate) requires_identity: Option<bool>,
    pub(crate) resources: Vec<(Binding, Spot<'d>)>,
    pub(crate) owning: OwningTerms<'d>,
    pub(crate) unsigned_payload: Option<bool>,
}

/// Names that API 3.0 has for what the document calls otherwise.
#[derive(Debug, Default)]
pub(crate) struct Api3<'d> {
    /// Its name, and the parameter that it is.
    pub(crate) parameters: Vec<(String, String, Spot<'d>)>,
    /// The place in the answer, and its name there.
    pub(crate) answer: Vec<(String, String)>,
}

/// A price that is not compiled yet.
#[derive(Debug)]
pub(crate) struct Priced<'d> {
    pub(crate) from: PricedBy<'d>,
    pub(crate) currency: String,
    pub(crate) period: Option<(&'d str, Spot<'d>)>,
    pub(crate) confirm: Option<(&'d str, Spot<'d>)>,
    pub(crate) settle: InDoubt,
}

/// Where a price comes from.
#[derive(Debug)]
pub(crate) enum PricedBy<'d> {
    Expression(&'d str, Spot<'d>),
    Quote { action: &'d str, at: JsonPath, spot: Spot<'d> },
}

/// A return whose refund is not compiled yet.
#[derive(Debug)]
pub(crate) struct Returned<'d> {
    pub(crate) returns: Returns,
    /// The parameter's place.
    pub(crate) spot: Spot<'d>,
    pub(crate) refund: Option<(&'d str, Spot<'d>)>,
}

/// Reads the extension of an operation; one without it is open to every account.
pub(crate) fn read<'d>(report: &mut Report<'d>, operation: &Spot<'d>) -> OperationTerms<'d> {
    let Some(spot) = operation.get(KEY) else { return OperationTerms::default() };
    let Some(fields) = Fields::open(report, spot, &OPERATION_KEYS) else {
        return OperationTerms::default();
    };
    OperationTerms {
        api3: api3(report, &fields),
        audience: audience(report, &fields),
        batch: batch(report, &fields),
        idempotent: fields.flag(report, "idempotent"),
        lifetime: super::lifetime::read(report, &fields),
        min_signature: min_signature(report, &fields),
        mutating: fields.flag(report, "mutating"),
        priced: purchase(report, &fields),
        public: fields
            .flag(report, "public")
            .filter(|public| *public)
            .and_then(|_| fields.spot.get("public")),
        quota: quota(report, &fields),
        requires_identity: identity(report, &fields),
        owning: super::owning::read(report, &fields),
        resources: resources(report, &fields),
        unsigned_payload: fields.flag(report, "unsignedPayload"),
    }
}

fn api3<'d>(report: &mut Report<'d>, fields: &Fields<'d>) -> Api3<'d> {
    let Some(spot) = fields.spot.get("api3") else { return Api3::default() };
    let Some(api3) = Fields::open(report, spot, &["answer", "parameters"]) else {
        return Api3::default();
    };
    let parameters = names(report, &api3, "parameters");
    let answer = names(report, &api3, "answer").into_iter().map(|(from, to, _)| (from, to));
    Api3 { parameters, answer: answer.collect() }
}

/// An object of names: each a text, dots between steps.
fn names<'d>(
    report: &mut Report<'d>,
    fields: &Fields<'d>,
    key: &str,
) -> Vec<(String, String, Spot<'d>)> {
    let Some(spot) = fields.spot.get(key) else { return Vec::new() };
    let mut names = Vec::new();
    for (from, spot) in spot.members() {
        let plain = |text: &str| {
            let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
            !text.split('.').any(str::is_empty) && text.bytes().all(known)
        };
        match spot.value.as_str().filter(|to| plain(to) && plain(from)) {
            Some(to) => names.push((from.to_owned(), to.to_owned(), spot)),
            None => {
                let help = Some("write `Placement.Zone: zone`".to_owned());
                report.error(report.value(&spot), format!("`{key}` is an object of names"), help);
            }
        }
    }
    names
}

fn audience(report: &mut Report<'_>, fields: &Fields<'_>) -> Option<Audience> {
    let spot = fields.spot.get("audience")?;
    if spot.value.as_str() == Some("public") {
        return Some(Audience::Public);
    }
    if !spot.value.is_array() {
        let what = "`audience` is `public` or a list of groups and account ids";
        report.error(report.value(&spot), what, Some("write `audience: [staff]`".to_owned()));
        return None;
    }
    let groups = fields.texts(report, "audience");
    if spot.items().next().is_none() {
        let what = "an empty `audience` would leave nobody who may call this action";
        report.error(report.value(&spot), what, Some("name a group, or leave it out".to_owned()));
    }
    Some(Audience::Groups(groups.into_iter().map(|(group, _)| group.to_owned()).collect()))
}

fn batch<'d>(report: &mut Report<'_>, fields: &Fields<'d>) -> Option<(Batch, Spot<'d>)> {
    let spot = fields.spot.get("batch")?;
    let batch = Fields::open(report, spot, &["allOrNothing", "as", "concurrency", "max", "over"])?;
    let over = batch.needed(report, "over");
    let as_ = batch.text(report, "as").map(str::to_owned);
    let max = batch.number(report, "max", 1..=500).unwrap_or(BATCH_MAX);
    let concurrency = batch.number(report, "concurrency", 1..=64).unwrap_or(CONCURRENCY);
    let rest = rest(report, &batch);
    let over = over?.to_owned();
    Some((Batch { over, as_, max, concurrency, rest }, batch.spot))
}

fn rest(report: &mut Report<'_>, batch: &Fields<'_>) -> Rest {
    let Some(spot) = batch.spot.get("allOrNothing") else { return Rest::Done };
    if spot.value.as_str() == Some("check") {
        return Rest::Left;
    }
    // What a module did cannot be undone: only what the gates say is known before.
    let what = format!("`allOrNothing` cannot be {}", spot.value);
    let help = "write `check`: nothing is sent if a gate refuses an item".to_owned();
    report.error(report.value(&spot), what, Some(help));
    Rest::Done
}

fn identity(report: &mut Report<'_>, fields: &Fields<'_>) -> Option<bool> {
    let spot = fields.spot.get("identity")?;
    let text = fields.text(report, "identity")?;
    match text {
        "required" => Some(true),
        "none" => Some(false),
        _ => {
            let near = suggestion::did_you_mean(text, ["none", "required"].into_iter());
            let help = near.unwrap_or_else(|| "write `required` or `none`".to_owned());
            let what = format!("`{text}` is not what an identity can be");
            report.error(report.value(&spot), what, Some(help));
            None
        }
    }
}

fn min_signature(report: &mut Report<'_>, fields: &Fields<'_>) -> Option<MinSignature> {
    let known = MinSignature::ALL.map(MinSignature::as_str);
    let method = fields.text(report, "minSignature")?;
    let least = MinSignature::parse(method);
    if least.is_none() {
        let near = suggestion::did_you_mean(method, known.into_iter());
        let help = near.unwrap_or_else(|| format!("write {}", listed(&known)));
        let spot = fields.spot.get("minSignature")?;
        let what = format!("`{method}` is not a signature method");
        report.error(report.value(&spot), what, Some(help));
    }
    least
}

fn purchase<'d>(report: &mut Report<'_>, fields: &Fields<'d>) -> Option<Priced<'d>> {
    const KNOWN: [&str; 7] = ["at", "confirm", "currency", "period", "price", "quote", "settle"];
    let spot = fields.spot.get("purchase")?;
    let purchase = Fields::open(report, spot, &KNOWN)?;
    let from = priced_by(report, &purchase);
    let currency = purchase.needed(report, "currency");
    if let (Some(text), Some(spot)) = (currency, purchase.spot.get("currency"))
        && (text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_uppercase()))
    {
        let what = format!("`{text}` is not the code of a currency");
        let help = Some("write three capital letters (ISO 4217): CNY".to_owned());
        report.error(report.value(&spot), what, help);
    }
    Some(Priced {
        confirm: purchase.text(report, "confirm").zip(purchase.spot.get("confirm")),
        period: purchase.text(report, "period").zip(purchase.spot.get("period")),
        settle: settle(report, &purchase).unwrap_or_default(),
        from: from?,
        currency: currency?.to_owned(),
    })
}

/// `price`, or `quote` and where its answer names the price.
fn priced_by<'d>(report: &mut Report<'_>, purchase: &Fields<'d>) -> Option<PricedBy<'d>> {
    let at = purchase.text(report, "at");
    let Some(spot) = purchase.spot.get("quote") else {
        if let Some(spot) = purchase.spot.get("at") {
            let what = "`at` says where a `quote` names the price, and there is none";
            report.error(report.key(&spot), what, None);
        }
        let expression = purchase.needed(report, "price")?;
        return Some(PricedBy::Expression(expression, purchase.spot.get("price")?));
    };
    if let Some(price) = purchase.spot.get("price") {
        let what = "the price is worked out or asked: `price` and `quote` exclude each other";
        report.error(report.key(&price), what, None);
    }
    let text = at.unwrap_or("$.price");
    let action = purchase.text(report, "quote");
    let Some(at) = JsonPath::parse(text) else {
        let place =
            purchase.spot.get("at").map_or_else(|| report.key(&spot), |at| report.value(&at));
        let help = Some("write `$.price`".to_owned());
        report.error(place, format!("`{text}` is not a JSONPath (RFC 9535)"), help);
        return None;
    };
    Some(PricedBy::Quote { action: action?, at, spot })
}

fn settle(report: &mut Report<'_>, purchase: &Fields<'_>) -> Option<InDoubt> {
    const KNOWN: [&str; 3] = ["commit", "hold", "release"];
    let text = purchase.text(report, "settle")?;
    match text {
        "commit" => Some(InDoubt::Commit),
        "hold" => Some(InDoubt::Hold),
        "release" => Some(InDoubt::Release),
        _ => {
            let near = suggestion::did_you_mean(text, KNOWN.into_iter());
            let help = near.unwrap_or_else(|| format!("write {}", listed(&KNOWN)));
            let spot = purchase.spot.get("settle")?;
            let what = format!("`{text}` is not what can become of money in doubt");
            report.error(report.value(&spot), what, Some(help));
            None
        }
    }
}

fn quota(report: &mut Report<'_>, fields: &Fields<'_>) -> Option<(Option<Rate>, Totals)> {
    const TOTAL_MAX: u32 = 1_000_000_000;
    let spot = fields.spot.get("quota")?;
    let known = ["atOnce", "burst", "counts", "day", "hidden", "month", "rate"];
    let quota = Fields::open(report, spot, &known)?;
    let total = |n: Option<u32>| n.map(u64::from).and_then(NonZeroU64::new);
    let totals = Totals {
        day: total(quota.number(report, "day", 1..=TOTAL_MAX)),
        month: total(quota.number(report, "month", 1..=TOTAL_MAX)),
        at_once: quota.number(report, "atOnce", 1..=1_000_000).and_then(NonZeroU32::new),
        in_calls: counts(report, &quota),
        hidden: quota.flag(report, "hidden").unwrap_or(false),
    };
    let others = ["day", "month", "atOnce"].iter().any(|key| quota.spot.get(key).is_some());
    if others && quota.spot.get("rate").is_none() {
        return Some((None, totals));
    }
    Some((Some(rate(report, &quota)?), totals))
}

fn counts(report: &mut Report<'_>, quota: &Fields<'_>) -> bool {
    match quota.text(report, "counts") {
        None | Some("units") => false,
        Some("calls") => true,
        Some(other) => {
            if let Some(spot) = quota.spot.get("counts") {
                let what = format!("`{other}` is not what a quota counts");
                let help = Some("write `calls`, or `units`: the items of a batch".to_owned());
                report.error(report.value(&spot), what, help);
            }
            false
        }
    }
}

fn rate(report: &mut Report<'_>, quota: &Fields<'_>) -> Option<Rate> {
    let rate = quota.needed(report, "rate")?;
    let per_second = rate
        .strip_suffix("/s")
        .and_then(|number| number.parse::<u32>().ok())
        .and_then(NonZeroU32::new);
    if let (None, Some(spot)) = (per_second, quota.spot.get("rate")) {
        let what = format!("`{rate}` is not a rate");
        let help = Some("write whole calls a second: `10/s`".to_owned());
        report.error(report.value(&spot), what, help);
    }
    let per_second = per_second?;
    let burst = match quota.spot.get("burst") {
        Some(_) => NonZeroU32::new(quota.number(report, "burst", 1..=1_000_000)?)?,
        None => per_second,
    };
    Some(Rate { per_second, burst })
}

fn resources<'d>(report: &mut Report<'_>, fields: &Fields<'d>) -> Vec<(Binding, Spot<'d>)> {
    let Some(spot) = fields.spot.get("resources") else { return Vec::new() };
    if !spot.value.is_object() {
        let what = "`resources` is an object: the parameter, then the type of what it names";
        let help = Some("write `resources: { instanceIds: instance }`".to_owned());
        report.error(report.value(&spot), what, help);
    }
    let mut bindings = Vec::new();
    for (parameter, spot) in spot.members() {
        match spot.value.as_str().filter(|kind| !kind.is_empty()) {
            Some(kind) => {
                let binding = Binding { parameter: parameter.to_owned(), kind: kind.to_owned() };
                bindings.push((binding, spot));
            }
            None => {
                report.error(report.value(&spot), "the type of a resource is a text", None);
            }
        }
    }
    bindings
}
