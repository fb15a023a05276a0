//! What the value of one parameter may have been before it was changed.

use super::encoding::{self, ESCAPINGS, RFC3986};
use super::json;
use crate::region::REGIONS;

/// Other spellings of a value, near ones first; the value itself is not among them.
pub(super) fn variants(name: &str, value: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    spaces(value, &mut found);
    truths(value, &mut found);
    numbers(value, &mut found);
    letters(value, &mut found);
    quotes(value, &mut found);
    escapes(value, &mut found);
    if name == "Region" {
        let same = |(short, long): &&(&str, &str)| *short == value || *long == value;
        let regions = REGIONS.iter().filter(same);
        found.extend(regions.flat_map(|&(short, long)| [short.to_owned(), long.to_owned()]));
    }
    if name == "SignatureMethod" {
        found.extend(["HmacSHA1", "HmacSHA256", "HMAC-SHA1", "sha1", "sha256"].map(str::to_owned));
    }
    if value.starts_with(['[', '{']) {
        found.extend(json::rewritten(value).take(JSON_MAX));
    }
    let mut seen = Vec::with_capacity(found.len());
    found.retain(|other| {
        let new = other != value && !seen.contains(other);
        seen.push(other.clone());
        new
    });
    found
}

fn spaces(value: &str, found: &mut Vec<String>) {
    found.push(value.trim().to_owned());
    found.extend(["\n", " ", "\r\n"].map(|end| format!("{value}{end}")));
    found.push(format!(" {value}"));
    found.push(value.split_whitespace().collect::<Vec<_>>().join(" "));
    found.push(value.replace("\r\n", "\n"));
    found.push(value.replace('\n', "\r\n"));
    found.push(value.replace('\n', " "));
}

fn truths(value: &str, found: &mut Vec<String>) {
    const TRUE: [&str; 6] = ["true", "True", "TRUE", "1", "yes", "on"];
    const FALSE: [&str; 7] = ["false", "False", "FALSE", "0", "no", "off", ""];
    const NOTHING: [&str; 7] = ["", "null", "None", "undefined", "nil", "NULL", "NaN"];
    for alike in [&TRUE[..], &FALSE[..], &NOTHING[..]] {
        if alike.contains(&value) {
            found.extend(alike.iter().map(|other| (*other).to_owned()));
        }
    }
}

fn numbers(value: &str, found: &mut Vec<String>) {
    if let Ok(number) = value.parse::<i64>() {
        let near = [number.checked_add(1), number.checked_sub(1), number.checked_neg()];
        found.extend(near.into_iter().flatten().map(|other| other.to_string()));
        found.extend([
            number.to_string(),
            format!("{value}.0"),
            format!("{value}.00"),
            format!("0{value}"),
            format!("+{value}"),
        ]);
        found.extend(["0", "1", "10", "20", "50", "100"].map(str::to_owned));
    } else if value.parse::<f64>().is_ok() {
        let short = value.trim_end_matches('0').trim_end_matches('.');
        found.extend([short.to_owned(), format!("{value}0")]);
    }
}

fn letters(value: &str, found: &mut Vec<String>) {
    found.push(value.to_lowercase());
    found.push(value.to_uppercase());
    let mut rest = value.chars();
    if let Some(first) = rest.next() {
        found.push(first.to_uppercase().chain(rest.clone()).collect());
        found.push(first.to_lowercase().chain(rest).collect());
    }
}

fn quotes(value: &str, found: &mut Vec<String>) {
    found.extend([
        format!("\"{value}\""),
        format!("'{value}'"),
        format!("[\"{value}\"]"),
        format!("['{value}']"),
    ]);
    found.push(value.trim_matches(['"', '\'']).to_owned());
}

fn escapes(value: &str, found: &mut Vec<String>) {
    found.extend(ESCAPINGS.iter().map(|way| encoding::escape(value, *way)));
    found.push(encoding::escape(&encoding::escape(value, RFC3986), RFC3986));
    found.extend([false, true].into_iter().filter_map(|plus| encoding::unescape(value, plus)));
    found.push(value.replace(' ', "+"));
    found.push(value.replace('+', " "));
    found.push(
        value
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;"),
    );
    found.push(
        value
            .replace("&amp;", "&")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\""),
    );
    found.push(json::html_escaped(value));
    found.push(value.replace('\\', "\\\\"));
    found.extend(encoding::decoded_once_more(value));
}

const JSON_MAX: usize = 84;
