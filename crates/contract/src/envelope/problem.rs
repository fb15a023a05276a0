//! RFC 9457 problem details, with the same facts and a real HTTP status. Opt-in.

use super::v2::{detail, member, particulars};
use super::{Rendered, Voice};
use crate::{Answer, Code, Outcome, Refusal};

pub(super) fn render(answer: &Answer, voice: &Voice) -> Rendered {
    match &answer.outcome {
        // RFC 9457 is for problems; a success is the ordinary envelope.
        Outcome::Success(_) => super::v2::render(answer, voice),
        Outcome::Refused(refusal) => {
            let mut out = opening(answer.code(), &voice.doc_url(refusal), &voice.message(refusal));
            closing(&mut out, answer);
            particulars(&mut out, refusal, voice);
            problem(status(refusal), out)
        }
        Outcome::Batch(_) if answer.code().is_success() => super::v2::render(answer, voice),
        Outcome::Batch(items) => {
            let code = answer.code();
            let page = format!("{}/errors/{code}", voice.pages);
            let mut out = opening(code, &page, code.description());
            closing(&mut out, answer);
            if let Some(token) = super::resume_token(answer, items) {
                member(&mut out, "resumeToken", &token);
            }
            out.push_str(",\"detailById\":");
            out.push_str(&detail(items, voice));
            problem(code.http_status(), out)
        }
    }
}

/// Plain HTTP is 426 Upgrade Required, a method 405: one code, two statuses (PROTOCOL 4).
fn status(refusal: &Refusal) -> u16 {
    match refusal.reason.as_str() {
        "PLAIN_HTTP" => 426,
        "BODY_TOO_LARGE" => 413,
        _ => refusal.code.http_status(),
    }
}

fn opening(code: Code, page: &str, message: &str) -> String {
    let mut out = String::with_capacity(512);
    member(&mut out, "type", &page);
    member(&mut out, "title", &code.error_type());
    member(&mut out, "status", &code.http_status());
    member(&mut out, "detail", &message);
    out
}

fn closing(out: &mut String, answer: &Answer) {
    let code = answer.code();
    member(out, "code", &code);
    member(out, "codeDesc", &code.code_desc());
    member(out, "requestId", &answer.request_id);
}

fn problem(status: u16, members: String) -> Rendered {
    let inside = members.strip_prefix(',').unwrap_or(&members);
    Rendered {
        status,
        content_type: "application/problem+json",
        body: format!("{{{inside}}}").into_bytes(),
    }
}
