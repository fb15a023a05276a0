//! `faregate feedback pages`: votes per page over time, and the worst page of the week.

use std::collections::BTreeMap;

use faregate_pipeline::time::Millis;
use faregate_stores::{Vote, VoteFilter};
use serde_json::json;

use crate::exit::Failure;
use crate::output;
use crate::place::Place;

const WEEK_MS: i64 = 7 * 86_400_000;

/// Votes of one page in one week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Week {
    n: u32,
    sum: u32,
}

impl Week {
    /// `2.5`; nothing was said in a week without votes.
    fn mean(self) -> Option<String> {
        let tenths = self.sum.saturating_mul(10).checked_div(self.n)?;
        Some(format!("{}.{}", tenths / 10, tenths % 10))
    }

    fn is_worse_than(self, other: Self) -> bool {
        // By cross-multiplication: no float, and the page with more votes of two equals.
        let (ours, theirs) =
            (u64::from(self.sum) * u64::from(other.n), u64::from(other.sum) * u64::from(self.n));
        ours < theirs || (ours == theirs && self.n > other.n)
    }
}

pub(super) fn run(place: &Place, weeks: u8) -> Result<(), Failure> {
    let now = Millis::new(crate::clock::now_ms());
    let since = now.plus(-WEEK_MS * i64::from(weeks));
    let filter = VoteFilter { since: Some(since), limit: u32::MAX, ..VoteFilter::default() };
    let votes = place.open()?.list_votes(&filter)?;
    let by_page = count(&votes, now, weeks);
    let worst = worst(&by_page);
    if place.shape.is_json() {
        let pages: Vec<_> = by_page
            .iter()
            .map(|(page, weeks)| {
                let weeks =
                    weeks.iter().map(|week| json!({ "votes": week.n, "mean": week.mean() }));
                json!({ "page": page, "weeks": weeks.collect::<Vec<_>>() })
            })
            .collect();
        let told = json!({ "pages": pages, "worstOfTheWeek": worst.map(|(page, _)| page) });
        place.shape.write(&told, || {});
        return Ok(());
    }
    let mean =
        |week: &Week| week.mean().map_or("-".to_owned(), |mean| format!("{mean} ({})", week.n));
    let rows: Vec<[String; 3]> = by_page
        .iter()
        .map(|(page, weeks)| {
            let this = weeks.first().map(&mean).unwrap_or_default();
            let before: Vec<String> = weeks.iter().skip(1).map(&mean).collect();
            [super::shown(page), this, before.join("  ")]
        })
        .collect();
    output::table(["PAGE", "THIS WEEK", "THE WEEKS BEFORE: MEAN OF 5 (VOTES)"], &rows);
    match worst {
        Some((page, week)) => output::note(format_args!(
            "worst of the week: {} with {} of 5; read why: faregate feedback list --page {}",
            super::shown(page),
            week.mean().unwrap_or_default(),
            super::shown(page)
        )),
        None => output::note("no votes this week"),
    }
    Ok(())
}

/// For each page its weeks, this one first.
fn count(votes: &[Vote], now: Millis, weeks: u8) -> BTreeMap<String, Vec<Week>> {
    let mut by_page: BTreeMap<String, Vec<Week>> = BTreeMap::new();
    for vote in votes {
        let age = now.since(vote.vote.at).max(0) / WEEK_MS;
        let own = by_page
            .entry(vote.vote.page.clone())
            .or_insert_with(|| vec![Week::default(); usize::from(weeks)]);
        if let Some(week) = usize::try_from(age).ok().and_then(|age| own.get_mut(age)) {
            week.n = week.n.saturating_add(1);
            week.sum = week.sum.saturating_add(u32::from(vote.vote.level));
        }
    }
    by_page
}

fn worst(by_page: &BTreeMap<String, Vec<Week>>) -> Option<(&str, Week)> {
    let mut worst: Option<(&str, Week)> = None;
    for (page, weeks) in by_page {
        let Some(week) = weeks.first().copied().filter(|week| week.n > 0) else { continue };
        if worst.is_none_or(|(_, other)| week.is_worse_than(other)) {
            worst = Some((page, week));
        }
    }
    worst
}

#[cfg(test)]
mod spec {
    use faregate_stores::NewVote;

    use super::*;

    const NOW: Millis = Millis::new(100 * WEEK_MS);

    fn vote(page: &str, weeks_ago: i64, level: u8) -> Vote {
        let vote = NewVote {
            receipt: String::new(),
            at: NOW.plus(-weeks_ago * WEEK_MS),
            page: page.to_owned(),
            language: "en".to_owned(),
            level,
            text: String::new(),
        };
        Vote { id: 1, vote, answer: None }
    }

    #[test]
    fn the_worst_page_is_that_of_this_week_and_of_equals_the_one_with_more_votes() {
        let votes = [
            vote("/a", 0, 2),
            vote("/a", 0, 3),
            vote("/b", 0, 2),
            vote("/b", 0, 3),
            vote("/b", 0, 2),
            vote("/b", 0, 3),
            vote("/c", 1, 1),
            vote("/d", 0, 5),
        ];
        let by_page = count(&votes, NOW, 2);
        assert_eq!(by_page["/a"], [Week { n: 2, sum: 5 }, Week::default()]);
        assert_eq!(by_page["/c"], [Week::default(), Week { n: 1, sum: 1 }]);
        assert_eq!(
            worst(&by_page).map(|(page, week)| (page, week.mean())),
            Some(("/b", Some("2.5".to_owned())))
        );
        assert_eq!(worst(&BTreeMap::new()), None);
    }
}
