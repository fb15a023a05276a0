//! The code pages: one a room, in two languages, embedded where the checks are, so that they do not drift.
//!
//! `explain`, the console and `/errors.json` read them from here. Each reason of a room is a `###` heading
//! of its page, and so an anchor.

mod language;
mod parts;
mod reproduce;

use faregate_contract::{Code, Reason};

pub use language::Language;
pub use parts::Part;
pub use reproduce::{REPRODUCTIONS, Reproduction, reproduction};

/// The page of one code.
#[derive(Clone, Copy, Debug)]
pub struct CodePage {
    /// The code.
    pub code: Code,
    /// The room that makes it.
    pub room: &'static str,
    /// The room's reasons, each a heading of the page.
    pub reasons: &'static [Reason],
    /// The page in English, as Markdown.
    pub english: &'static str,
    /// The page in Chinese, as Markdown.
    pub chinese: &'static str,
}

impl CodePage {
    /// The page in this language.
    #[must_use]
    pub const fn text(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Chinese => self.chinese,
        }
    }
}

macro_rules! pages {
    ($($code:ident $number:literal in $room:ident;)*) => {
        /// All pages, in the order of the codes; 0 needs none.
        pub const PAGES: &[CodePage] = &[$(
            CodePage {
                code: Code::$code,
                room: stringify!($room),
                reasons: crate::$room::REASONS,
                english: include_str!(concat!("../", stringify!($room), "/", $number, ".md")),
                chinese: include_str!(concat!("../", stringify!($room), "/", $number, ".zh.md")),
            }
        ),*];
    };
}

pages! {
    InvalidParameter "4000" in parameters;
    AuthFailure "4100" in authn;
    RequestExpired "4200" in validity;
    AccessDenied "4300" in authz;
    QuotaExceeded "4400" in quota;
    ReplayAttack "4500" in replay;
    ProtocolNotSupported "4600" in protocol;
    ResourceNotFound "5000" in ownership;
    OperationFailed "5100" in operation;
    ResourceInsufficient "5200" in purchase;
    InsufficientBalance "5300" in balance;
    PartialSuccess "5400" in batch;
    UserQualificationAuditFailed "5500" in verification;
    InternalError "6000" in fault;
    VersionNotSupported "6100" in routing;
    ServiceUnavailable "6200" in availability;
}

/// The page of a code; success and unknown codes have none.
#[must_use]
pub fn page(code: Code) -> Option<&'static CodePage> {
    PAGES.iter().find(|page| page.code == code)
}

/// What a page says about one reason: the text below its `###` heading, without the heading.
#[must_use]
pub fn section_of_reason<'a>(page: &'a str, reason: &str) -> Option<&'a str> {
    let mut starts_at = None;
    let mut offset = 0;
    for line in page.split_inclusive('\n') {
        let end_of_section = line.starts_with("## ") || line.starts_with("### ");
        match starts_at {
            Some(start) if end_of_section => return page.get(start..offset).map(str::trim),
            None if line.trim_end().strip_prefix("### ") == Some(reason) => {
                starts_at = Some(offset + line.len());
            }
            Some(_) | None => {}
        }
        offset += line.len();
    }
    page.get(starts_at?..).map(str::trim)
}

/// Where the source of a room is, from the root of the repository.
#[must_use]
pub fn source_path(room: &str) -> String {
    format!("crates/pipeline/src/{room}")
}

#[cfg(test)]
mod spec {
    use super::*;

    fn headings<'a>(page: &'a str, level: &str) -> Vec<&'a str> {
        page.lines().filter_map(|line| line.strip_prefix(level)).collect()
    }

    #[test]
    fn every_refusing_code_has_one_page() {
        let codes: Vec<Code> = PAGES.iter().map(|page| page.code).collect();
        assert_eq!(
            codes,
            Code::ALL.into_iter().filter(|code| !code.is_success()).collect::<Vec<_>>()
        );
        assert!(page(Code::Success).is_none());
        assert!(page(Code::Other(4700)).is_none());
    }

    #[test]
    fn a_page_has_its_title_the_description_word_for_word_and_nine_parts() {
        for page in PAGES {
            let code = page.code;
            for language in [Language::English, Language::Chinese] {
                let text = page.text(language);
                let opening =
                    format!("# {code} {}\n\n> {}\n", code.error_type(), code.description());
                assert!(text.starts_with(&opening), "{code} {language:?}");
                let parts = Part::ALL.map(|part| part.heading(language));
                assert_eq!(headings(text, "## "), parts, "{code} {language:?}");
                for part in Part::ALL {
                    assert!(
                        part.of(text, language).is_some_and(|said| !said.is_empty()),
                        "{code} {part:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_reason_of_every_room_stands_once_on_its_page_in_both_languages() {
        for page in PAGES {
            let mut reasons: Vec<&str> =
                page.reasons.iter().map(|reason| reason.as_str()).collect();
            reasons.sort_unstable();
            for language in [Language::English, Language::Chinese] {
                let mut found = headings(page.text(language), "### ");
                found.sort_unstable();
                assert_eq!(found, reasons, "{} {language:?}", page.code);
            }
        }
    }

    #[test]
    fn every_reason_has_a_section_with_words_of_its_own() {
        for page in PAGES {
            for reason in page.reasons {
                for language in [Language::English, Language::Chinese] {
                    let said = section_of_reason(page.text(language), reason.as_str());
                    assert!(
                        said.is_some_and(|said| said.len() > 20 && !said.contains('#')),
                        "{reason} {language:?}: {said:?}"
                    );
                }
            }
        }
    }

    /// What a text holds besides its words.
    fn frame(text: &str) -> (Vec<&str>, Vec<&str>, usize, Vec<&str>) {
        let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next());
        let links = text.split("](/").skip(1).filter_map(|rest| rest.split(')').next());
        let bullets = text.lines().filter(|line| line.starts_with("- ")).count();
        (headings(text, "### "), blocks.collect(), bullets, links.collect())
    }

    #[test]
    fn both_languages_are_one_page_in_reasons_commands_clients_and_links() {
        for page in PAGES {
            assert_eq!(frame(page.english), frame(page.chinese), "{}", page.code);
        }
    }

    #[test]
    fn each_page_says_what_to_do_with_each_client() {
        for page in PAGES {
            let clients = [
                ("CLI", "命令行"),
                ("Python SDK", "Python SDK"),
                ("Node SDK", "Node SDK"),
                ("curl", "curl"),
            ];
            for (english, chinese) in clients {
                for (language, client) in
                    [(Language::English, english), (Language::Chinese, chinese)]
                {
                    let fix = Part::Fix.of(page.text(language), language).unwrap();
                    assert!(fix.contains(&format!("- **{client}**")), "{} {client}", page.code);
                }
            }
        }
    }

    #[test]
    fn a_section_ends_at_the_next_heading_or_the_end() {
        let page = "# 1\n\n### A\n\none\n\n### AB\n\ntwo\n\n## Next\n\n### C\nlast";
        for (reason, said) in [
            ("A", Some("one")),
            ("AB", Some("two")),
            ("C", Some("last")),
            ("B", None),
            ("Next", None),
        ] {
            assert_eq!(section_of_reason(page, reason), said, "{reason}");
        }
    }
}
