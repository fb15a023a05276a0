//! `/errors`: opens as the published page does, its columns word for word.

use askama::Template;
use faregate_contract::{Code, Family};
use faregate_pipeline::pages::{self, Language, Part};

use crate::markdown;
use crate::module::{OwnCode, list_errors};
use crate::page::{Form, Frame, Page};
use crate::reader::Reader;

/// When the contract was last updated, as the published page says it.
pub(crate) const LAST_UPDATED: &str = "2018-06-14 14:44:24";

/// The first paragraph of the published page, word for word.
pub(crate) const INTRODUCTION: &str = "The error code in the returned result indicates the result of user's call to the cloud API. code is common error code, which applies to APIs of all modules. A code of 0 means the call succeeded. Other values means the call failed. If the call fails, the user can find out the cause of the error based on the following table and take appropriate actions.";

/// The second part of the published page, word for word, around its example.
pub(crate) const MODULE_PART: [&str; 4] = [
    "message field indicates errors related to modules.",
    "\"message\": \"(100004) incorrect projectId\"",
    "It consists of two parts - the string within () indicates the module error code, and the string following () is the error description.",
    "Different modules may produce different errors. The user can identify the cause of error based on error description.",
];

struct Row {
    code: Code,
    href: String,
    family: &'static str,
    /// What it means, for readers of Chinese.
    meaning: String,
}

struct ModuleRows<'a> {
    name: &'a str,
    title: &'a str,
    href: String,
    codes: Vec<OwnCode<'a>>,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview<'a> {
    frame: Frame<'a>,
    last_updated: &'static str,
    introduction: &'static str,
    module_part: [&'static str; 4],
    rows: Vec<Row>,
    modules: Vec<ModuleRows<'a>>,
}

/// The list of all codes.
pub(crate) fn page(reader: &Reader<'_>, form: Form) -> Page {
    if form == Form::Markdown {
        return Page::markdown(text(reader));
    }
    let rows = Code::ALL.into_iter().filter(|code| !code.is_success()).map(|code| Row {
        code,
        href: reader.to(&format!("/errors/{code}")),
        family: family(code.family()),
        meaning: meaning(code),
    });
    let modules = reader.site.modules.iter().map(|module| ModuleRows {
        name: &module.name,
        title: &module.title,
        href: reader.to(&format!("/modules/{}", module.name)),
        codes: OwnCode::all(module, reader),
    });
    let summary = "The 16 common error codes of the API and the codes of its modules: what each means and what to do.";
    Page::html(
        200,
        &Overview {
            frame: Frame::full(reader, "Error Codes".to_owned(), summary.to_owned()),
            last_updated: LAST_UPDATED,
            introduction: INTRODUCTION,
            module_part: MODULE_PART,
            rows: rows.collect(),
            modules: modules.collect(),
        },
    )
}

fn meaning(code: Code) -> String {
    let page = pages::page(code);
    let said = page.and_then(|page| Part::Meaning.of(page.chinese, Language::Chinese));
    markdown::plain(&markdown::first_sentence(said.unwrap_or_default()))
}

/// Whose turn it is, as a word for programs and style sheets.
pub(crate) const fn family(family: Family) -> &'static str {
    match family {
        Family::Success => "success",
        Family::Request => "request",
        Family::Resource => "resource",
        Family::Service => "service",
    }
}

fn text(reader: &Reader<'_>) -> String {
    let mut out = format!(
        "# Error Codes\n\nLast updated: {LAST_UPDATED}\n\n## 1. Common Error Code\n\n{INTRODUCTION}\n\n\
         | Error Code | Error Type | Description |\n| --- | --- | --- |\n"
    );
    for code in Code::ALL.into_iter().filter(|code| !code.is_success()) {
        out.push_str(&format!(
            "| [{code}](/errors/{code}.md) | {} | {} |\n",
            code.error_type(),
            code.description()
        ));
    }
    let [first, example, second, third] = MODULE_PART;
    out.push_str(&format!(
        "\n## 2. Module Error Code\n\n{first}\n\n```json\n{example}\n```\n\n{second}\n\n{third}\n"
    ));
    for module in &reader.site.modules {
        let (name, title) = (&module.name, markdown::escape(&module.title));
        out.push_str(&format!("\n### {name}: {title}\n\n"));
        list_errors(&mut out, module);
    }
    out
}
