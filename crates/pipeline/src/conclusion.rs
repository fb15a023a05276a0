//! `conclude`: the one way out. Whatever a call came to, it ends here, as an answer.

use faregate_contract::{Answer, Outcome, Refusal, RequestId};

/// The answer of a call. Total: a refusal is an answer too.
#[must_use]
pub fn conclude(request_id: RequestId, ended: Result<Outcome, Refusal>) -> Answer {
    let outcome = ended.unwrap_or_else(|refusal| Outcome::Refused(Box::new(refusal)));
    Answer { request_id, outcome }
}

#[cfg(test)]
mod spec {
    use faregate_contract::{Code, Members};

    use super::*;
    use crate::fault::Fault;

    #[test]
    fn success_and_refusal_both_end_as_an_answer_to_this_call() {
        let id = RequestId::from_bytes([3; 16]);
        let good = conclude(id, Ok(Outcome::Success(Members::none())));
        let bad = conclude(id, Err(Fault::Internal("x".to_owned()).into()));
        assert_eq!((good.request_id, good.code()), (id, Code::Success));
        assert_eq!((bad.request_id, bad.code()), (id, Code::InternalError));
    }
}
