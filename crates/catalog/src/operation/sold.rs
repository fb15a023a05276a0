//! What is sold and given back: the expressions of a purchase and of a return, compiled against their parameters.

use super::links::Link;
use super::{Batch, Pricing, Purchase, Quote, Returns};
use crate::diagnostic::Report;
use crate::extension::{Priced, PricedBy, Returned};
use crate::parameters::{Parameters, Plan};
use crate::price::{Period, Price, Refund, Wrong};

/// What the expressions of an operation can look at.
pub(super) struct Sold<'a, 'd> {
    pub(super) plan: &'a Plan<'d>,
    pub(super) parameters: &'a Parameters,
    pub(super) batch: Option<&'a Batch>,
}

/// The purchase; none if its price cannot be compiled.
pub(super) fn purchase<'d>(
    report: &mut Report<'d>,
    of: &Sold<'_, 'd>,
    priced: Priced<'d>,
    links: &mut Vec<Link>,
) -> Option<Purchase> {
    let Priced { from, currency, period, confirm, settle } = priced;
    let confirm = confirm.map(|(action, spot)| {
        let (at, of_items) = (report.value(&spot), of.batch.is_some());
        links.push(Link::Confirm { action: action.to_owned(), at, of_items });
        action.to_owned()
    });
    let price = match from {
        PricedBy::Expression(source, spot) => {
            match Price::compile(source, of.parameters, of.plan, of.batch) {
                Ok(price) => Pricing::Expression(price),
                Err(Wrong { message, suggestion }) => {
                    report.error(report.value(&spot), message, suggestion);
                    return None;
                }
            }
        }
        PricedBy::Quote { action, at, spot } => {
            let known = of.plan.members.iter().map(|member| known_as(&member.name, of.batch));
            let known = known.collect();
            let (action, path) = (action.to_owned(), at.source().to_owned());
            let place = report.value(&spot);
            links.push(Link::Quote { action: action.clone(), at: place, known, path });
            Pricing::Quote(Quote { action, at })
        }
    };
    let period = period.and_then(|(source, spot)| {
        let compiled = Period::compile(source, of.parameters, of.plan, of.batch);
        compiled
            .map_err(|Wrong { message, suggestion }| {
                report.error(report.value(&spot), message, suggestion);
            })
            .ok()
    });
    Some(Purchase { price, period, currency, confirm, settle })
}

/// The return, with its refund.
pub(super) fn returns<'d>(
    report: &mut Report<'d>,
    of: &Sold<'_, 'd>,
    returned: Returned<'d>,
    sent_again: bool,
) -> Returns {
    let Returned { returns, refund, .. } = returned;
    let Some((source, spot)) = refund else { return returns };
    if !sent_again {
        let what = "a refund needs `idempotent: true`: after a lost answer the return is sent again, to learn \
                    whether anything is to be given back";
        let help = "say so once the module answers the same Idempotency-Key the same".to_owned();
        report.error(report.value(&spot), what, Some(help));
    }
    if let Some(batch) = of.batch.filter(|batch| batch.over != returns.parameter) {
        let what =
            format!("each item of this batch would give back all of `{}`", returns.parameter);
        let help = format!("write `param: {}`: what the batch goes over", batch.over);
        report.error(report.value(&spot), what, Some(help));
    }
    match Refund::compile(source, of.parameters, of.plan, of.batch) {
        Ok(refund) => Returns { refund: Some(refund), ..returns },
        Err(Wrong { message, suggestion }) => {
            report.error(report.value(&spot), message, suggestion);
            returns
        }
    }
}

/// The name under which an item's price knows a parameter of its batch.
fn known_as(name: &str, batch: Option<&Batch>) -> String {
    let one = batch.filter(|batch| batch.over == name).and_then(|batch| batch.as_.as_deref());
    one.unwrap_or(name).to_owned()
}
