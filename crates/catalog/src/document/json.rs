//! JSON: serde_json reads it, then a light scan of the same text finds where everything stands.

use serde_json::Value;

use super::places::{Place, Places, Span};
use super::{Malformed, join};

pub(super) fn parse(text: &str) -> Result<(Value, Places), Malformed> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let at = offset(text, error.line(), error.column());
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default().to_owned();
        Malformed { span: at..at, message: format!("this is not JSON: {said}") }
    })?;
    let mut scan = Scan { text, at: 0, places: Places::default(), twice: None };
    scan.value(None, String::new());
    match scan.twice {
        Some((span, key)) => {
            Err(Malformed { span, message: format!("the key `{key}` stands here twice") })
        }
        None => Ok((value, scan.places)),
    }
}

fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    before.saturating_add(column.saturating_sub(1)).min(text.len())
}

/// A walk over text that is known to be JSON.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    places: Places,
    /// The first duplicate key: serde_json would keep the last one, silently.
    twice: Option<(Span, String)>,
}

impl Scan<'_> {
    fn peek(&mut self) -> u8 {
        while self.byte().is_ascii_whitespace() {
            self.at += 1;
        }
        self.byte()
    }

    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn value(&mut self, key: Option<Span>, pointer: String) {
        let first = self.peek();
        let start = self.at;
        match first {
            b'{' => self.object(&pointer),
            b'[' => self.list(&pointer),
            b'"' => self.string(),
            _ => self.word(),
        }
        let container = matches!(first, b'{' | b'[');
        self.places.insert(pointer, Place { key, value: start..self.at, container });
    }

    fn object(&mut self, pointer: &str) {
        self.at += 1;
        let mut seen = std::collections::HashSet::new();
        while self.peek() == b'"' {
            let start = self.at;
            self.string();
            let span = start..self.at;
            let key: String = self
                .text
                .get(span.clone())
                .and_then(|quoted| serde_json::from_str(quoted).ok())
                .unwrap_or_default();
            if !seen.insert(key.clone()) && self.twice.is_none() {
                self.twice = Some((span.clone(), key.clone()));
            }
            self.peek();
            self.at += 1;
            self.value(Some(span), join(pointer, &key));
            if self.peek() == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
    }

    fn list(&mut self, pointer: &str) {
        self.at += 1;
        let mut i = 0_usize;
        while !matches!(self.peek(), b']' | 0) {
            self.value(None, format!("{pointer}/{i}"));
            i += 1;
            if self.peek() == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
    }

    fn string(&mut self) {
        self.at += 1;
        while !matches!(self.byte(), b'"' | 0) {
            self.at += if self.byte() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
    }

    fn word(&mut self) {
        while !matches!(self.byte(), b',' | b'}' | b']' | 0) && !self.byte().is_ascii_whitespace() {
            self.at += 1;
        }
    }
}
