//! "Was this page helpful?": five levels and a text, as the published page ends.
//!
//! The form works without a script and without a cookie. It carries a token that binds it to its page and its time,
//! signed with the installation's secret; a browser also says where the form was shown, and no other site's form is
//! taken. No address is kept, only counted for a while. What a reader wrote is text, wherever it is shown.

mod quota;
mod token;

use askama::Template;
use faregate_pipeline::time::Millis;
use faregate_signing::form;
use serde_json::json;

pub use quota::VoteQuota;

use crate::page::{Frame, Page};
use crate::reader::Reader;
use crate::{Site, Visit};

/// Longest text of a vote, in characters.
pub const TEXT_MAX: usize = 2_000;

/// Where votes are sent.
pub const PATH: &str = "/feedback";

/// The levels, as the published page has them.
const LEVELS: [(&str, &str); 5] = [
    ("Not at all", "完全没有帮助"),
    ("Not very helpful", "不太有帮助"),
    ("Somewhat helpful", "有些帮助"),
    ("Very helpful", "很有帮助"),
    ("Extremely helpful", "非常有帮助"),
];

/// The form at the end of a page.
pub(crate) struct Widget {
    pub(crate) page: String,
    pub(crate) token: String,
    pub(crate) levels: Vec<(usize, &'static str)>,
}

impl Widget {
    pub(crate) fn new(reader: &Reader<'_>) -> Self {
        let levels = LEVELS.iter().map(|(english, chinese)| reader.say(english, chinese));
        Self {
            page: reader.path.to_owned(),
            token: token::make(&reader.site.secret, reader.path, reader.now),
            levels: (1..).zip(levels).collect(),
        }
    }
}

/// A form as it was sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent<'a> {
    /// The body: `a=b&c=d`.
    pub form: &'a str,
    /// The `Host` header.
    pub host: Option<&'a str>,
    /// The `Origin` header.
    pub origin: Option<&'a str>,
    /// The `Sec-Fetch-Site` header.
    pub fetch_site: Option<&'a str>,
}

/// A vote that may be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// Of which page.
    pub page: String,
    /// In which language it was read.
    pub language: &'static str,
    /// From 1, not at all, to 5, extremely.
    pub level: u8,
    /// In the reader's own words; may be empty.
    pub text: String,
}

/// Why a vote is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It came from another site, or was never shown.
    Foreign,
    /// The page was open for too long.
    Old,
    /// No level was chosen.
    NoLevel,
    /// The text is too long.
    TooLong,
    /// This address sent too many; it may come back after that many seconds.
    TooMany(u32),
    /// The store did not take it.
    Down,
}

/// Judges a form.
///
/// # Errors
/// Why it is not taken.
pub fn judge(sent: Sent<'_>, site: &Site, now: Millis) -> Result<Vote, Refused> {
    if !is_of_this_site(sent) {
        return Err(Refused::Foreign);
    }
    let pairs = form::decode(sent.form).map_err(|_| Refused::Foreign)?;
    let value =
        |name: &str| pairs.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str());
    let page = value("page");
    token::check(&site.secret, page, value("token"), now)?;
    let level: u8 = value("level").parse().map_err(|_| Refused::NoLevel)?;
    if !(1..=5).contains(&level) {
        return Err(Refused::NoLevel);
    }
    let text = clean(value("text"));
    if text.chars().count() > TEXT_MAX {
        return Err(Refused::TooLong);
    }
    let language = if value("lang") == "zh" { "zh" } else { "en" };
    Ok(Vote { page: page.to_owned(), language, level, text })
}

/// What a browser says about where the form was shown. Clients that say nothing have the token alone.
fn is_of_this_site(sent: Sent<'_>) -> bool {
    let site = sent.fetch_site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin = sent.origin.is_none_or(|origin| {
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        host.is_some() && host == sent.host
    });
    site && origin
}

/// Text that a terminal and a page can show: no control character but the line's end, and nothing that turns the
/// direction of what follows.
#[must_use]
pub fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = |c: &char| {
        let turns = matches!(*c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
        (*c == '\n' || !c.is_control()) && !turns
    };
    text.chars().filter(kept).collect::<String>().trim().to_owned()
}

#[derive(Template)]
#[template(path = "feedback_refused.html")]
struct RefusedView<'a> {
    frame: Frame<'a>,
    what: &'a str,
    again: Option<String>,
}

impl Refused {
    const fn status(self) -> u16 {
        match self {
            Self::Foreign => 403,
            Self::Old | Self::NoLevel | Self::TooLong => 400,
            Self::TooMany(_) => 429,
            Self::Down => 503,
        }
    }

    fn words(self, reader: &Reader<'_>) -> String {
        let said = match self {
            Self::Foreign => (
                "This form was not sent from a page of this site, so it was not taken.",
                "该表单不是从本站页面提交的，未被接受。",
            ),
            Self::Old => (
                "The page was open for more than a day. Load it again, then send your words once more.",
                "页面打开已超过一天。请重新加载后再次提交。",
            ),
            Self::NoLevel => (
                "No level was chosen. Go back and choose one of the five; your words are still there.",
                "尚未选择评价。请返回选择其中一项，您的文字仍在。",
            ),
            Self::TooLong => (
                "A text has at most 2,000 characters. Go back and shorten it.",
                "文字最多 2000 字。请返回缩短。",
            ),
            Self::TooMany(seconds) => {
                let minutes = seconds.div_ceil(60);
                return if reader.is_chinese() {
                    format!("该地址提交的评价过多，未保存。请 {minutes} 分钟后再试。")
                } else {
                    format!(
                        "Too many votes came from your address, and this one is not kept. Try again in {minutes} min."
                    )
                };
            }
            Self::Down => (
                "Your words could not be stored just now. Go back and send them again.",
                "暂时无法保存。请返回再次提交。",
            ),
        };
        reader.say(said.0, said.1).to_owned()
    }
}

/// The page that says why a vote is not kept, for a script as JSON.
#[must_use]
pub fn refused(why: Refused, wants_json: bool, visit: Visit<'_>, site: &Site) -> Page {
    let reader = Reader::new(&visit, PATH, site);
    let what = why.words(&reader);
    let page = if wants_json {
        Page::json(&json!({ "kept": false, "message": what }))
    } else {
        let title = reader.say("Your vote is not kept", "评价未保存");
        let again = Some(reader.to("/errors"));
        Page::html(200, &RefusedView { frame: Frame::bare(&reader, title), what: &what, again })
    };
    let page = page.status(why.status());
    match why {
        Refused::TooMany(seconds) => page.header("retry-after", seconds.to_string()),
        Refused::Foreign | Refused::Old | Refused::NoLevel | Refused::TooLong | Refused::Down => {
            page
        }
    }
}

/// What a reader is told of a vote that was kept, and later of its answer.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What the reader alone knows.
    pub receipt: String,
    /// Its number.
    pub id: i64,
    /// The vote.
    pub vote: Vote,
    /// What the operator answered.
    pub answer: Option<String>,
}

#[derive(Template)]
#[template(path = "thanks.html")]
struct ThanksView<'a> {
    frame: Frame<'a>,
    kept: &'a Kept,
    level: &'static str,
    page_href: String,
    next: [&'static str; 2],
}

/// After a vote was kept: to its own page, so that loading it again sends nothing; for a script, the same as JSON.
#[must_use]
pub fn kept(kept: &Kept, wants_json: bool, visit: Visit<'_>, site: &Site) -> Page {
    let reader = Reader::new(&visit, PATH, site);
    let to = reader.to(&format!("{PATH}/{}", kept.receipt));
    if wants_json {
        let [first, second] = next(&reader);
        return Page::json(
            &json!({ "kept": true, "message": format!("{first} {second}"), "url": to }),
        );
    }
    Page::redirect(&to).status(303)
}

/// `/feedback/<receipt>`: thanks, what happens next, and the answer once there is one.
#[must_use]
pub fn receipt(kept: &Kept, visit: Visit<'_>, site: &Site) -> Page {
    let reader = Reader::new(&visit, visit.path, site);
    let level = usize::from(kept.vote.level).checked_sub(1).and_then(|at| LEVELS.get(at));
    let level = level.map_or("", |(english, chinese)| reader.say(english, chinese));
    let view = ThanksView {
        frame: Frame::bare(&reader, reader.say("Thank you", "谢谢")),
        level,
        page_href: reader.to(&kept.vote.page),
        next: next(&reader),
        kept,
    };
    Page::html(200, &view)
}

fn next(reader: &Reader<'_>) -> [&'static str; 2] {
    [
        reader.say(
            "Thank you. Your vote is stored, and the operator of this installation reads it.",
            "谢谢。您的评价已保存，本系统的运营方会阅读。",
        ),
        reader.say(
            "An answer, if your words ask for one, will stand under the address of this receipt: keep it.",
            "若需要答复，答复将显示在此回执的地址下，请保存该地址。",
        ),
    ]
}

#[cfg(test)]
mod spec;
