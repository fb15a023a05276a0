//! Where two strings to sign begin to differ, with the invisible made visible.

use std::fmt;
use std::fmt::Write as _;

/// The first place at which two texts differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The byte at which they differ, counted from 0.
    pub at: usize,
    /// The line in which it is, counted from 1.
    pub line: usize,
    /// The character within the line, counted from 1.
    pub column: usize,
    /// What is there in ours, with a little before it, invisible characters shown.
    pub ours: String,
    /// What is there in theirs.
    pub theirs: String,
    /// The width, in characters, of what both have before they differ.
    pub n_common: usize,
}

/// Finds where `theirs` leaves `ours`; `None` where both are the same.
#[must_use]
pub fn first_difference(ours: &str, theirs: &str) -> Option<Difference> {
    if ours == theirs {
        return None;
    }
    let pairs = ours.char_indices().zip(theirs.chars());
    let at = pairs
        .clone()
        .find(|((_, ours), theirs)| ours != theirs)
        .map_or_else(|| ours.len().min(theirs.len()), |((at, _), _)| at);
    let common = ours.get(..at).unwrap_or_default();
    let line_start = common.rfind('\n').map_or(0, |feed| feed + 1);
    let in_line = common.get(line_start..).unwrap_or_default();
    let n_skipped = in_line.chars().count().saturating_sub(CHARS_BEFORE);
    let before: String = in_line.chars().skip(n_skipped).collect();
    let lead = if n_skipped > 0 { "…" } else { "" };
    let head = format!("{lead}{}", shown(&before));
    let excerpt = |text: &str| {
        let rest = text.get(at..).unwrap_or_default();
        let piece: String = rest.chars().take(CHARS_AFTER).collect();
        let more = if piece.len() < rest.len() { "…" } else { "" };
        let end = if rest.is_empty() { "⟨end⟩" } else { "" };
        format!("{head}{}{end}{more}", shown(&piece))
    };
    Some(Difference {
        at,
        line: common.matches('\n').count() + 1,
        column: in_line.chars().count() + 1,
        ours: excerpt(ours),
        theirs: excerpt(theirs),
        n_common: head.chars().count(),
    })
}

/// Three lines: ours, theirs, and a mark below the first character that differs.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, ours, theirs, n_common, .. } = self;
        writeln!(f, "ours    {ours}")?;
        writeln!(f, "theirs  {theirs}")?;
        write!(f, "        {:n_common$}^ line {line}, character {column}", "")
    }
}

/// The text with every character that an eye does not see written as its name or number. A space at an end counts as one.
#[must_use]
pub fn shown(text: &str) -> String {
    let n_chars = text.chars().count();
    let mut out = String::with_capacity(text.len());
    for (idx, letter) in text.chars().enumerate() {
        match letter {
            '\n' => out.push('⏎'),
            '\r' => out.push('␍'),
            '\t' => out.push('⇥'),
            ' ' if idx == 0 || idx + 1 == n_chars => out.push('␠'),
            letter if is_invisible(letter) => {
                let _ = write!(out, "⟨U+{:04X}⟩", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out
}

/// Controls, odd spaces, joiners and marks of direction.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || (letter.is_whitespace() && letter != ' ')
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{300}'..='\u{36f}')
}

const CHARS_BEFORE: usize = 40;
const CHARS_AFTER: usize = 40;
