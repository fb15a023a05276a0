//! `/modules` and `/modules/cvm`: what is offered, from the modules' documents.

use askama::Template;
use faregate_catalog::Module;
use serde_json::{Value, json};

use crate::article::{self, Author};
use crate::markdown;
use crate::page::{Form, Frame, Page, segment};
use crate::reader::Reader;

/// A module's own code, as tables show it.
#[derive(Clone, Debug)]
pub(crate) struct OwnCode<'a> {
    pub(crate) module: &'a str,
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
    /// The common code that it comes with.
    pub(crate) common: u16,
    pub(crate) cause: Option<&'a str>,
    pub(crate) fix: Option<&'a str>,
    pub(crate) href: String,
    pub(crate) common_href: String,
}

impl<'a> OwnCode<'a> {
    /// All of a module.
    pub(crate) fn all(module: &'a Module, reader: &Reader<'_>) -> Vec<Self> {
        let own = |(code, error): (&'a String, &'a faregate_catalog::ModuleErrorDoc)| Self {
            module: &module.name,
            code,
            message: &error.message,
            common: error.code,
            cause: error.cause.as_deref(),
            fix: error.fix.as_deref(),
            href: reader.to(&path_of(&module.name, code)),
            common_href: reader.to(&format!("/errors/{}", error.code)),
        };
        module.errors.iter().map(own).collect()
    }

    /// As it stands in a message.
    pub(crate) fn wire(&self) -> String {
        format!("({}) {}", self.code, self.message)
    }
}

/// The page of an action, whose name may hold points.
pub(crate) fn action_path(module: &str, action: &str) -> String {
    format!("/modules/{module}/{}", segment(action))
}

/// The page of a module's own code.
pub(crate) fn path_of(module: &str, code: &str) -> String {
    format!("/errors/{module}/{}", segment(code))
}

struct ActionRow<'a> {
    name: &'a str,
    summary: &'a str,
    href: String,
    /// Reads, changes or buys something.
    kind: &'static str,
}

struct ModuleRow<'a> {
    module: &'a Module,
    href: String,
    n_actions: usize,
    n_codes: usize,
}

#[derive(Template)]
#[template(path = "modules.html")]
struct Modules<'a> {
    frame: Frame<'a>,
    rows: Vec<ModuleRow<'a>>,
}

/// All modules.
pub(crate) fn list(reader: &Reader<'_>, form: Form) -> Page {
    let modules = &reader.site.modules;
    match form {
        Form::Json => {
            let all: Vec<Value> = modules.iter().map(|module| value(module)).collect();
            Page::json(&json!({ "modules": all }))
        }
        Form::Markdown => {
            let line = |module: &std::sync::Arc<Module>| {
                let title = markdown::escape(&module.title);
                format!("- [{0}](/modules/{0}.md): {title}\n", module.name)
            };
            Page::markdown(format!("# Modules\n\n{}", modules.iter().map(line).collect::<String>()))
        }
        Form::Html => {
            let rows = modules.iter().map(|module| ModuleRow {
                module,
                href: reader.to(&format!("/modules/{}", module.name)),
                n_actions: module.operations().count(),
                n_codes: module.errors.len(),
            });
            let title = reader.say("Modules", "模块").to_owned();
            let summary = "Every module of the API, its domain and its actions.".to_owned();
            Page::html(
                200,
                &Modules { frame: Frame::full(reader, title, summary), rows: rows.collect() },
            )
        }
    }
}

#[derive(Template)]
#[template(path = "module.html")]
struct ModuleView<'a> {
    frame: Frame<'a>,
    module: &'a Module,
    description: String,
    actions: Vec<ActionRow<'a>>,
    codes: Vec<OwnCode<'a>>,
    openapi: String,
}

/// One module.
pub(crate) fn page(reader: &Reader<'_>, name: &str, form: Form) -> Option<Page> {
    let module = reader.site.module(name)?;
    Some(match form {
        Form::Json => Page::json(&value(module)),
        Form::Markdown => Page::markdown(text(module)),
        Form::Html => {
            let actions = module.operations().map(|operation| ActionRow {
                name: &operation.action,
                summary: &operation.summary,
                href: reader.to(&action_path(&module.name, &operation.action)),
                kind: match (operation.purchase.is_some(), operation.mutating) {
                    (true, _) => reader.say("buys", "购买"),
                    (false, true) => reader.say("changes", "修改"),
                    (false, false) => reader.say("reads", "查询"),
                },
            });
            let title = format!("{} · {}", module.name, module.title);
            Page::html(
                200,
                &ModuleView {
                    frame: Frame::full(reader, title, module.title.clone()),
                    description: article::render(&module.description, reader, Author::Module),
                    actions: actions.collect(),
                    codes: OwnCode::all(module, reader),
                    openapi: format!("/modules/{}/openapi.json", module.name),
                    module,
                },
            )
        }
    })
}

/// A module, for programs.
pub(crate) fn value(module: &Module) -> Value {
    let actions: Vec<Value> = module
        .operations()
        .map(|operation| {
            json!({
                "action": operation.action,
                "summary": operation.summary,
                "page": action_path(&module.name, &operation.action),
            })
        })
        .collect();
    let errors: Vec<Value> = module
        .errors
        .iter()
        .map(|(code, error)| {
            json!({
                "moduleCode": code,
                "message": error.message,
                "code": error.code,
                "cause": error.cause,
                "fix": error.fix,
                "page": path_of(&module.name, code),
            })
        })
        .collect();
    json!({
        "module": module.name,
        "title": module.title,
        "description": module.description,
        "domains": module.domains,
        "versions": module.versions,
        "httpsOnly": module.https_only,
        "openapi": format!("/modules/{}/openapi.json", module.name),
        "actions": actions,
        "errors": errors,
    })
}

fn text(module: &Module) -> String {
    let name = &module.name;
    let mut out = format!("# {name}: {}\n\nDomains: ", markdown::escape(&module.title));
    let domains: Vec<String> = module.domains.iter().map(|domain| markdown::code(domain)).collect();
    out.push_str(&domains.join(", "));
    out.push_str(&format!(
        "\n\nOpenAPI: [/modules/{name}/openapi.json](/modules/{name}/openapi.json)\n\n## Actions\n\n"
    ));
    for operation in module.operations() {
        out.push_str(&format!(
            "- [{}]({}.md): {}\n",
            operation.action,
            action_path(name, &operation.action),
            markdown::escape(&operation.summary)
        ));
    }
    out.push_str("\n## Module error codes\n\n");
    list_errors(&mut out, module);
    out
}

/// A line for each of a module's own errors, as Markdown.
pub(crate) fn list_errors(out: &mut String, module: &Module) {
    for (code, error) in &module.errors {
        out.push_str(&format!(
            "- [({})]({}.md) {}, with {}\n",
            markdown::escape(code),
            path_of(&module.name, code),
            markdown::escape(&error.message),
            error.code
        ));
    }
}
