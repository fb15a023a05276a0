//! `/requests/<requestId>`: what became of one call, for its account, by a link that its own key signs.
//!
//! The link is signed as a GET of API 2.0 is, by HmacSHA256, for a host that no domain is called: so a link is no call,
//! and no call is a link. It is good for five minutes, and whoever has it may look. An unknown key, a wrong signature, an
//! old link and a call of another account are answered alike.

use askama::Template;
use faregate_contract::{Code, RequestId};
use faregate_pipeline::facts::{AccountState, Key};
use faregate_pipeline::time::Millis;
use faregate_signing::{Algorithm, KeyId, Method, SecretKey, Tag, form, sign, v2};
use serde_json::Value;

use crate::page::{Frame, Page};
use crate::reader::Reader;
use crate::{Site, Visit};

/// Where these pages are.
const PREFIX: &str = "/requests/";

/// What stands in the string to sign in place of a domain: it has no point, so it is none.
const HOST: &str = "pages";

/// How long a link is good, in seconds; its stamp may be ahead as far.
const LIFE_S: i64 = 300;

/// A link that was followed.
#[derive(Debug)]
pub struct Asked {
    /// The call that is meant.
    pub id: RequestId,
    /// Whose link it says it is.
    pub secret_id: String,
    path: String,
    pairs: Vec<(String, String)>,
    tag: Tag,
    stamp: i64,
}

impl Asked {
    /// The link of a visit; none if it is to another page, or is no link at all.
    #[must_use]
    pub fn read(visit: &Visit<'_>) -> Option<Self> {
        let id = RequestId::parse(visit.path.strip_prefix(PREFIX)?)?;
        let mut pairs = form::decode(visit.query?).ok()?;
        // How a reader wants to see it is no part of what may be seen.
        pairs.retain(|(name, _)| !matches!(name.as_str(), "lang" | "theme"));
        let at = pairs.iter().position(|(name, _)| name == "Signature")?;
        let tag = Tag::decode(&pairs.remove(at).1).ok()?;
        let value = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let (secret_id, stamp) = (value("SecretId")?, value("Timestamp")?.parse().ok()?);
        // Nothing else is signed, so nothing else may stand there.
        let is_ours = pairs.len() == 3 && value("SignatureMethod")? == Algorithm::HmacSha256.name();
        let path = visit.path.to_owned();
        is_ours.then_some(Self { id, secret_id, path, pairs, tag, stamp })
    }

    /// Did this key sign it, lately; an unknown key takes the same work.
    #[must_use]
    pub fn is_good(&self, key: Option<&Key>, now: Millis) -> bool {
        let pairs: Vec<(&str, &str)> =
            self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = v2::Request {
            method: Method::Get,
            host: HOST,
            path: &self.path,
            pairs: &pairs,
            algorithm: Algorithm::HmacSha256,
            tag: &self.tag,
        };
        let Some(key) = key.filter(|key| may_look(key)) else {
            let _ = v2::refuse_unknown(&request);
            return false;
        };
        let is_fresh = now.as_secs().saturating_sub(self.stamp).saturating_abs() <= LIFE_S;
        v2::verify(&request, &key.secret).is_ok() && is_fresh
    }
}

/// A temporary key's Token would have to stand in the link, what a policy or a list of addresses says of a key is not
/// judged here, and a suspended account reads nothing.
#[must_use]
pub fn may_look(key: &Key) -> bool {
    let account = &key.account;
    let is_anywhere = key.sources.is_empty() && account.sources.is_empty();
    let is_whole = key.token.is_none() && key.policies.is_none() && is_anywhere;
    key.enabled && is_whole && account.state == AccountState::Active
}

/// The path and query that this key's owner may follow for five minutes from `now`.
#[must_use]
pub fn link(id: RequestId, key_id: &KeyId, secret: &SecretKey, now: Millis) -> String {
    let path = format!("{PREFIX}{id}");
    let mut pairs = vec![
        ("SecretId".to_owned(), key_id.as_str().to_owned()),
        ("Timestamp".to_owned(), now.as_secs().to_string()),
    ];
    sign::v2(Method::Get, HOST, &path, &mut pairs, secret, Algorithm::HmacSha256);
    format!("{path}?{}", form::encode(&pairs))
}

/// A gate of the call.
struct Gate<'a> {
    name: &'a str,
    outcome: &'static str,
    us: String,
    is_refused: bool,
}

#[derive(Template)]
#[template(path = "request.html")]
struct View<'a> {
    frame: Frame<'a>,
    facts: Vec<(&'static str, String)>,
    gates: Vec<Gate<'a>>,
    more: Option<String>,
}

/// The page of a call, of what its account is told of it.
#[must_use]
pub fn page(told: &Value, visit: Visit<'_>, site: &Site) -> Page {
    // What the reader chooses comes behind what is signed.
    let signed = visit.query.unwrap_or_default().split('&');
    let signed = signed.filter(|pair| !pair.starts_with("lang=") && !pair.starts_with("theme="));
    let path = format!("{}?{}", visit.path, signed.collect::<Vec<_>>().join("&"));
    let reader = Reader::new(&visit, &path, site);
    let text = |name: &str| told.get(name).map(plain).filter(|text| !text.is_empty());
    let code = told.get("code").and_then(Value::as_u64).and_then(|n| u16::try_from(n).ok());
    let code = code.map(Code::from_wire);
    let answered = code.map(|code| match text("reason") {
        Some(reason) => format!("{code} {} ({reason})", code.code_desc()),
        None => format!("{code} {}", code.code_desc()),
    });
    let unanswered = || {
        reader.say("It is under way, or its answer was lost.", "处理中，或回答已丢失。").to_owned()
    };
    let charge = told.get("charge").map(|charge| {
        let part = |name: &str| charge.get(name).map(plain).unwrap_or_default();
        format!("{} {} {}", part("amount"), part("currency"), part("state"))
    });
    let took = told.get("tookMs").and_then(Value::as_f64).map(|ms| format!("{ms:.1} ms"));
    let upstream =
        told.get("upstream").map(|upstream| match upstream.get("status").and_then(Value::as_u64) {
            Some(status) => format!("HTTP {status}"),
            None => reader.say("no answer", "没有回答").to_owned(),
        });
    let facts = [
        (reader.say("Call", "请求"), text("action")),
        (reader.say("Module", "模块"), text("module")),
        (reader.say("Answered", "回答"), Some(answered.unwrap_or_else(unanswered))),
        (reader.say("Message", "message"), text("message")),
        (reader.say("Module code", "模块错误码"), text("moduleCode")),
        (reader.say("The module's answer", "模块的回答"), upstream),
        (reader.say("Charge", "扣费"), charge),
        (reader.say("Answer of", "回答取自"), text("replayOf")),
        (reader.say("Arrived (Unix time)", "到达时间（Unix）"), text("arrivedAt")),
        (reader.say("Took", "耗时"), took),
    ];
    let more = code.filter(|code| !code.is_success()).map(|code| {
        let anchor = text("reason").map(|reason| format!("#{reason}")).unwrap_or_default();
        reader.to(&format!("/errors/{code}{anchor}"))
    });
    let view = View {
        frame: Frame::bare(&reader, reader.say("What became of this call", "该请求的结果")),
        facts: facts.into_iter().filter_map(|(name, fact)| Some((name, fact?))).collect(),
        gates: gates(told, &reader),
        more,
    };
    Page::html(200, &view)
}

fn gates<'a>(told: &'a Value, reader: &Reader<'_>) -> Vec<Gate<'a>> {
    let gates = told.get("gates").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let gate = |gate: &'a Value| {
        let is_refused = gate.get("outcome").and_then(Value::as_str) == Some("refused");
        let outcome = if is_refused {
            reader.say("refused", "拒绝")
        } else {
            reader.say("passed", "通过")
        };
        Some(Gate {
            name: gate.get("gate")?.as_str()?,
            outcome,
            us: gate
                .get("us")
                .and_then(Value::as_f64)
                .map(|us| format!("{us:.1}"))
                .unwrap_or_default(),
            is_refused,
        })
    };
    gates.iter().filter_map(gate).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[derive(Template)]
#[template(path = "request_refused.html")]
struct RefusedView<'a> {
    frame: Frame<'a>,
}

/// The page of a link that is not good, whatever is wrong with it.
#[must_use]
pub fn refused(visit: Visit<'_>, site: &Site) -> Page {
    let reader = Reader::new(&visit, visit.path, site);
    let title = reader.say("This link is not good", "链接无效");
    Page::html(403, &RefusedView { frame: Frame::bare(&reader, title) })
}

/// Is it the path of such a page, with a link or without.
#[must_use]
pub fn is_meant(path: &str) -> bool {
    path.starts_with(PREFIX)
}

#[cfg(test)]
mod spec {
    use std::sync::Arc;

    use faregate_pipeline::facts::Account;

    use super::*;

    const NOW: i64 = 1_528_987_484;

    fn key(secret: &str) -> Key {
        let account = Arc::new(Account::new("100000001", 1, "Ann"));
        Key::new(KeyId::from("AKIDone"), SecretKey::new(secret), account)
    }

    #[test]
    fn a_link_is_good_for_its_call_its_key_and_five_minutes() {
        let id = RequestId::parse("0199f3a2-5c1e-7d41-9b6a-3f6f1d2c8e90").unwrap();
        let ours = key("secret");
        let at = |s: i64| Millis::from_secs(NOW + s);
        let link = link(id, &ours.id, &ours.secret, at(0));
        let good = |link: &str, key: Option<&Key>, now: Millis| {
            let (path, query) = link.split_once('?').unwrap_or((link, ""));
            let visit =
                Visit { path, query: Some(query), accept_language: None, now, counts: None };
            Asked::read(&visit).is_some_and(|asked| asked.is_good(key, now))
        };
        let changed = |change: fn(&mut Key)| {
            let mut key = key("secret");
            change(&mut key);
            key
        };
        let suspended =
            changed(|key| Arc::get_mut(&mut key.account).unwrap().state = AccountState::Suspended);
        let other = link.replace("8e90", "8e91");
        for (title, link, key, now, wanted) in [
            ("at once", link.clone(), Some(&ours), at(0), true),
            ("in Chinese", format!("{link}&lang=zh"), Some(&ours), at(0), true),
            ("at the bound", link.clone(), Some(&ours), at(300), true),
            ("a second later", link.clone(), Some(&ours), at(301), false),
            ("from the future", link.clone(), Some(&ours), at(-301), false),
            ("an unknown key", link.clone(), None, at(0), false),
            ("another secret", link.clone(), Some(&key("other")), at(0), false),
            (
                "a disabled key",
                link.clone(),
                Some(&changed(|key| key.enabled = false)),
                at(0),
                false,
            ),
            (
                "a temporary key",
                link.clone(),
                Some(&changed(|key| key.token = Some("t".into()))),
                at(0),
                false,
            ),
            ("a suspended account", link.clone(), Some(&suspended), at(0), false),
            ("another call", other, Some(&ours), at(0), false),
            ("a parameter more", format!("{link}&a=b"), Some(&ours), at(0), false),
            (
                "no signature",
                "/requests/0199f3a2-5c1e-7d41-9b6a-3f6f1d2c8e90?SecretId=a".into(),
                Some(&ours),
                at(0),
                false,
            ),
            ("another page", link.replace("/requests/", "/errors/"), Some(&ours), at(0), false),
        ] {
            assert_eq!(good(&link, key, now), wanted, "{title}");
        }
    }
}
