//! What readers said of the pages.

use faregate_stores::{Vote, VoteFilter};
use serde::{Deserialize, Serialize};

use super::{Act, Desk, For, Refused};

/// A vote.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct View {
    feedback_id: i64,
    /// In seconds since 1970.
    at: i64,
    page: String,
    language: String,
    /// From 1, not at all, to 5, extremely helpful.
    level: u8,
    text: String,
    answer: Option<String>,
}

impl From<&Vote> for View {
    fn from(vote: &Vote) -> Self {
        let Vote { id, vote, answer } = vote;
        Self {
            feedback_id: *id,
            at: vote.at.as_secs(),
            page: vote.page.clone(),
            language: vote.language.clone(),
            level: vote.level,
            text: vote.text.clone(),
            answer: answer.as_ref().map(|(text, _)| text.clone()),
        }
    }
}

/// Lists what readers said of the pages, newest first.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeFeedback {
    /// Of this page alone: `/errors/4500`.
    page: Option<String>,
    /// Only what has words, and no answer yet.
    open_only: Option<bool>,
    /// How many at most; 100 without it.
    #[cfg_attr(test, schemars(range(min = 1, max = 1000)))]
    limit: Option<u32>,
}

/// Votes.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Votes {
    feedback: Vec<View>,
}

impl Act for DescribeFeedback {
    type Answer = Votes;
    const ACTION: &'static str = "DescribeFeedback";
    const FOR: For = For::Operators;
    const WRITES: bool = false;

    fn act(self, desk: &mut Desk<'_>) -> Result<Votes, Refused> {
        let filter = VoteFilter {
            page: self.page,
            open_only: self.open_only.unwrap_or_default(),
            since: None,
            limit: super::limit(self.limit),
        };
        let votes = desk.admin.list_votes(&filter)?;
        Ok(Votes { feedback: votes.iter().map(View::from).collect() })
    }
}

/// Answers what a reader said; the reader finds the answer by the receipt.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AnswerFeedback {
    feedback_id: i64,
    /// The answer; one that was there is replaced.
    #[cfg_attr(test, schemars(length(min = 1, max = 2000)))]
    text: String,
}

/// One vote.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct One {
    feedback: View,
}

impl Act for AnswerFeedback {
    type Answer = One;
    const ACTION: &'static str = "AnswerFeedback";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<One, Refused> {
        desk.admin.answer_vote(self.feedback_id, &self.text)?;
        let vote = desk.admin.vote(self.feedback_id)?;
        Ok(One { feedback: View::from(&vote) })
    }
}
