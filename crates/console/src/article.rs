//! Markdown becomes HTML: headings get anchors, links keep the reader's language, raw HTML stays text.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// The HTML of a text of ours.
pub(crate) fn render(markdown: &str, suffix: &str) -> String {
    let mut events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES)
        .map(|event| ours(event, suffix))
        .collect();
    name_headings(&mut events);
    let mut out = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut out, events.into_iter());
    out
}

fn ours<'a>(event: Event<'a>, suffix: &str) -> Event<'a> {
    if let Event::Html(text) | Event::InlineHtml(text) = event {
        return Event::Text(text);
    }
    if let Event::Start(Tag::Link { link_type, dest_url, title, id }) = event {
        return Event::Start(Tag::Link {
            link_type,
            dest_url: localised(&dest_url, suffix),
            title,
            id,
        });
    }
    event
}

/// The text of the first heading.
pub(crate) fn title(markdown: &str) -> &str {
    markdown.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default()
}

/// `/errors/4500#NONCE_SEEN` with `?lang=zh` between.
fn localised<'a>(url: &str, suffix: &str) -> CowStr<'a> {
    if !url.starts_with('/') {
        return url.to_owned().into();
    }
    match url.split_once('#') {
        Some((path, anchor)) => format!("{path}{suffix}#{anchor}").into(),
        None => format!("{url}{suffix}").into(),
    }
}

/// A reason's heading is its own anchor, letter by letter: `docUrl` of every refusal points to it.
fn name_headings(events: &mut [Event<'_>]) {
    let mut words = String::new();
    for event in events.iter_mut().rev() {
        if let Event::End(TagEnd::Heading(_)) = event {
            words.clear();
        } else if let Event::Text(text) | Event::Code(text) = event {
            words.insert_str(0, text);
        } else if let Event::Start(Tag::Heading { level, id, .. }) = event {
            let anchor = if *level == HeadingLevel::H3 { words.clone() } else { slug(&words) };
            *id = (!anchor.is_empty()).then(|| anchor.into());
        }
    }
}

fn slug(heading: &str) -> String {
    let spaced: String = heading
        .chars()
        .map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join("-")
}
