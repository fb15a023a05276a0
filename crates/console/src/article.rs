//! Markdown becomes HTML: headings get anchors, links keep what the reader chose, raw HTML stays text.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use crate::reader::Reader;

/// Whose text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// Ours: its headings are anchors.
    House,
    /// A module's: its headings go below ours and name nothing, so that they cannot take an anchor of the page's.
    Module,
}

/// The HTML of a text.
pub(crate) fn render(markdown: &str, reader: &Reader<'_>, author: Author) -> String {
    let mut events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES)
        .filter_map(|event| ours(event, reader, author))
        .collect();
    if author == Author::House {
        name_headings(&mut events);
    }
    let label = reader.say("Table", "表格");
    // Each has a name of its own among the places that a reader of the screen can go to.
    let mut n = 0_u32;
    let framed = events.into_iter().flat_map(|event| {
        n = n.saturating_add(u32::from(matches!(event, Event::Start(Tag::Table(_)))));
        framed(event, &format!("{label} {n}"))
    });
    let mut out = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut out, framed);
    out
}

/// A sentence or two, without the paragraph around them.
pub(crate) fn inline(markdown: &str, reader: &Reader<'_>) -> String {
    let html = render(markdown, reader, Author::House);
    let html = html.trim();
    html.strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>")).unwrap_or(html).to_owned()
}

fn ours<'a>(event: Event<'a>, reader: &Reader<'_>, author: Author) -> Option<Event<'a>> {
    if let Event::Html(text) | Event::InlineHtml(text) = event {
        return Some(Event::Text(text));
    }
    // Nothing is fetched for a page: of an image its words stay.
    if matches!(event, Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image)) {
        return None;
    }
    if let Event::Start(Tag::Link { link_type, dest_url, title, id }) = event {
        let dest_url = target(&dest_url, reader);
        return Some(Event::Start(Tag::Link { link_type, dest_url, title, id }));
    }
    if author == Author::House {
        return Some(event);
    }
    if let Event::Start(Tag::Heading { level, classes, attrs, .. }) = event {
        return Some(Event::Start(Tag::Heading { level: lower(level), id: None, classes, attrs }));
    }
    if let Event::End(TagEnd::Heading(level)) = event {
        return Some(Event::End(TagEnd::Heading(lower(level))));
    }
    Some(event)
}

/// Below the headings of the page that it stands on.
fn lower(level: HeadingLevel) -> HeadingLevel {
    if level <= HeadingLevel::H3 { HeadingLevel::H4 } else { HeadingLevel::H5 }
}

/// A wide table scrolls by itself, and by keyboard.
fn framed<'a>(event: Event<'a>, label: &str) -> Vec<Event<'a>> {
    let html = |text: String| Event::Html(text.into());
    if let Event::Start(Tag::Table(_)) = event {
        let open =
            format!("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\">");
        return vec![html(open), event];
    }
    if let Event::End(TagEnd::Table) = event {
        return vec![event, html("</div>\n".to_owned())];
    }
    vec![event]
}

/// The text of the first heading.
pub(crate) fn title(markdown: &str) -> &str {
    markdown.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default()
}

/// Where a link may lead: to us, or to the web. Anything else, `javascript:` for one, leads nowhere.
fn target<'a>(url: &str, reader: &Reader<'_>) -> CowStr<'a> {
    let elsewhere = ["https://", "http://", "mailto:", "#"];
    if url.starts_with('/') && !url.starts_with("//") {
        return reader.to(url).into();
    }
    if elsewhere.iter().any(|start| url.starts_with(start)) {
        return url.to_owned().into();
    }
    "#".into()
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
