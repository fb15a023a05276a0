//! `faregate sign --as`: programs that sign and send one call, for those without an SDK.

use clap::ValueEnum;

use crate::output;

/// A language whose standard library is enough, or nearly.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Language {
    Curl,
    Python,
    Node,
    Go,
    Java,
    Rust,
}

/// Prints the program, with the module and the action that were named.
pub(super) fn print(language: Language, tc3: bool, call: Option<(&str, &str)>) {
    let program = text(language, tc3);
    let program = match call {
        None => program.to_owned(),
        Some((module, action)) => program
            .replace("https://cvm.", &format!("https://{module}."))
            .replace("service=cvm", &format!("service={module}"))
            .replace("\"cvm\"", &format!("\"{module}\""))
            .replace("'cvm'", &format!("'{module}'"))
            .replace("DescribeInstances", action),
    };
    output::data(program.trim_end());
}

macro_rules! programs {
    ($file:literal) => {
        include_str!(concat!("../../../../../examples/clients/", $file))
    };
}

const fn text(language: Language, tc3: bool) -> &'static str {
    match (language, tc3) {
        (Language::Curl, false) => programs!("curl/v2.sh"),
        (Language::Curl, true) => programs!("curl/tc3.sh"),
        (Language::Python, false) => programs!("python/v2.py"),
        (Language::Python, true) => programs!("python/tc3.py"),
        (Language::Node, false) => programs!("node/v2.js"),
        (Language::Node, true) => programs!("node/tc3.js"),
        (Language::Go, false) => programs!("go/v2.go"),
        (Language::Go, true) => programs!("go/tc3.go"),
        (Language::Java, false) => programs!("java/V2.java"),
        (Language::Java, true) => programs!("java/Tc3.java"),
        (Language::Rust, false) => programs!("rust/v2.rs"),
        (Language::Rust, true) => programs!("rust/tc3.rs"),
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn every_program_fits_on_a_page_and_names_its_call_once() {
        for language in Language::value_variants() {
            for tc3 in [false, true] {
                let text = text(*language, tc3);
                assert!(text.lines().count() <= 40, "{language:?} {tc3}: {}", text.lines().count());
                assert_eq!(text.matches("DescribeInstances").count(), 1, "{language:?} {tc3}");
                assert_eq!(text.matches("https://cvm.").count(), 1, "{language:?} {tc3}");
            }
        }
    }
}
