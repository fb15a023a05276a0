//! Actions that anybody may call, without a key: what must not be behind them.

use super::Audience;
use crate::diagnostic::Report;
use crate::extension::OperationTerms;

/// A call that nobody signed is nobody's: nobody pays for it, owns what it makes, or may see what others own. And as
/// anybody may make it, it must say how often.
pub(super) fn check(report: &mut Report<'_>, terms: &OperationTerms<'_>, mutates: bool) {
    let Some(public) = &terms.public else { return };
    let of_someone = [
        (terms.mutating.unwrap_or(mutates), "it changes something"),
        (terms.priced.is_some(), "it is a purchase"),
        (!terms.resources.is_empty(), "it names resources, which are somebody's"),
        (terms.owning.creates.is_some(), "it creates resources, which are somebody's"),
        (terms.owning.returns.is_some(), "it returns resources, which are somebody's"),
        (terms.owning.transfers.is_some(), "it gives resources away, which are somebody's"),
        (terms.owning.shares.is_some(), "it lends resources, which are somebody's"),
        (terms.owning.filter.is_some(), "it lists resources by their owner"),
        (terms.requires_identity == Some(true), "it requires an identity"),
        (terms.min_signature.is_some(), "it demands a signature"),
        (matches!(terms.audience, Some(Audience::Groups(_))), "it is for some accounts only"),
    ];
    for (_, why) in of_someone.into_iter().filter(|(stands, _)| *stands) {
        let help = Some("leave `public` out: every account may call it all the same".to_owned());
        report.error(report.value(public), format!("an action cannot be public if {why}"), help);
    }
    if terms.quota.is_none() {
        let what = "an action that anybody may call needs a `quota`, which all strangers share";
        let help = Some("write `quota: { rate: 10/s }`".to_owned());
        report.error(report.value(public), what, help);
    }
}
