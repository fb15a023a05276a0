//! `faregate sign`: signs a call without sending it, judges captured ones, explains a signature that does not match.

mod check;
mod curl;
mod explain;
mod program;
mod raw;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use faregate_client::Prepared;
use faregate_signing::Method;

use self::program::Language;
use super::signer::Signer;
use crate::exit::{Exit, Failure};
use crate::output;

/// Sign a call without sending it, or explain why a signature does not match
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate sign cvm DescribeZones\n  faregate sign --explain \"curl 'https://cvm.api.qcloud.com/v2/index.php?Action=…'\"\n  faregate sign --as python --tc3\n  faregate sign --check captured.jsonl --json"
)]
pub(crate) struct Sign {
    /// The module
    #[arg(required_unless_present_any = ["check", "explain", "language"])]
    module: Option<String>,
    /// The action
    #[arg(required_unless_present_any = ["check", "explain", "language"])]
    action: Option<String>,
    /// Parameters, flat: name=value
    #[arg(value_name = "NAME=VALUE", value_parser = super::parameter)]
    params: Vec<(String, String)>,
    /// GET gives a URL, POST a form
    #[arg(long, value_enum, default_value = "get")]
    method: Verb,
    /// Print a curl command
    #[arg(long)]
    curl: bool,
    /// Judge the signatures of captured requests, a JSON line each; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["module", "curl"])]
    check: Option<PathBuf>,
    /// Say what is wrong with the signature of a curl command, URL or raw request; `-` is standard input
    #[arg(long, value_name = "REQUEST", conflicts_with_all = ["module", "curl", "check"])]
    explain: Option<String>,
    /// Your own string to sign, a file or the text: where it differs is marked
    #[arg(long, value_name = "FILE|TEXT", requires = "explain")]
    theirs: Option<String>,
    /// Print a program that signs and sends one call, by its language's standard library alone
    #[arg(long = "as", id = "language", value_name = "LANGUAGE", value_enum, conflicts_with_all = ["explain", "curl", "check"])]
    language: Option<Language>,
    /// With --as: API 3.0, signed by TC3-HMAC-SHA256
    #[arg(long, requires = "language")]
    tc3: bool,
    /// Answer with JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    signer: Signer,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Verb {
    Get,
    Post,
}

impl Sign {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if let Some(path) = &self.check {
            return check::check(path, self.json);
        }
        if let Some(request) = &self.explain {
            let keys = self.signer.explaining()?;
            return explain::explain(request, self.theirs.as_deref(), &keys, self.json);
        }
        if let Some(language) = self.language {
            let call = self.module.as_deref().zip(self.action.as_deref());
            program::print(language, self.tc3, call);
            return Ok(());
        }
        let (module, action) = (self.module.unwrap_or_default(), self.action.unwrap_or_default());
        let (endpoint, credentials) = self.signer.offline()?;
        let method = match self.method {
            Verb::Get => Method::Get,
            Verb::Post => Method::Post,
        };
        let nonce = getrandom::u64().map_err(|cause| Failure::new(Exit::Unexpected, cause))? >> 1;
        let stamp = (crate::clock::now_ms() / 1000, nonce);
        let host = endpoint.domain(&module);
        let signed = Prepared::sign(method, host, &action, &self.params, &credentials, stamp)?;
        match (self.json, self.curl, method) {
            (true, _, _) => output::json(&serde_json::json!({
                "method": method.as_str(),
                "url": signed.url(),
                "body": matches!(method, Method::Post).then(|| signed.encoded()),
                "stringToSign": signed.string_to_sign,
            })),
            (false, true, Method::Get) => output::data(format_args!("curl '{}'", signed.url())),
            (false, true, Method::Post) => {
                output::data(format_args!("curl -d '{}' '{}'", signed.encoded(), signed.url()));
            }
            (false, false, Method::Get) => output::data(signed.url()),
            (false, false, Method::Post) => {
                output::data(signed.url());
                output::data(signed.encoded());
            }
        }
        Ok(())
    }
}
