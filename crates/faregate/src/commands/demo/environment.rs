//! `faregate demo --env`: what a shell, and any SDK in it, must know of the running demo.

use crate::exit::{Exit, Failure};
use crate::output;
use crate::running::Running;

/// Lines for `eval`, so that examples run as they stand on the pages.
pub(super) fn print() -> Result<(), Failure> {
    let nothing = || {
        Failure::new(
            Exit::Unreachable,
            "no demo runs: start one in another terminal with `faregate demo`",
        )
    };
    let running = Running::find().ok_or_else(nothing)?;
    let ca = running.ca.display().to_string();
    let demo = running.accounts.get("demo").ok_or_else(nothing)?;
    let proxy = running.proxy.map(|address| format!("http://{address}"));
    let lines = [
        ("https_proxy", proxy.as_deref()),
        ("SSL_CERT_FILE", Some(ca.as_str())),
        ("CURL_CA_BUNDLE", Some(ca.as_str())),
        ("REQUESTS_CA_BUNDLE", Some(ca.as_str())),
        ("NODE_EXTRA_CA_CERTS", Some(ca.as_str())),
        ("FAREGATE_HTTPS", Some(running.https.as_str())),
        ("FAREGATE_HTTP", running.http.as_deref()),
        ("SECRET_ID", Some(demo.secret_id.as_str())),
        ("SECRET_KEY", Some(demo.secret_key.as_str())),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            output::data(format_args!("export {name}={}", super::welcome::quoted(value)));
        }
    }
    Ok(())
}
