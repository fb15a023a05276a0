//! The v2 envelope: `{"code":0,"message":"","codeDesc":"Success","requestId":"…", …}`.
//!
//! `code` first, then `message`; `code` is a number and `message` always stands: two SDKs read them
//! unguarded (PROTOCOL 2). Text outside ASCII is escaped, because Java's SDK reads with the JVM's charset.

use serde::Serialize;
use serde_json::Value;

use super::{Rendered, Summary, Voice, resume_token};
use crate::{Answer, Code, Item, Origin, Outcome, Refusal, RequestId};

pub(super) fn render(answer: &Answer, voice: &Voice) -> Rendered {
    let mut out = String::with_capacity(512);
    match &answer.outcome {
        Outcome::Success(members) => {
            head(&mut out, Code::Success, "", answer.request_id);
            member_text(&mut out, members.as_str());
        }
        Outcome::Refused(refusal) => {
            head(&mut out, refusal.code, &voice.message(refusal), answer.request_id);
            particulars(&mut out, refusal, voice);
        }
        Outcome::Batch(items) => batch(&mut out, answer, items, voice),
    }
    out.push('}');
    Rendered {
        status: 200,
        content_type: "application/json; charset=utf-8",
        body: out.into_bytes(),
    }
}

fn head(out: &mut String, code: Code, message: &str, request_id: RequestId) {
    out.push_str("{\"code\":");
    out.push_str(&code.to_string());
    out.push_str(",\"message\":");
    text(out, message);
    out.push_str(",\"codeDesc\":");
    text(out, code.code_desc());
    out.push_str(",\"requestId\":\"");
    out.push_str(std::str::from_utf8(&request_id.text()).unwrap_or_default());
    out.push('"');
}

/// The machine-readable members of a refusal, in the order of DESIGN section 1.
pub(super) fn particulars(out: &mut String, refusal: &Refusal, voice: &Voice) {
    member(out, "reason", &refusal.reason);
    member(out, "origin", &refusal.origin);
    member(out, "retryable", &refusal.retry.is_advised());
    member(out, "docUrl", &voice.doc_url(refusal));
    if let Some(fix) = &refusal.fix {
        member(out, "fix", fix);
    }
    if !refusal.params.is_empty() {
        member(out, "params", &refusal.params);
    }
    member_text(out, refusal.beside.as_str());
}

fn batch(out: &mut String, answer: &Answer, items: &[Item], voice: &Voice) {
    let code = answer.code();
    let summary = summary(code, items, voice);
    let message = summary.as_ref().map_or("", |summary| &summary.message);
    head(out, code, message, answer.request_id);
    if let Some(Summary { reason, .. }) = summary {
        member(out, "reason", &reason);
        member(out, "origin", &Origin::Module);
        member(out, "retryable", &false);
        member(out, "docUrl", &format!("{}/errors/{code}#{reason}", voice.pages));
    }
    if let Some(token) = resume_token(answer, items) {
        member(out, "resumeToken", &token);
    }
    out.push_str(",\"detail\":");
    out.push_str(&detail(items, voice));
}

/// The reason and the message of a batch's whole answer; none of one that went well.
pub(super) fn summary(code: Code, items: &[Item], voice: &Voice) -> Option<Summary> {
    if code.is_success() {
        return None;
    }
    let failed = items.iter().filter(|item| item.result.is_err()).count();
    Some(if failed == items.len() {
        let particular = format!("all {failed} items were refused; `detail` says by id why.");
        let support = format!(" If it goes on, ask {}.", voice.support);
        let message = format!("{}: {particular}{support}", code.error_type());
        Summary { reason: "ALL_FAILED", message }
    } else {
        let particular = format!(
            "{failed} of {} items were refused; `detail` says by id which and why.",
            items.len()
        );
        Summary { reason: "SOME_FAILED", message: format!("{}: {particular}", code.error_type()) }
    })
}

/// `detail`: an object keyed by resource id, in the order the client sent them (PROTOCOL 2.1).
pub(super) fn detail(items: &[Item], voice: &Voice) -> String {
    let mut out = String::from("{");
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        text(&mut out, &item.id);
        out.push(':');
        match &item.result {
            Ok(members) => {
                head(&mut out, Code::Success, "", item.request_id);
                member_text(&mut out, members.as_str());
            }
            Err(refusal) => {
                head(&mut out, refusal.code, &voice.message(refusal), item.request_id);
                particulars(&mut out, refusal, voice);
            }
        }
        out.push('}');
    }
    out.push('}');
    out
}

fn member_text(out: &mut String, members: &str) {
    if !members.is_empty() {
        out.push(',');
        out.push_str(members);
    }
}

pub(super) fn member(out: &mut String, name: &str, value: &impl Serialize) {
    out.push_str(",\"");
    out.push_str(name);
    out.push_str("\":");
    ascii(out, &serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()));
}

pub(super) fn text(out: &mut String, value: &str) {
    // Nearly every text stands in JSON as it is.
    if value.bytes().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\')) {
        out.push('"');
        out.push_str(value);
        out.push('"');
    } else {
        ascii(out, &Value::from(value).to_string());
    }
}

/// JSON text with everything outside ASCII as `\u` escapes (RFC 8259, section 7).
fn ascii(out: &mut String, json: &str) {
    if json.is_ascii() {
        return out.push_str(json);
    }
    let mut units = [0; 2];
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
}
