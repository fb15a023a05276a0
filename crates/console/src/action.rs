//! `/modules/cvm/RunInstances`: parameters, terms, codes, and a signed example for each client.

use askama::Template;
use faregate_catalog::{Audience, Description, Module, Operation};
use serde_json::{Map, Value, json};

use crate::article::{self, Author};
use crate::examples::Examples;
use crate::markdown;
use crate::module::OwnCode;
use crate::page::{Form, Frame, Page};
use crate::reader::Reader;
use crate::returns::{self, Return};

#[derive(Template)]
#[template(path = "action.html")]
struct ActionView<'a> {
    frame: Frame<'a>,
    module: &'a Module,
    operation: &'a Operation,
    module_href: String,
    description: String,
    /// Price, quota, resources, batch …: a name and a sentence each.
    terms: Vec<(&'static str, String)>,
    parameters: &'a [Description],
    own: Vec<Return>,
    any: Vec<Return>,
    module_codes: Vec<OwnCode<'a>>,
    examples: Examples,
}

/// The page of an action.
pub(crate) fn page(reader: &Reader<'_>, module: &str, action: &str, form: Form) -> Option<Page> {
    let module = reader.site.module(module)?;
    let operation = module.operation(action)?;
    let (own, any): (Vec<Return>, Vec<Return>) =
        returns::of(operation, reader).into_iter().partition(|found| found.is_own);
    let codes = OwnCode::all(module, reader);
    let possible = |own_code: &OwnCode<'_>| {
        own.iter().chain(&any).any(|found| found.code.number() == own_code.common)
    };
    let view = ActionView {
        frame: Frame::full(
            reader,
            format!("{} · {}", operation.action, module.name),
            operation.summary.clone(),
        ),
        module,
        operation,
        module_href: reader.to(&format!("/modules/{}", module.name)),
        description: article::render(&operation.description, reader, Author::Module),
        terms: terms(operation, reader),
        parameters: operation.parameters.describe(),
        module_codes: codes.into_iter().filter(possible).collect(),
        own,
        any,
        examples: Examples::of(module, operation, &Map::new()),
    };
    Some(match form {
        Form::Html => Page::html(200, &view),
        Form::Markdown => Page::markdown(view.text()),
        Form::Json => Page::json(&view.value()),
    })
}

/// What it costs, and what it gives back.
fn money(operation: &Operation, reader: &Reader<'_>, terms: &mut Vec<(&'static str, String)>) {
    if let Some(purchase) = &operation.purchase {
        let (source, currency) = (purchase.price.source(), &purchase.currency);
        let said = match purchase.price.quote() {
            None => format!("{source} ({currency})"),
            Some(_) if reader.is_chinese() => format!("询价：{source}（{currency}）"),
            Some(_) => format!("as {source} says ({currency})"),
        };
        terms.push((reader.say("Price", "价格"), said));
    }
    if let Some(refund) = operation.refund() {
        terms.push((reader.say("Refund", "退款"), refund.source().to_owned()));
    }
}

fn terms(operation: &Operation, reader: &Reader<'_>) -> Vec<(&'static str, String)> {
    let zh = reader.is_chinese();
    let mut terms: Vec<(&'static str, String)> = Vec::new();
    money(operation, reader, &mut terms);
    // Of a protective limit nothing is told.
    if let Some(rate) = operation.quota.filter(|_| !operation.totals.hidden) {
        let (rate, burst) = (rate.per_second, rate.burst);
        terms.push((
            reader.say("Quota", "频率"),
            if zh {
                format!("每秒 {rate} 次，突发 {burst} 次")
            } else {
                format!("{rate} a second, {burst} at once")
            },
        ));
    }
    if !operation.resources.is_empty() {
        let bound =
            operation.resources.iter().map(|one| format!("{} ({})", one.parameter, one.kind));
        let bound = bound.collect::<Vec<_>>().join(", ");
        terms.push((
            reader.say("Resources", "资源"),
            if zh {
                format!("{bound}：须属于调用者的账号")
            } else {
                format!("{bound}: must belong to the caller's account")
            },
        ));
    }
    if let Some(batch) = &operation.batch {
        let (over, max) = (&batch.over, batch.max);
        terms.push((
            reader.say("Batch", "批量"),
            if zh {
                format!("{over}：最多 {max} 项，逐项回答")
            } else {
                format!("{over}: at most {max}, each answered for itself in detail")
            },
        ));
    }
    if let Some(creates) = &operation.creates {
        terms.push((reader.say("Creates", "创建"), creates.kind.clone()));
    }
    if let Some(returns) = &operation.returns {
        terms.push((
            reader.say("Gives back", "退还"),
            format!("{} ({})", returns.parameter, returns.kind),
        ));
    }
    if let Audience::Groups(groups) = &operation.audience {
        terms.push((reader.say("Open to", "开放给"), groups.join(", ")));
    }
    if operation.requires_identity {
        let said = reader.say("the account's identity must be verified", "账号须通过实名认证");
        terms.push((reader.say("Identity", "实名认证"), said.to_owned()));
    }
    let effect = match (operation.mutating, operation.idempotent) {
        (false, _) => reader.say("changes nothing, and may be sent again", "不作修改，可重复发送"),
        (true, true) => reader.say(
            "changes something; the module recognises a repetition of the same call",
            "会修改；模块能识别同一请求的重复",
        ),
        (true, false) => reader.say(
            "changes something; look before you send it again",
            "会修改；重复发送之前请先查询",
        ),
    };
    terms.push((reader.say("Effect", "作用"), effect.to_owned()));
    terms
}

impl ActionView<'_> {
    fn text(&self) -> String {
        let (module, operation) = (&self.module.name, self.operation);
        let mut out = format!(
            "# {}\n\nAn action of [{module}](/modules/{module}.md). {}\n\n",
            markdown::escape(&operation.action),
            markdown::escape(&operation.summary)
        );
        for (name, said) in &self.terms {
            out.push_str(&format!("- **{name}**: {}\n", markdown::escape(said)));
        }
        out.push_str("\n## Parameters\n\n| Name | Type | Required | Rules | Description |\n| --- | --- | --- | --- | --- |\n");
        for one in self.parameters {
            out.push_str(&format!(
                "| {} | {} | {} | {} | {} |\n",
                markdown::code(&one.name),
                one.type_text,
                if one.required { "yes" } else { "no" },
                markdown::escape(&one.constraints.join("; ")),
                markdown::escape(&one.description),
            ));
        }
        out.push_str("\n## Codes\n\n");
        for found in self.own.iter().chain(&self.any) {
            let code = found.code;
            out.push_str(&format!(
                "- [{code} {}](/errors/{code}.md): {}\n",
                code.error_type(),
                markdown::escape(&found.why)
            ));
        }
        out.push_str("\n## Example\n\n");
        out.push_str(&self.examples.text());
        out
    }

    fn value(&self) -> Value {
        let parameters: Vec<Value> = self
            .parameters
            .iter()
            .map(|one| {
                json!({
                    "name": one.name, "type": one.type_text, "required": one.required,
                    "description": one.description, "constraints": one.constraints,
                    "default": one.default, "example": one.example, "schema": one.schema,
                })
            })
            .collect();
        let codes: Vec<Value> = self
            .own
            .iter()
            .chain(&self.any)
            .map(|found| json!({ "code": found.code, "why": found.why }))
            .collect();
        let operation = self.operation;
        json!({
            "module": self.module.name,
            "action": operation.action,
            "summary": operation.summary,
            "mutating": operation.mutating,
            "idempotent": operation.idempotent,
            "price": operation.purchase.as_ref().map(|purchase| json!({
                "expression": purchase.price.quote().is_none().then(|| purchase.price.source()),
                "quote": purchase.price.quote().map(|quote| &quote.action),
                "currency": purchase.currency,
            })),
            "parameters": parameters,
            "codes": codes,
            "moduleCodes": self.module_codes.iter().map(|own| own.code).collect::<Vec<_>>(),
            "examples": self.examples.value(),
        })
    }
}
