//! `faregate explain`: what a code, a reason or a module's code means, or what became of a call.

use std::io::{self, IsTerminal, Read};
use std::str::FromStr;

use clap::{Args, ValueEnum};
use faregate_contract::{Code, RequestId, Response};
use faregate_pipeline::order::ORDER;
use faregate_pipeline::pages::{self, CodePage, Language};
use serde_json::Value;

use super::receipt;
use crate::exit::Failure;
use crate::output;
use crate::place::Place;

/// Explain an error code, a reason, a module's own code, an answer, or one call of the last day
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate explain 4100\n  faregate explain 4500.NONCE_SEEN\n  \
                   faregate explain AuthFailure.SignatureFailure\n  faregate explain cvm 100004\n  \
                   faregate explain 0199f3a2-5c1e-7d41-9b6a-3f6f1d2c8e90\n  \
                   faregate call cvm CreateProject | faregate explain"
)]
pub(crate) struct Explain {
    /// A code (4100), its name in API 2.0 or 3.0 (AuthFailure.SignatureFailure), a reason (SIGNATURE_MISMATCH, or
    /// 4100.SIGNATURE_MISMATCH), a module (cvm), or the requestId of a call; without one, the answer on standard input
    topic: Option<String>,
    /// The module's own code
    code: Option<String>,
    /// Say where the check is in the source, and at which gate
    #[arg(long)]
    source: bool,
    /// The language of the page
    #[arg(long, value_enum, default_value = "en")]
    lang: Lang,
    /// Where the call was answered; its `config` also says whose modules are meant
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Lang {
    En,
    Zh,
}

/// The most of an answer that is read.
const ANSWER_BYTES_MAX: u64 = 4 << 20;

impl Explain {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let language = match self.lang {
            Lang::En => Language::English,
            Lang::Zh => Language::Chinese,
        };
        let Some(topic) = self.topic.as_deref().filter(|topic| *topic != "-") else {
            return self.answer(language);
        };
        if let Some(code) = &self.code {
            return self.module_code(topic, code);
        }
        if let Some(id) = RequestId::parse(topic) {
            return receipt::explain(&self.place.open()?, id, &self.place);
        }
        let by_number = Code::from_str(topic).ok();
        let by_name = || Code::ALL.into_iter().find(|c| c.code_desc().eq_ignore_ascii_case(topic));
        if let Some(code) = by_number.or_else(by_name) {
            return self.code_page(code, language);
        }
        if let Some(code) = Code::from_api3(topic) {
            output::data(format_args!("{topic} in API 3.0 is {code} {}\n", code.error_type()));
            let finer = Code::api3_reasons()
                .filter(|(of, reason)| *of == code && code.api3_for(reason) == topic);
            let finer: Vec<&str> = finer.map(|(_, reason)| reason).collect();
            if finer.is_empty() {
                return self.code_page(code, language);
            }
            return finer
                .into_iter()
                .try_for_each(|reason| self.reason(Some(code), reason, language));
        }
        let (code, reason) = match topic.split_once('.') {
            Some((code, reason)) => (Code::from_str(code).ok(), reason),
            None => (None, topic),
        };
        self.reason(code, reason, language)
    }

    /// Explains the answer on standard input.
    fn answer(&self, language: Language) -> Result<(), Failure> {
        if io::stdin().is_terminal() {
            return Err(Failure::usage(
                "explain what? Give a code, a reason or a requestId, or an answer on standard input",
            ));
        }
        let mut bytes = Vec::new();
        io::stdin().take(ANSWER_BYTES_MAX).read_to_end(&mut bytes)?;
        let response = Response::parse(&bytes).map_err(|why| Failure::usage(why.to_string()))?;
        let Response::Failure(error) = response else {
            output::data("The call succeeded: there is nothing to explain.");
            return Ok(());
        };
        output::data(format_args!("{error}\n"));
        // `…/errors/cvm/100004` names the module, which the answer does not otherwise.
        let page = error.body.get("docUrl").and_then(Value::as_str).unwrap_or_default();
        let module = page.rsplit('/').nth(1).filter(|module| *module != "errors");
        match (&error.module_error, module, error.reason()) {
            (Some(own), Some(module), _) => self.module_code(module, &own.code)?,
            (_, _, Some(reason)) => self.reason(Some(error.code), reason, language)?,
            (_, _, None) => self.code_page(error.code, language)?,
        }
        if let Some(fix) = error.body.get("fix").and_then(Value::as_str) {
            output::data(format_args!("\nThe answer's own words on how to fix it:\n\n{fix}"));
        }
        if let Some(id) = error.request_id {
            output::note(format_args!("next: faregate explain {id}"));
        }
        Ok(())
    }

    fn module_code(&self, module: &str, code: &str) -> Result<(), Failure> {
        crate::modules::of(self.place.config())
            .and_then(|catalog| module_code(&catalog, module, code))
    }

    /// Explains a reason, of one code or of each that has it.
    fn reason(&self, code: Option<Code>, reason: &str, language: Language) -> Result<(), Failure> {
        let wanted = reason.to_ascii_uppercase();
        let pages: Vec<&CodePage> = pages::PAGES
            .iter()
            .filter(|page| code.is_none_or(|code| page.code == code))
            .filter(|page| page.reasons.iter().any(|reason| reason.as_str() == wanted))
            .collect();
        if pages.is_empty() {
            return Err(Failure::usage(match code {
                Some(code) => format!(
                    "{code} has no reason `{reason}`: `faregate explain {code}` tells those it has"
                ),
                None => format!(
                    "`{reason}` is no code, reason, module or requestId: `faregate codes` lists the codes"
                ),
            }));
        }
        for page in pages {
            output::data(format_args!("{wanted} ({} {})\n", page.code, page.code.error_type()));
            let section = pages::section_of_reason(page.text(language), &wanted);
            output::data(section.unwrap_or_default());
            output::data(format_args!("\nAll of it: faregate explain {}", page.code));
            self.source(page);
        }
        Ok(())
    }

    fn code_page(&self, code: Code, language: Language) -> Result<(), Failure> {
        match pages::page(code) {
            Some(page) => {
                output::data(page.text(language).trim_end());
                self.source(page);
            }
            None => output::data(format_args!(
                "# {code} {}\n\n> {}",
                code.error_type(),
                code.description()
            )),
        }
        Ok(())
    }

    fn source(&self, page: &CodePage) {
        if !self.source {
            return;
        }
        output::data("");
        for (number, gate) in (1..).zip(ORDER) {
            if gate.codes.contains(&page.code) {
                output::data(format_args!(
                    "gate {number} {} in {}",
                    gate.name,
                    pages::source_path(gate.room)
                ));
            }
        }
        output::data(format_args!("page in {}", pages::source_path(page.room)));
    }
}

fn module_code(
    catalog: &faregate_catalog::Catalog,
    module: &str,
    code: &str,
) -> Result<(), Failure> {
    let Some(found) = catalog.module(module) else {
        let names: Vec<&str> = catalog.modules().iter().map(|known| known.name.as_str()).collect();
        return Err(Failure::usage(format!(
            "there is no module `{module}`; there is {}",
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        )));
    };
    let Some(error) = found.errors.get(code) else {
        let codes: Vec<&str> = found.errors.keys().map(String::as_str).collect();
        return Err(Failure::usage(format!(
            "`{module}` documents no code `{code}`; it has {}",
            if codes.is_empty() { "none".to_owned() } else { codes.join(", ") }
        )));
    };
    output::data(format_args!("{module} ({code}) {}\n", error.message));
    let common = Code::from_wire(error.code);
    output::data(format_args!("Code:  {common} {}", common.error_type()));
    for (title, text) in [("Cause: ", &error.cause), ("Fix:   ", &error.fix)] {
        if let Some(text) = text {
            output::data(format_args!("{title}{text}"));
        }
    }
    output::data(format_args!("\nMore: faregate explain {common}"));
    Ok(())
}
