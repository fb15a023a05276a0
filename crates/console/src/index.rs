//! `/errors.json` and `/llms.txt`: the same reference, for programs and assistants.

use faregate_contract::Code;
use faregate_contract::envelope::document;
use faregate_pipeline::pages;
use serde_json::{Value, json};

use crate::documents::DOCUMENTS;
use crate::module::{action_path, path_of};
use crate::{Counts, Site, article, markdown, module, overview};

/// All codes and all modules' errors.
pub(crate) fn errors(site: &Site, counts: Option<Counts<'_>>) -> Value {
    let codes: Vec<Value> = Code::ALL.into_iter().map(|one| code(one, counts)).collect();
    let modules: Vec<Value> = site.modules.iter().map(|one| module::value(one)).collect();
    json!({ "lastUpdated": overview::LAST_UPDATED, "codes": codes, "modules": modules })
}

fn code(code: Code, counts: Option<Counts<'_>>) -> Value {
    let page = pages::page(code);
    let reasons = page.map(|page| page.reasons).unwrap_or_default();
    let counted: Option<Value> = counts.map(|counts| {
        reasons
            .iter()
            .map(|reason| (reason.as_str().to_owned(), json!(counts(code, *reason))))
            .collect::<serde_json::Map<_, _>>()
            .into()
    });
    json!({
        "code": code.number(),
        "errorType": code.error_type(),
        "description": code.description(),
        "codeDesc": code.code_desc(),
        "httpStatus": code.http_status(),
        "family": overview::family(code.family()),
        "reasons": reasons,
        "counts": counted,
        "page": page.map(|_| format!("/errors/{code}")),
        "document": document(code).map(|name| format!("/docs/{name}")),
    })
}

/// What an assistant reads first (llmstxt.org): what is here, as links to Markdown.
pub(crate) fn llms(site: &Site) -> String {
    let url = &site.url;
    let domain = if site.base_domain.is_empty() { "this API" } else { &site.base_domain };
    let mut out = format!(
        "# {domain}\n\n> A signed, replay-proof, prepaid cloud API. Every answer has `code`, `message`, `codeDesc` and \
         `requestId`; `code` 0 is success, and `docUrl` of a refusal leads to the page that explains it.\n\n\
         ## Error codes\n\n- [All codes as JSON]({url}/errors.json)\n"
    );
    for page in pages::PAGES {
        let code = page.code;
        out.push_str(&format!("- [{code} {}]({url}/errors/{code}.md)\n", code.error_type()));
    }
    for module in &site.modules {
        let name = &module.name;
        out.push_str(&format!(
            "\n## Module {name}\n\n- [{}]({url}/modules/{name}.md)\n- [OpenAPI]({url}/modules/{name}/openapi.json)\n",
            markdown::escape(&module.title)
        ));
        for operation in module.operations() {
            out.push_str(&format!(
                "- [{}]({url}{}.md): {}\n",
                operation.action,
                action_path(name, &operation.action),
                markdown::escape(&operation.summary)
            ));
        }
        for (code, error) in &module.errors {
            out.push_str(&format!(
                "- [({}) {}]({url}{}.md)\n",
                markdown::escape(code),
                markdown::escape(&error.message),
                path_of(name, code)
            ));
        }
    }
    out.push_str("\n## Documents\n\n");
    for document in DOCUMENTS {
        out.push_str(&format!(
            "- [{}]({url}/docs/{}.md)\n",
            article::title(document.text),
            document.name
        ));
    }
    out
}
