//! `/errors`: opens as the published page does, its columns word for word.

use askama::Template;
use faregate_contract::Code;
use faregate_pipeline::pages;

use crate::view::{self, Reader, STYLE};
use crate::{ModuleInfo, Site};

/// The first paragraph of the published page, word for word.
const INTRODUCTION: &str = "The error code in the returned result indicates the result of user's call to the cloud API. code is common error code, which applies to APIs of all modules. A code of 0 means the call succeeded. Other values means the call failed. If the call fails, the user can find out the cause of the error based on the following table and take appropriate actions.";

struct Row {
    code: Code,
    href: Option<String>,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview<'a> {
    reader: &'a Reader<'a>,
    lang: &'static str,
    title: &'static str,
    style: &'static str,
    introduction: &'static str,
    rows: Vec<Row>,
    modules: &'a [ModuleInfo],
}

/// The list of all codes.
pub(crate) fn render(reader: &Reader<'_>, site: &Site) -> String {
    let rows = Code::ALL
        .into_iter()
        .filter(|code| !code.is_success())
        .map(|code| Row {
            code,
            href: pages::page(code).map(|_| format!("/errors/{code}{}", reader.suffix())),
        })
        .collect();
    let overview = Overview {
        reader,
        lang: reader.language.tag(),
        title: "Error Codes",
        style: STYLE,
        introduction: INTRODUCTION,
        rows,
        modules: &site.modules,
    };
    view::rendered(overview.render())
}
