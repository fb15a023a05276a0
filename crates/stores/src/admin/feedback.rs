//! What readers said of the pages, for whoever reads it.

use serde_json::json;

use super::Admin;
use crate::clock;
use crate::error::AdminError;
use crate::sqlite::feedback::{self, Vote, VoteFilter};

impl Admin {
    /// The newest votes that the filter lets through, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub fn list_votes(&self, filter: &VoteFilter) -> Result<Vec<Vote>, AdminError> {
        Ok(feedback::list(self.connection()?, filter)?)
    }

    /// One vote.
    ///
    /// # Errors
    /// There is no such vote.
    pub fn vote(&self, id: i64) -> Result<Vote, AdminError> {
        feedback::by_id(self.connection()?, id)?.ok_or_else(|| no_vote(id))
    }

    /// Answers a vote; an answer that was there is replaced. Its reader finds it by the receipt.
    ///
    /// # Errors
    /// There is no such vote, or the answer says nothing.
    pub fn answer_vote(&mut self, id: i64, text: &str) -> Result<(), AdminError> {
        if text.trim().is_empty() {
            return Err(AdminError::Invalid("an answer cannot be empty".to_owned()));
        }
        self.change(|c, _, noted| {
            let before = feedback::by_id(c, id)?.and_then(|vote| vote.answer);
            let before = before.map(|(text, _)| json!({ "answer": text }));
            if feedback::answer(c, id, text.trim(), clock::wall())? {
                let after = Some(json!({ "answer": text.trim() }));
                noted.changed("AnswerFeedback", format!("feedback/{id}"), (before, after));
                Ok(())
            } else {
                Err(no_vote(id))
            }
        })
    }
}

fn no_vote(id: i64) -> AdminError {
    AdminError::NotFound { what: "vote", name: id.to_string() }
}

#[cfg(test)]
mod spec {
    use faregate_pipeline::time::Millis;

    use super::*;
    use crate::conformance::TEN;
    use crate::{NewVote, Options, Stores};

    fn vote(receipt: &str, page: &str, at: i64, text: &str) -> NewVote {
        NewVote {
            receipt: receipt.to_owned(),
            at: Millis::new(at),
            page: page.to_owned(),
            language: "en".to_owned(),
            level: 2,
            text: text.to_owned(),
        }
    }

    #[tokio::test]
    async fn a_vote_outlives_the_gateway_is_found_by_its_receipt_and_answered_once_more() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Stores::create(&data).unwrap();
        let stores = Stores::open(Options::new(&data), TEN).unwrap();
        let words = "why? <script>";
        assert_eq!(stores.keep_vote(vote("r1", "/errors/4500", 10, words)).await, Ok(1));
        assert_eq!(stores.keep_vote(vote("r2", "/errors/4100", 20, "")).await, Ok(2));
        assert!(
            stores.keep_vote(vote("r2", "/errors/4100", 20, "")).await.is_err(),
            "one a receipt"
        );
        drop(stores);
        let stores = Stores::open(Options::new(&data), TEN).unwrap();
        let mut admin = Admin::open(&data).unwrap();
        let all = VoteFilter { limit: 10, ..VoteFilter::default() };
        for (filter, ids) in [
            (all.clone(), vec![2, 1]),
            (VoteFilter { limit: 1, ..all.clone() }, vec![2]),
            (VoteFilter { page: Some("/errors/4500".to_owned()), ..all.clone() }, vec![1]),
            (VoteFilter { open_only: true, ..all.clone() }, vec![1]),
            (VoteFilter { since: Some(Millis::new(11)), ..all.clone() }, vec![2]),
        ] {
            let found: Vec<i64> =
                admin.list_votes(&filter).unwrap().iter().map(|vote| vote.id).collect();
            assert_eq!(found, ids, "{filter:?}");
        }
        for text in ["See /errors/4500.", "Mended."] {
            admin.answer_vote(1, text).unwrap();
            let read = stores.vote("r1").await.unwrap().unwrap();
            assert_eq!((read.id, read.vote.text.as_str()), (1, words));
            assert_eq!(read.answer.unwrap().0, text);
        }
        assert_eq!(stores.vote("r3").await.unwrap(), None);
        assert!(admin.answer_vote(3, "x").is_err() && admin.answer_vote(2, " ").is_err());
        assert!(admin.vote(2).is_ok() && admin.vote(3).is_err());
    }
}
