//! `/errors.json`: the same reference, for programs.

use faregate_contract::envelope::document;
use faregate_contract::{Code, Family};
use faregate_pipeline::pages;
use serde_json::{Value, json};

use crate::{ModuleErrorInfo, Site};

/// All codes and all modules' errors.
pub(crate) fn render(site: &Site) -> String {
    let codes: Vec<Value> = Code::ALL.into_iter().map(code).collect();
    let modules: Vec<Value> = site
        .modules
        .iter()
        .map(|module| {
            json!({
                "module": module.name,
                "title": module.title,
                "domains": module.domains,
                "actions": module.actions,
                "errors": module.errors.iter().map(module_error).collect::<Vec<_>>(),
            })
        })
        .collect();
    format!("{:#}\n", json!({ "codes": codes, "modules": modules }))
}

fn code(code: Code) -> Value {
    let page = pages::page(code);
    let reasons: Vec<&str> = page
        .map(|page| page.reasons.iter().map(|reason| reason.as_str()).collect())
        .unwrap_or_default();
    json!({
        "code": code.number(),
        "errorType": code.error_type(),
        "description": code.description(),
        "codeDesc": code.code_desc(),
        "httpStatus": code.http_status(),
        "family": family(code.family()),
        "reasons": reasons,
        "page": page.map(|_| format!("/errors/{code}")),
        "document": document(code).map(|name| format!("/docs/{name}")),
    })
}

fn module_error(error: &ModuleErrorInfo) -> Value {
    json!({
        "moduleCode": error.code,
        "message": error.message,
        "code": error.common_code,
        "cause": error.cause,
        "fix": error.fix,
    })
}

const fn family(family: Family) -> &'static str {
    match family {
        Family::Success => "success",
        Family::Request => "request",
        Family::Resource => "resource",
        Family::Service => "service",
    }
}
