//! The envelope of API 3.0: `{"Response":{…,"RequestId":"…"}}`, and `Error` beside it in a refusal.
//!
//! The content type is exactly `application/json`: with a charset behind it two SDKs take every refusal for
//! a success with empty fields (PROTOCOL 3.2). `RequestId` stands inside in refusals too: they read it
//! unguarded. An SDK shows its user `Code` and `Message` alone, so a batch's message names its items.

use serde::Serialize;

use super::v2::{self, member, text};
use super::{Rendered, Summary, Voice};
use crate::{Answer, Code, Item, Origin, Outcome, Param, Refusal, RequestId};

/// How many refused items a batch's message names.
const NAMED_MAX: usize = 5;

pub(super) fn render(answer: &Answer, voice: &Voice) -> Rendered {
    let mut out = String::with_capacity(512);
    out.push_str("{\"Response\":{");
    match &answer.outcome {
        Outcome::Success(members) => inside(&mut out, members.as_str()),
        Outcome::Refused(refusal) => error(&mut out, refusal, voice),
        Outcome::Batch(items) => batch(&mut out, answer, items, voice),
    }
    request_id(&mut out, answer.request_id);
    out.push('}');
    Rendered { status: 200, content_type: "application/json", body: out.into_bytes() }
}

/// Members, and a comma after them.
fn inside(out: &mut String, members: &str) {
    if !members.is_empty() {
        out.push_str(members);
        out.push(',');
    }
}

fn request_id(out: &mut String, id: RequestId) {
    out.push_str("\"RequestId\":\"");
    out.push_str(std::str::from_utf8(&id.text()).unwrap_or_default());
    out.push_str("\"}");
}

fn opening(out: &mut String, name: &str, message: &str, code: Code) {
    out.push_str("\"Error\":{\"Code\":");
    text(out, name);
    member(out, "Message", &message);
    // The number leads to the same page as in API 2.0.
    member(out, "Number", &code);
}

fn error(out: &mut String, refusal: &Refusal, voice: &Voice) {
    let name = refusal.code.api3_for(refusal.reason.as_str());
    opening(out, name, &voice.message(refusal), refusal.code);
    member(out, "Reason", &refusal.reason);
    member(out, "Origin", &refusal.origin);
    member(out, "Retryable", &refusal.retry.is_advised());
    member(out, "DocUrl", &voice.doc_url(refusal));
    if let Some(fix) = &refusal.fix {
        member(out, "Fix", fix);
    }
    if !refusal.params.is_empty() {
        let params: Vec<Named<'_>> = refusal.params.iter().map(Named::from).collect();
        member(out, "Params", &params);
    }
    out.push_str("},");
    inside(out, refusal.beside.as_str());
}

/// A parameter as API 3.0 spells it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Named<'a> {
    name: &'a str,
    reason: &'a str,
    message: &'a str,
}

impl<'a> From<&'a Param> for Named<'a> {
    fn from(param: &'a Param) -> Self {
        Self { name: &param.name, reason: &param.reason, message: &param.message }
    }
}

fn batch(out: &mut String, answer: &Answer, items: &[Item], voice: &Voice) {
    let code = answer.code();
    if let Some(Summary { reason, message }) = v2::summary(code, items, voice) {
        let message = message.replace("`detail`", "`Detail`") + &refused_items(items);
        opening(out, code.api3(), &message, code);
        member(out, "Reason", &reason);
        member(out, "Origin", &Origin::Module);
        member(out, "Retryable", &false);
        member(out, "DocUrl", &format!("{}/errors/{code}#{reason}", voice.pages));
        out.push_str("},");
    }
    if let Some(token) = super::resume_token(answer, items) {
        out.push_str("\"ResumeToken\":");
        text(out, &token);
        out.push(',');
    }
    out.push_str("\"Detail\":{");
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        text(out, &item.id);
        out.push_str(":{");
        match &item.result {
            Ok(members) => inside(out, members.as_str()),
            Err(refusal) => error(out, refusal, voice),
        }
        request_id(out, item.request_id);
    }
    out.push_str("},");
}

/// ` Refused: ins-1 (ResourceNotFound), ins-2 (FailedOperation) and 3 more.`
fn refused_items(items: &[Item]) -> String {
    let refused: Vec<String> = items
        .iter()
        .filter_map(|item| Some((&item.id, item.result.as_ref().err()?)))
        .map(|(id, refusal)| format!("{id} ({})", refusal.code.api3_for(refusal.reason.as_str())))
        .collect();
    let named = refused.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match refused.len().checked_sub(NAMED_MAX) {
        Some(more) if more > 0 => format!(" Refused: {named} and {more} more."),
        Some(_) | None => format!(" Refused: {named}."),
    }
}
