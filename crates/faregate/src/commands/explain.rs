//! `faregate explain`: what a code, a reason or a module's code means, or what became of a call.

use std::str::FromStr;

use clap::{Args, ValueEnum};
use faregate_contract::{Code, RequestId};
use faregate_pipeline::order::ORDER;
use faregate_pipeline::pages::{self, CodePage, Language};

use super::receipt;
use crate::exit::Failure;
use crate::output;
use crate::place::Place;

/// Explain an error code, a reason, a module's own code, or one call of the last day
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  faregate explain 4100\n  faregate explain cvm 100004\n  \
                   faregate explain 0199f3a2-5c1e-7d41-9b6a-3f6f1d2c8e90")]
pub(crate) struct Explain {
    /// A code (4100), its name (AuthFailure), a reason (SIGNATURE_MISMATCH), a module (cvm), or the requestId of a call
    topic: String,
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

impl Explain {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if let Some(code) = &self.code {
            return crate::modules::of(self.place.config())
                .and_then(|catalog| module_code(&catalog, &self.topic, code));
        }
        if let Some(id) = RequestId::parse(&self.topic) {
            return receipt::explain(&self.place.open()?, id, &self.place.shape);
        }
        let language = match self.lang {
            Lang::En => Language::English,
            Lang::Zh => Language::Chinese,
        };
        let by_number = Code::from_str(&self.topic).ok();
        let by_name =
            || Code::ALL.into_iter().find(|c| c.code_desc().eq_ignore_ascii_case(&self.topic));
        if let Some(code) = by_number.or_else(by_name) {
            return self.code_page(code, language);
        }
        let wanted = self.topic.to_ascii_uppercase();
        let pages: Vec<&CodePage> = pages::PAGES
            .iter()
            .filter(|page| page.reasons.iter().any(|reason| reason.as_str() == wanted))
            .collect();
        if pages.is_empty() {
            return Err(Failure::usage(format!(
                "`{}` is no code, reason, module or requestId: `faregate codes` lists the codes",
                self.topic
            )));
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
