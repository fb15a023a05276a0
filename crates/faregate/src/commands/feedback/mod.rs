//! `faregate feedback`: what readers say of the pages, who answers, and which page is the worst.

mod pages;

use clap::{Subcommand, ValueEnum};
use faregate_stores::{Vote, VoteFilter};
use serde_json::{Value, json};

use crate::clock::date;
use crate::exit::Failure;
use crate::output;
use crate::place::Place;

/// Read what readers say of the pages, and answer
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate feedback list --open\n  faregate feedback answer 12 'The page now names the header.'\n  faregate feedback pages"
)]
pub(crate) enum Feedback {
    /// List votes, newest first
    List {
        /// Only of this page: /errors/4500
        #[arg(long, value_name = "PATH")]
        page: Option<String>,
        /// Only those with words that nobody answered
        #[arg(long)]
        open: bool,
        /// How many at most
        #[arg(long, value_name = "N", default_value = "50")]
        limit: u32,
        #[command(flatten)]
        place: Place,
    },
    /// Show one vote with all its words
    Show {
        /// Its number
        id: i64,
        #[command(flatten)]
        place: Place,
    },
    /// Answer a vote; its reader finds the answer under the address of the receipt
    Answer {
        /// Its number
        id: i64,
        /// What to say
        text: String,
        #[command(flatten)]
        place: Place,
    },
    /// Votes per page and week, and the worst page of the week
    Pages {
        /// How many weeks back
        #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u8).range(1..=52))]
        weeks: u8,
        #[command(flatten)]
        place: Place,
    },
    /// Write all votes to standard output
    Export {
        /// One JSON line a vote, or comma-separated values
        #[arg(long, value_enum, default_value = "ndjson")]
        format: Format,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    Ndjson,
    Csv,
}

impl Feedback {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::List { page, open, limit, place } => {
                let filter = VoteFilter { page, open_only: open, since: None, limit };
                list(&place, &filter)
            }
            Self::Show { id, place } => show(&place, id),
            Self::Answer { id, text, place } => {
                let mut admin = place.open()?;
                admin.answer_vote(id, &faregate_console::feedback::clean(&text))?;
                let vote = admin.vote(id)?;
                place.shape.write(&row(&vote), || {
                    let receipt = &vote.vote.receipt;
                    output::data(format_args!(
                        "{id}: answered; its reader sees it at /feedback/{receipt}"
                    ));
                });
                Ok(())
            }
            Self::Pages { weeks, place } => pages::run(&place, weeks),
            Self::Export { format, place } => export(&place, format),
        }
    }
}

fn list(place: &Place, filter: &VoteFilter) -> Result<(), Failure> {
    let votes = place.open()?.list_votes(filter)?;
    let rows: Vec<[String; 7]> = votes
        .iter()
        .map(|vote| {
            [
                vote.id.to_string(),
                date(vote.vote.at.as_secs()),
                shown(&vote.vote.page),
                vote.vote.language.clone(),
                level(vote.vote.level),
                if vote.answer.is_some() { "answered" } else { "" }.to_owned(),
                first_words(&vote.vote.text),
            ]
        })
        .collect();
    place.shape.write(&votes.iter().map(row).collect(), || {
        output::table(["ID", "DATE", "PAGE", "LANG", "LEVEL", "STATE", "TEXT"], &rows);
    });
    Ok(())
}

fn show(place: &Place, id: i64) -> Result<(), Failure> {
    let vote = place.open()?.vote(id)?;
    place.shape.write(&row(&vote), || for_people(&vote));
    Ok(())
}

fn for_people(vote: &Vote) {
    let it = &vote.vote;
    output::data(format_args!("{} on {} ({})", level(it.level), shown(&it.page), it.language));
    output::data(format_args!("{}, receipt /feedback/{}", date(it.at.as_secs()), it.receipt));
    if !it.text.is_empty() {
        output::data(format_args!("\n{}", faregate_console::feedback::clean(&it.text)));
    }
    match &vote.answer {
        Some((text, at)) => {
            output::data(format_args!("\nAnswered {}:\n{text}", date(at.as_secs())))
        }
        None => {
            let id = vote.id;
            output::data(format_args!("\nNot answered: faregate feedback answer {id} '…'"));
        }
    }
}

fn export(place: &Place, format: Format) -> Result<(), Failure> {
    let admin = place.open()?;
    let mut votes = admin.list_votes(&VoteFilter { limit: u32::MAX, ..VoteFilter::default() })?;
    votes.reverse();
    match format {
        Format::Ndjson => votes.iter().for_each(|vote| output::json(&row(vote))),
        Format::Csv => {
            output::data("id,time,page,language,level,text,answer");
            for vote in &votes {
                let it = &vote.vote;
                let answer = vote.answer.as_ref().map_or("", |(text, _)| text);
                let cells = [
                    &vote.id.to_string(),
                    &date(it.at.as_secs()),
                    &it.page,
                    &it.language,
                    &it.level.to_string(),
                    &it.text,
                    answer,
                ]
                .map(cell);
                output::data(cells.join(","));
            }
        }
    }
    Ok(())
}

/// A cell that a spreadsheet takes for text: what begins like a formula gets an apostrophe before it.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\'']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

fn row(vote: &Vote) -> Value {
    let it = &vote.vote;
    json!({
        "id": vote.id,
        "time": it.at.as_secs(),
        "page": it.page,
        "language": it.language,
        "level": it.level,
        "text": it.text,
        "receipt": it.receipt,
        "answer": vote.answer.as_ref().map(|(text, _)| text),
        "answeredAt": vote.answer.as_ref().map(|(_, at)| at.as_secs()),
    })
}

/// What a terminal may be given of words that anybody wrote.
fn shown(text: &str) -> String {
    faregate_console::feedback::clean(text).replace('\n', " ")
}

fn first_words(text: &str) -> String {
    const MOST: usize = 60;
    let text = shown(text);
    if text.chars().count() <= MOST {
        return text;
    }
    format!("{} …", text.chars().take(MOST).collect::<String>())
}

fn level(level: u8) -> String {
    let words = match level {
        1 => "not at all",
        2 => "not very",
        3 => "somewhat",
        4 => "very",
        _ => "extremely",
    };
    format!("{level} {words}")
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_date_is_the_calendars() {
        for (seconds, text) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_528_987_484, "2018-06-14"),
            (1_795_478_399, "2026-11-23"),
            (1_795_478_400, "2026-11-24"),
            (-1, "1969-12-31"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }

    #[test]
    fn a_cell_is_text_to_a_spreadsheet() {
        for (text, kept) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"no\"\nagain", "\"say \"\"no\"\"\nagain\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+1", "\"'+1\""),
            ("@x", "\"'@x\""),
        ] {
            assert_eq!(cell(text), kept, "{text}");
        }
    }

    #[test]
    fn a_terminal_is_given_no_escapes_and_one_line() {
        assert_eq!(shown("a\u{1b}[2J\nb\u{202e}"), "a[2J b");
        assert_eq!(first_words(&"长".repeat(61)).chars().count(), 62);
    }
}
