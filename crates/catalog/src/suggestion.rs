//! Did you mean: the nearest of a list of words.

/// The nearest word, if it is near enough to be what was meant: a third of its letters may differ.
pub(crate) fn nearest<'a>(word: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = |candidate: &str| candidate.len().max(word.len()).max(3) / 3;
    among
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(far, candidate)| *far <= near(candidate))
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate)
}

/// The nearest word of a list as a question, if one is near enough to be what was meant.
#[must_use]
pub fn did_you_mean<'a>(word: &str, among: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(word, among).map(|near| format!("did you mean `{near}`?"))
}

/// Levenshtein's distance, without regard to ASCII case.
fn distance(ours: &str, theirs: &str) -> usize {
    let theirs: Vec<char> = theirs.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=theirs.len()).collect();
    for (i, our) in ours.chars().map(|c| c.to_ascii_lowercase()).enumerate() {
        let mut left = i + 1;
        let mut diagonal = i;
        for (cell, their) in row.iter_mut().skip(1).zip(&theirs) {
            let above = *cell;
            let changed = diagonal + usize::from(our != *their);
            left = changed.min(above + 1).min(left + 1);
            diagonal = above;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}
