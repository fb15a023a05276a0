//! `faregate call`: signs a call, sends it, prints the answer.

use std::time::Duration;

use clap::Args;
use faregate_client::{Answered, CallError, Client};
use faregate_contract::Response;
use faregate_signing::Method;

use super::signer::Signer;
use crate::exit::Failure;
use crate::{clock, output};

/// Sign a call, send it, print the answer
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate call cvm DescribeInstances limit=5\n  faregate call -p poor cvm RunInstances zone=gz-1 instanceType=S1.SMALL1 imageId=img-debian-12 period=1 goodsNum=1",
    after_help = "The key is FAREGATE_SECRET_ID with FAREGATE_SECRET_KEY_FILE or FAREGATE_SECRET_KEY (TENCENTCLOUD_SECRET_ID\n\
                  and _KEY are read too); without one, the running demo's."
)]
pub(crate) struct Call {
    /// The module: its domain is MODULE.BASE_DOMAIN
    module: String,
    /// The action
    action: String,
    /// Parameters, flat: name=value, instanceIds.0=ins-1
    #[arg(value_name = "NAME=VALUE", value_parser = super::parameter)]
    params: Vec<(String, String)>,
    /// Show on standard error what is signed and what comes back; try once
    #[arg(long)]
    debug: bool,
    /// Show the answer's headers on standard error
    #[arg(short, long)]
    verbose: bool,
    /// Exit 0 whatever the code
    #[arg(long)]
    exit_zero: bool,
    /// How often to try again where the contract advises it
    #[arg(long, value_name = "N", default_value = "2")]
    retries: u32,
    /// How many seconds to wait for an answer
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    timeout: u32,
    #[command(flatten)]
    signer: Signer,
}

impl Call {
    pub(crate) fn run(self) -> Result<(), Failure> {
        // A Timestamp or Nonce that was asked for is asked for once more in vain.
        let chosen = self.params.iter().any(|(name, _)| name == "Timestamp" || name == "Nonce");
        let retries = if chosen { 0 } else { self.retries };
        let timeout = Duration::from_secs(self.timeout.max(1).into());
        let client = self.signer.client()?.retries(retries).timeout(timeout);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answered = runtime.block_on(async {
            if self.debug {
                self.once(&client).await
            } else {
                client.ask(&self.module, &self.action, &self.params).await
            }
        })?;
        if self.debug || self.verbose {
            headers(&answered);
        }
        let response = Response::parse(&answered.body).map_err(CallError::from)?;
        print(&answered);
        let Response::Failure(error) = response else { return Ok(()) };
        if self.debug || self.verbose || output::is_terminal() {
            let module = error.module_error.as_ref();
            let topic = module.map(|own| format!("{} {}", self.module, own.code));
            let topic = topic.unwrap_or_else(|| error.code.to_string());
            output::note(format_args!("next: faregate explain {topic}"));
        }
        match Failure::of_code(error.code) {
            Some(failure) if !self.exit_zero => Err(failure),
            Some(_) | None => Ok(()),
        }
    }

    async fn once(&self, client: &Client) -> Result<Answered, CallError> {
        let prepared = client.prepare(Method::Post, &self.module, &self.action, &self.params)?;
        output::note("parameters:");
        for (name, value) in &prepared.pairs {
            output::note(format_args!("  {name}={value}"));
        }
        output::note("profile: canonical");
        output::note(format_args!("string to sign:\n  {}", prepared.string_to_sign));
        output::note(format_args!("request: {} {}", prepared.method, prepared.url()));
        let started = clock::monotonic();
        let answered = client.send(&prepared).await?;
        output::note(format_args!("time: {:.1} ms", started.elapsed().as_secs_f64() * 1000.0));
        Ok(answered)
    }
}

fn headers(answered: &Answered) {
    output::note(format_args!("answer: HTTP {}", answered.status));
    for (name, value) in &answered.headers {
        output::note(format_args!("  {name}: {}", String::from_utf8_lossy(value.as_bytes())));
    }
}

/// Indented for a person, as it came for a program.
fn print(answered: &Answered) {
    let text = String::from_utf8_lossy(&answered.body);
    let pretty = || {
        let value: serde_json::Value = serde_json::from_str(&text).ok()?;
        serde_json::to_string_pretty(&value).ok()
    };
    match output::is_terminal().then(pretty).flatten() {
        Some(pretty) => output::data(pretty),
        None => output::data(text.trim_end()),
    }
}
