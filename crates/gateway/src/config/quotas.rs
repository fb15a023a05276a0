//! `[quota]`: what limits accounts, actions, keys and addresses where nothing else is said.

use std::num::{NonZeroU32, NonZeroU64};
use std::ops::Range;

use faregate_pipeline::facts::{Limits, Quotas, Rate};
use toml::Spanned;

use super::checks::Checker;
use super::raw::{RawQuota, RawScope};

impl Checker<'_> {
    pub(super) fn quotas(&mut self, raw: Option<&Spanned<RawQuota>>) -> Quotas {
        let Some(quota) = raw else { return Quotas::default() };
        let (raw, span) = (quota.as_ref(), quota.span());
        let mut quotas = Quotas {
            account: self.scope(raw.account.as_ref()),
            action: self.scope(raw.action.as_ref()),
            key: self.scope(raw.key.as_ref()),
            address: self.scope(raw.address.as_ref()),
        };
        let short = self.rate(&span, raw.per_second, raw.burst);
        if short.is_some() && quotas.account.rate.is_some() {
            let help = "leave one of them out";
            self.fault(span, "`[quota]` and `[quota.account]` both have a rate", help);
        }
        quotas.account.rate = quotas.account.rate.or(short);
        quotas
    }

    fn scope(&mut self, raw: Option<&Spanned<RawScope>>) -> Limits {
        let Some(scope) = raw else { return Limits::default() };
        let (raw, span) = (scope.as_ref(), scope.span());
        let in_calls = match raw.counts.as_ref().map(|counts| (counts.as_ref().as_str(), counts)) {
            None | Some(("units", _)) => false,
            Some(("calls", _)) => true,
            Some((_, counts)) => {
                let help = "write \"calls\", or \"units\": the items of a batch";
                self.fault(counts.span(), "this is not what a quota counts", help);
                false
            }
        };
        let total = |n: i64| u64::try_from(n).ok().and_then(NonZeroU64::new);
        let limits = Limits {
            rate: self.rate(&span, raw.per_second, raw.burst),
            day: self.number(&span, raw.day, total),
            month: self.number(&span, raw.month, total),
            at_once: self.number(&span, raw.at_once, small),
            in_calls,
            hidden: raw.hidden,
        };
        let Limits { rate, day, month, at_once, .. } = limits;
        if rate.is_none() && day.is_none() && month.is_none() && at_once.is_none() {
            let help = "write `per_second` and `burst`, `day`, `month` or `at_once`";
            self.fault(span, "this limits nothing", help);
        }
        limits
    }

    fn rate(
        &mut self,
        span: &Range<usize>,
        per_second: Option<i64>,
        burst: Option<i64>,
    ) -> Option<Rate> {
        if per_second.is_none() && burst.is_none() {
            return None;
        }
        let (rate, most) = (per_second.and_then(small), burst.and_then(small));
        if let (Some(per_second), Some(burst)) = (rate, most) {
            return Some(Rate { per_second, burst });
        }
        self.fault(
            span.clone(),
            "a rate and its burst stand together and are at least 1: with 0 every call is refused",
            "leave both out for no limit",
        );
        None
    }

    fn number<N>(
        &mut self,
        span: &Range<usize>,
        written: Option<i64>,
        read: impl FnOnce(i64) -> Option<N>,
    ) -> Option<N> {
        let number = read(written?);
        if number.is_none() {
            let help = "leave it out for no limit";
            self.fault(span.clone(), "a limit is at least 1: with 0 every call is refused", help);
        }
        number
    }
}

fn small(n: i64) -> Option<NonZeroU32> {
    u32::try_from(n).ok().and_then(NonZeroU32::new)
}
