//! What differs from run to run, taken out of what a user sees.

/// Most characters of an answer that the page shows.
const CHARS_MAX: usize = 160;

/// The text without ids, addresses and times, cut.
pub(super) fn mask(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = rest.find(|c: char| !is_token(c)).unwrap_or(rest.len());
        // A colon is a part of a time, and never its beginning.
        let alone = end == 0 || c == ':';
        let (token, after) = rest.split_at(if alone { c.len_utf8() } else { end });
        out.push_str(masked(token));
        rest = after;
    }
    let out = without_balance(&out);
    let mut cut: String = out.chars().take(CHARS_MAX).collect();
    if cut.len() < out.len() {
        cut.push('…');
    }
    cut
}

/// The balance depends on who else bought what meanwhile.
fn without_balance(text: &str) -> String {
    let Some(at) = text.to_ascii_lowercase().find("balance\":") else { return text.to_owned() };
    let (before, after) = text.split_at(at + "balance\":".len());
    let amount = after.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let (quote, amount) = after.split_at(amount);
    let end = amount.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(amount.len());
    format!("{before}{quote}…{}", amount.get(end..).unwrap_or_default())
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | ':')
}

fn masked(token: &str) -> &str {
    let dashes = token.matches('-').count();
    let digits = token.bytes().all(|b| b.is_ascii_digit());
    match token {
        "ins-0ther001" | "ins-00000000" => token,
        _ if token.len() == 36 && dashes == 4 => "…",
        _ if token.starts_with("ins-") => "ins-…",
        _ if token.starts_with("deal-") => "deal-…",
        _ if token.len() == 20 && token.ends_with('Z') && token.contains('T') => "…",
        _ if digits && token.len() >= 5 => "…",
        _ => token,
    }
}

#[test]
fn what_differs_from_run_to_run_is_masked() {
    for (text, shown) in [
        ("id 01a20da4-3e85-7d97-bf38-baa651c56344.", "id …."),
        ("[\"ins-j8tmaza9\"] ins-0ther001 deal-4z2yf5kf", "[\"ins-…\"] ins-0ther001 deal-…"),
        ("at 2026-11-24T12:59:52Z, 5311504 and 4000", "at …, … and 4000"),
        ("{\"id\":5311504,\"code\":4000}", "{\"id\":…,\"code\":4000}"),
        ("未命名", "未命名"),
        ("{\"Balance\": \"9940.00\", \"n\": 1}", "{\"Balance\": \"…\", \"n\": 1}"),
    ] {
        assert_eq!(mask(text), shown);
    }
    assert_eq!(mask(&"x ".repeat(200)).chars().count(), CHARS_MAX + 1);
}
