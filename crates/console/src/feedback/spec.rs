//! Which forms are taken, and what becomes of the words in them.

use super::*;

const NOW: Millis = Millis::new(1_700_000_000_000);

fn site() -> Site {
    Site { secret: [7; 16], ..Site::default() }
}

fn form_of(page: &str, token: &str, level: &str, text: &str) -> String {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    form::encode(&[
        pair("page", page),
        pair("token", token),
        pair("lang", "zh"),
        pair("level", level),
        pair("text", text),
    ])
}

#[test]
fn a_form_is_taken_from_its_own_page_within_a_day_and_from_nowhere_else() {
    let good = token::make(&[7; 16], "/errors/4500", NOW);
    let other_page = token::make(&[7; 16], "/errors/4100", NOW);
    let other_secret = token::make(&[8; 16], "/errors/4500", NOW);
    let old = token::make(&[7; 16], "/errors/4500", NOW.plus(-86_400_001));
    let ahead = token::make(&[7; 16], "/errors/4500", NOW.plus(3_600_000));
    let (host, own) = (Some("docs.example.com"), Some("https://docs.example.com"));
    let long = "x".repeat(TEXT_MAX + 1);
    for (token, level, text, origin, fetch_site, found) in [
        (&good, "1", "why?", own, Some("same-origin"), Ok(1)),
        (&good, "5", "", None, None, Ok(5)),
        (&good, "5", "", own, Some("cross-site"), Err(Refused::Foreign)),
        (&good, "5", "", Some("https://evil.example"), None, Err(Refused::Foreign)),
        (&good, "5", "", Some("null"), None, Err(Refused::Foreign)),
        (&other_page, "5", "", own, None, Err(Refused::Foreign)),
        (&other_secret, "5", "", own, None, Err(Refused::Foreign)),
        (&String::new(), "5", "", own, None, Err(Refused::Foreign)),
        (&"1.".to_owned(), "5", "", own, None, Err(Refused::Foreign)),
        (&old, "5", "", own, None, Err(Refused::Old)),
        (&ahead, "5", "", own, None, Err(Refused::Old)),
        (&good, "0", "", own, None, Err(Refused::NoLevel)),
        (&good, "6", "", own, None, Err(Refused::NoLevel)),
        (&good, "", "", own, None, Err(Refused::NoLevel)),
        (&good, "3", &long, own, None, Err(Refused::TooLong)),
    ] {
        let form = form_of("/errors/4500", token, level, text);
        let sent = Sent { form: &form, host, origin, fetch_site };
        let judged = judge(sent, &site(), NOW);
        let row = format!("{token} {level} {origin:?} {fetch_site:?}: {judged:?}");
        assert_eq!(judged.as_ref().map(|vote| vote.level).map_err(|why| *why), found, "{row}");
        if let Ok(vote) = judged {
            assert_eq!((vote.page.as_str(), vote.language), ("/errors/4500", "zh"), "{row}");
        }
    }
}

#[test]
fn words_are_kept_without_what_moves_a_terminal_or_turns_a_line() {
    for (sent, kept) in [
        ("  two\r\nlines \r", "two\nlines"),
        ("\u{1b}[31mred\u{7}", "[31mred"),
        ("a\u{202e}txt.exe\u{2066}", "atxt.exe"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("谢谢 😀", "谢谢 😀"),
    ] {
        assert_eq!(clean(sent), kept, "{sent:?}");
    }
}

#[test]
fn a_readers_words_and_the_operators_answer_are_text_on_every_page() {
    let site = site();
    let visit =
        Visit { path: "/feedback/r", query: None, accept_language: None, now: NOW, counts: None };
    let hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>\" onload=\"x";
    let vote = Vote {
        page: "/errors/\"><b>".to_owned(),
        language: "en",
        level: 1,
        text: hostile.to_owned(),
    };
    let it = Kept { receipt: "r".to_owned(), id: 1, vote, answer: Some(hostile.to_owned()) };
    let page = String::from_utf8(receipt(&it, visit, &site).body).unwrap();
    for markup in ["<script>alert", "<img", "\" onload", "\"><b>"] {
        assert!(!page.contains(markup), "{markup}: {page}");
    }
    assert!(page.matches("&#60;script&#62;alert(1)").count() == 2, "shown, twice: {page}");
}

#[test]
fn each_refusal_has_its_status_and_its_words_in_both_languages() {
    let site = site();
    for (why, status) in [
        (Refused::Foreign, 403),
        (Refused::Old, 400),
        (Refused::NoLevel, 400),
        (Refused::TooLong, 400),
        (Refused::TooMany(61), 429),
        (Refused::Down, 503),
    ] {
        let visit =
            |query| Visit { path: PATH, query, accept_language: None, now: NOW, counts: None };
        let said = ["lang=en", "lang=zh"].map(|query| {
            let page = refused(why, true, visit(Some(query)), &site);
            assert_eq!(page.status, status, "{why:?}");
            String::from_utf8(page.body).unwrap()
        });
        assert_ne!(said[0], said[1], "{why:?}");
        let html = refused(why, false, visit(None), &site);
        let waits =
            html.headers.iter().any(|(name, value)| *name == "retry-after" && value == "61");
        assert_eq!((html.status, waits), (status, matches!(why, Refused::TooMany(_))));
    }
}
