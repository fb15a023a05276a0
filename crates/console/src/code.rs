//! `/errors/4500`: a code's nine parts, and `/errors/cvm/100004`: a module's own code.

use askama::Template;
use faregate_contract::{Code, Reason};
use faregate_pipeline::order::ORDER;
use faregate_pipeline::pages::{self, CodePage, Part, Reproduction};
use serde_json::{Value, json};

use crate::article::{self, Author};
use crate::examples::Examples;
use crate::module::OwnCode;
use crate::page::{Form, Frame, Page};
use crate::reader::Reader;
use crate::{Counts, markdown, overview};

/// One of the nine parts, as HTML; of the causes only what stands before the first.
struct Section {
    part: Part,
    heading: &'static str,
    html: String,
}

struct Cause {
    name: &'static str,
    html: String,
    count: Option<u64>,
    reproduction: Option<Reproduction>,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodeView<'a> {
    frame: Frame<'a>,
    code: Code,
    family: &'static str,
    gates: Vec<&'static str>,
    /// What to do, what was done, whether to repeat it: a sentence each.
    glance: Vec<(&'static str, String)>,
    sections: Vec<Section>,
    causes: Vec<Cause>,
    counted: bool,
    module_codes: Vec<OwnCode<'a>>,
}

/// The page of a code; success has none.
pub(crate) fn page(
    reader: &Reader<'_>,
    code: Code,
    form: Form,
    counts: Option<Counts<'_>>,
) -> Option<Page> {
    let page = pages::page(code)?;
    Some(match form {
        Form::Markdown => Page::markdown(page.text(reader.language).to_owned()),
        Form::Json => Page::json(&value(page, reader, counts)),
        Form::Html => html(page, reader, counts),
    })
}

fn html(page: &CodePage, reader: &Reader<'_>, counts: Option<Counts<'_>>) -> Page {
    let (code, language) = (page.code, reader.language);
    let text = page.text(language);
    let of = |part: Part| part.of(text, language).unwrap_or_default();
    let sections = Part::ALL.map(|part| {
        // The causes are told one by one, in the order of their counts.
        let text = of(part);
        let before = if part == Part::Causes {
            text.split_once("### ").map_or(text, |(before, _)| before)
        } else {
            text
        };
        let html = article::render(before, reader, Author::House);
        Section { part, heading: part.heading(language), html }
    });
    let sentence = |part| article::inline(&markdown::first_sentence(of(part)), reader);
    let glance = vec![
        (reader.say("What to do", "怎么办"), sentence(Part::Fix)),
        (reader.say("Executed or charged?", "执行或扣费了吗？"), sentence(Part::Effect)),
        (reader.say("Retry?", "可以重试吗？"), sentence(Part::Retry)),
    ];
    let own = reader.site.modules.iter().flat_map(|module| OwnCode::all(module, reader));
    let title = format!("{code} {}", code.error_type());
    let view = CodeView {
        frame: Frame::full(
            reader,
            title,
            markdown::plain(&markdown::first_sentence(of(Part::Meaning))),
        ),
        code,
        family: overview::family(code.family()),
        gates: ORDER
            .iter()
            .filter(|gate| gate.codes.contains(&code))
            .map(|gate| gate.name)
            .collect(),
        glance,
        sections: sections.into(),
        causes: causes(page, reader, counts),
        counted: counts.is_some(),
        module_codes: own.filter(|own| own.common == code.number()).collect(),
    };
    Page::html(200, &view)
}

/// The reasons, most frequent first; where nothing is counted, as the page has them.
fn causes(page: &CodePage, reader: &Reader<'_>, counts: Option<Counts<'_>>) -> Vec<Cause> {
    let text = page.text(reader.language);
    let mut reasons: Vec<Reason> = page.reasons.to_vec();
    let place = |reason: &Reason| text.find(&format!("\n### {reason}\n"));
    reasons.sort_by_key(place);
    if let Some(counts) = counts {
        reasons.sort_by_key(|reason| std::cmp::Reverse(counts(page.code, *reason)));
    }
    let cause = |reason: Reason| {
        let said = pages::section_of_reason(text, reason.as_str()).unwrap_or_default();
        Cause {
            name: reason.as_str(),
            html: article::render(said, reader, Author::House),
            count: counts.map(|counts| counts(page.code, reason)),
            reproduction: pages::reproduction(page.code, reason),
        }
    };
    reasons.into_iter().map(cause).collect()
}

fn value(page: &CodePage, reader: &Reader<'_>, counts: Option<Counts<'_>>) -> Value {
    let (code, language) = (page.code, reader.language);
    let text = page.text(language);
    let parts = Part::ALL.map(|part| {
        let said = if part == Part::Causes { None } else { part.of(text, language) };
        json!({ "part": part.anchor(), "heading": part.heading(language), "markdown": said })
    });
    let reasons: Vec<Value> = page
        .reasons
        .iter()
        .map(|reason| {
            json!({
                "reason": reason,
                "url": format!("{}/errors/{code}#{reason}", reader.site.url),
                "markdown": pages::section_of_reason(text, reason.as_str()),
                "reproduce": pages::reproduction(code, *reason).map(|how| how.commands),
                "count": counts.map(|counts| counts(code, *reason)),
            })
        })
        .collect();
    json!({
        "code": code.number(),
        "errorType": code.error_type(),
        "description": code.description(),
        "codeDesc": code.code_desc(),
        "httpStatus": code.http_status(),
        "family": overview::family(code.family()),
        "language": language.tag(),
        "parts": parts,
        "reasons": reasons,
    })
}

#[derive(Template)]
#[template(path = "module_code.html")]
struct ModuleCodeView<'a> {
    frame: Frame<'a>,
    own: OwnCode<'a>,
    module_title: &'a str,
    module_href: String,
    common: Code,
    common_href: String,
    wire: String,
    glance: Vec<(&'static str, String)>,
    examples: Option<Examples>,
}

/// The page of a module's own code.
pub(crate) fn module_page(
    reader: &Reader<'_>,
    module: &str,
    code: &str,
    form: Form,
) -> Option<Page> {
    let module = reader.site.module(module)?;
    let own = OwnCode::all(module, reader).into_iter().find(|own| own.code == code)?;
    let error = module.errors.get(code)?;
    let common = Code::from_wire(own.common);
    let example = error.example.as_ref();
    let examples = example.map(|call| Examples::new(module, &call.action, &call.parameters));
    // As the envelope has them: `code` first, then `message`.
    let wire = format!(
        "{{\n  \"code\": {},\n  \"message\": {},\n  \"codeDesc\": \"{}\",\n  \
         \"requestId\": \"01a20dae-0cd8-7610-b589-e48c4063ac1a\"\n}}",
        own.common,
        Value::from(own.wire()),
        common.code_desc()
    );
    let of = |part: Part| {
        let page = pages::page(common)?;
        let said = part.of(page.text(reader.language), reader.language)?;
        Some(article::inline(&markdown::first_sentence(said), reader))
    };
    let glance = [
        (reader.say("Executed or charged?", "执行或扣费了吗？"), of(Part::Effect)),
        (reader.say("Retry?", "可以重试吗？"), of(Part::Retry)),
    ];
    let view = ModuleCodeView {
        frame: Frame::full(
            reader,
            format!("{} {}", module.name, own.wire()),
            own.message.to_owned(),
        ),
        module_title: &module.title,
        module_href: reader.to(&format!("/modules/{}", module.name)),
        common,
        common_href: reader.to(&format!("/errors/{common}")),
        wire,
        glance: glance.into_iter().filter_map(|(title, said)| Some((title, said?))).collect(),
        examples,
        own,
    };
    Some(match form {
        Form::Html => Page::html(200, &view),
        Form::Markdown => Page::markdown(view.text(&module.name)),
        Form::Json => Page::json(&json!({
            "module": module.name,
            "moduleCode": view.own.code,
            "message": view.own.message,
            "code": view.own.common,
            "cause": view.own.cause,
            "fix": view.own.fix,
            "examples": view.examples.as_ref().map(Examples::value),
        })),
    })
}

impl ModuleCodeView<'_> {
    fn text(&self, module: &str) -> String {
        let (common, own) = (self.common, &self.own);
        let mut out = format!("# {module} {}\n\n", markdown::escape(&own.wire()));
        out.push_str(&format!(
            "Comes with [{common} {}](/errors/{common}.md).\n\n{}\n",
            common.error_type(),
            markdown::block("json", &self.wire)
        ));
        for (heading, text) in [("Cause", own.cause), ("Fix", own.fix)] {
            if let Some(text) = text {
                out.push_str(&format!("## {heading}\n\n{}\n\n", markdown::escape(text)));
            }
        }
        if let Some(examples) = &self.examples {
            out.push_str("## Make it happen\n\n");
            out.push_str(&examples.text());
        }
        out
    }
}
