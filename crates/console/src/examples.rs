//! A signed call, as each client writes it.
//!
//! What stands in it comes from a module's document, which may be anybody's: each value is quoted as its language
//! quotes, so that a block which is copied runs the call and nothing else.

use faregate_catalog::{Module, Operation, Parameters};
use serde_json::{Map, Value, json};

use crate::markdown;

/// The line by which a shell learns of the running sandbox; the SDKs read these variables.
const SANDBOX: &str = "eval \"$(faregate demo --env)\"\n";

/// One call for one client.
#[derive(Clone, Debug)]
pub(crate) struct Example {
    /// What it is for.
    pub(crate) client: &'static str,
    /// Its name in addresses.
    pub(crate) anchor: &'static str,
    /// What it is written in.
    pub(crate) language: &'static str,
    /// What has to be installed, and how; empty: nothing.
    pub(crate) needs: &'static str,
    pub(crate) text: String,
}

/// The same call for all clients.
#[derive(Clone, Debug)]
pub(crate) struct Examples {
    pub(crate) all: Vec<Example>,
}

impl Examples {
    /// An action's own example, with these parameters in place of its own. An action that is not there has none.
    pub(crate) fn new(module: &Module, action: &str, instead: &Map<String, Value>) -> Self {
        match module.operation(action) {
            Some(operation) => Self::of(module, operation, instead),
            None => Self { all: Vec::new() },
        }
    }

    pub(crate) fn of(module: &Module, operation: &Operation, instead: &Map<String, Value>) -> Self {
        let mut arguments = Map::new();
        for parameter in operation.parameters.describe() {
            let own = parameter.in_example.then_some(&parameter.example);
            if let Some(value) = instead.get(&parameter.name).or(own) {
                arguments.insert(parameter.name.clone(), value.clone());
            }
        }
        let call = Call {
            module: &module.name,
            domain: module.domains.first().map_or("", String::as_str),
            action: &operation.action,
            pairs: Parameters::flatten(&arguments),
        };
        let example = |client, anchor, language, needs, text| Example {
            client,
            anchor,
            language,
            needs,
            text,
        };
        Self {
            all: vec![
                example("CLI", "cli", "sh", "", call.cli()),
                example(
                    "Python",
                    "python",
                    "python",
                    "pip install qcloudapi-sdk-python",
                    call.python(),
                ),
                example("Node", "node", "js", "npm install qcloudapi-sdk", call.node()),
                example("curl", "curl", "sh", "", call.curl()),
            ],
        }
    }

    pub(crate) fn text(&self) -> String {
        let mut out = format!("{}\n", markdown::block("sh", SANDBOX));
        for example in &self.all {
            out.push_str(&format!("### {}\n\n", example.client));
            if !example.needs.is_empty() {
                out.push_str(&format!("{}\n\n", markdown::code(example.needs)));
            }
            out.push_str(&format!("{}\n", markdown::block(example.language, &example.text)));
        }
        out
    }

    pub(crate) fn value(&self) -> Value {
        let one = |example: &Example| {
            json!({
                "client": example.client,
                "language": example.language,
                "needs": example.needs,
                "code": example.text,
            })
        };
        json!(self.all.iter().map(one).collect::<Vec<_>>())
    }

    pub(crate) fn sandbox(&self) -> &'static str {
        SANDBOX
    }
}

struct Call<'a> {
    module: &'a str,
    domain: &'a str,
    action: &'a str,
    pairs: Vec<(String, String)>,
}

impl Call<'_> {
    fn cli(&self) -> String {
        let mut out = format!("faregate call {} {}", shell(self.module), shell(self.action));
        for (name, value) in &self.pairs {
            out.push_str(&format!(" {}", shell(&format!("{name}={value}"))));
        }
        out + "\n"
    }

    fn python(&self) -> String {
        let mut out = format!(
            "import os\n\nfrom QcloudApi.modules.base import Base\n\napi = Base({{\n    \
             'endpoint': {},\n    'Region': 'ap-guangzhou',\n    'method': 'POST',\n    \
             'SignatureMethod': 'HmacSHA256',\n    'secretId': os.environ['SECRET_ID'],\n    \
             'secretKey': os.environ['SECRET_KEY'],\n}})\nanswer = api.call({}, {{",
            literal(self.domain),
            literal(self.action)
        );
        for (name, value) in &self.pairs {
            out.push_str(&format!("\n    {}: {},", literal(name), literal(value)));
        }
        out.push_str(if self.pairs.is_empty() { "})\n" } else { "\n})\n" });
        out + "print(answer.decode())\n"
    }

    fn node(&self) -> String {
        let mut out = format!(
            "const Api = require('qcloudapi-sdk');\n\nconst api = new Api({{\n  \
             SecretId: process.env.SECRET_ID,\n  SecretKey: process.env.SECRET_KEY,\n  \
             Region: 'ap-guangzhou',\n}});\nconst call = {{\n  Action: {},\n",
            literal(self.action)
        );
        for (name, value) in &self.pairs {
            out.push_str(&format!("  {}: {},\n", literal(name), literal(value)));
        }
        out.push_str(&format!(
            "}};\napi.request(call, {{ host: {}, method: 'POST', signatureMethod: 'sha256' }}, (error, answer) => {{\n  \
             console.log(error ?? JSON.stringify(answer));\n}});\n",
            literal(self.domain)
        ));
        out
    }

    /// The recipe itself: parameters in the order of their names, the string to sign, the signature.
    fn curl(&self) -> String {
        let own = self
            .pairs
            .iter()
            .map(|(name, value)| (name.clone(), shell(&format!("{name}={value}"))));
        let action = ("Action".to_owned(), shell(&format!("Action={}", self.action)));
        let common = [
            ("Nonce", "\"Nonce=$(od -An -N6 -tu8 /dev/urandom | tr -d ' ')\""),
            ("Region", "Region=ap-guangzhou"),
            ("SecretId", "\"SecretId=$SECRET_ID\""),
            ("SignatureMethod", "SignatureMethod=HmacSHA256"),
            ("Timestamp", "\"Timestamp=$(date +%s)\""),
        ];
        let common = common.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let mut lines: Vec<(String, String)> = own.chain([action]).chain(common).collect();
        lines.sort();
        let mut out = "params=(\n".to_owned();
        for (_, line) in &lines {
            out.push_str(&format!("  {line}\n"));
        }
        let host = shell(self.domain);
        out.push_str(&format!(
            ")\nhost={host}\njoined=$(IFS='&'; printf %s \"${{params[*]}}\")\n\
             signature=$(printf %s \"POST$host/v2/index.php?$joined\" |\n  \
             openssl dgst -sha256 -hmac \"$SECRET_KEY\" -binary | base64)\n\
             data=()\nfor param in \"${{params[@]}}\" \"Signature=$signature\"; do\n  \
             data+=(--data-urlencode \"$param\")\ndone\n\
             curl -sS \"https://$host/v2/index.php\" \"${{data[@]}}\"\n"
        ));
        out
    }
}

/// A word of a POSIX shell.
fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.=/:".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A string literal of Python and of JavaScript alike: what ends a line in either is escaped.
fn literal(text: &str) -> String {
    let mut out = "'".to_owned();
    for c in text.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', c]),
            '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "'"
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn values_are_quoted_as_each_language_quotes() {
        for (text, in_shell, in_code) in [
            ("gz-1", "gz-1", "'gz-1'"),
            ("", "''", "''"),
            ("a b", "'a b'", "'a b'"),
            ("'; rm -rf ~ #", r"''\''; rm -rf ~ #'", r"'\'; rm -rf ~ #'"),
            ("$(id)`id`", "'$(id)`id`'", "'$(id)`id`'"),
            (
                "\\', os.system('id')",
                r"'\'\'', os.system('\''id'\'')'",
                r"'\\\', os.system(\'id\')'",
            ),
            ("a\nb", "'a\nb'", r"'a\u000ab'"),
            ("\u{2028}", "'\u{2028}'", r"'\u2028'"),
        ] {
            assert_eq!(
                (shell(text).as_str(), literal(text).as_str()),
                (in_shell, in_code),
                "{text:?}"
            );
        }
    }
}
