//! Calls API 3.0 with TC3-HMAC-SHA256. Rust's standard library has neither hashes nor TLS: `openssl` makes the MACs and
//! `curl` sends. In a program use `faregate-signing`. Run: rustc --edition 2024 tc3.rs && ./tc3
//! FAREGATE_SECRET_ID, FAREGATE_SECRET_KEY: the key.  FAREGATE_ENDPOINT: another address than the module's own.
use std::io::{Result, Write};
use std::process::{Command, Stdio};

fn output(program: &str, arguments: &[&str], text: &str) -> Result<String> {
    let mut child = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().unwrap().write_all(text.as_bytes())?;
    let text = String::from_utf8(child.wait_with_output()?.stdout).unwrap();
    Ok(text.trim_end().rsplit(' ').next().unwrap().to_owned()) // `openssl` writes a label and a space in front
}

fn main() -> Result<()> {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("set {name}"));
    let endpoint = std::env::var("FAREGATE_ENDPOINT").unwrap_or("https://cvm.api.qcloud.com".into());
    let (host, service, action) = (endpoint.split("://").last().unwrap(), "cvm", "DescribeInstances");
    let body = r#"{"limit":5}"#; // these bytes are signed and sent
    let timestamp = output("date", &["+%s"], "")?;
    let date = output("date", &["-u", "-d", &format!("@{timestamp}"), "+%F"], "")?; // in UTC
    let sha256 = |text: &str| output("openssl", &["dgst", "-sha256", "-hex"], text);
    let mac = |key: &str, text: &str| output("openssl", &["dgst", "-sha256", "-mac", "HMAC", "-macopt", key, "-hex"], text);
    let signed = "content-type;host;x-tc-action";
    let headers = format!("content-type:application/json\nhost:{host}\nx-tc-action:{}\n", action.to_lowercase());
    let canonical = format!("POST\n/\n\n{headers}\n{signed}\n{}", sha256(body)?);
    let scope = format!("{date}/{service}/tc3_request");
    let text = format!("TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{}", sha256(&canonical)?);
    let mut key = format!("key:TC3{}", variable("FAREGATE_SECRET_KEY"));
    for step in [date.as_str(), service, "tc3_request"] {
        key = format!("hexkey:{}", mac(&key, step)?);
    }
    let (id, signature) = (variable("FAREGATE_SECRET_ID"), mac(&key, &text)?);
    let authorization = format!("TC3-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={signed}, Signature={signature}");
    let headers = [("Authorization", &*authorization), ("Content-Type", "application/json"), ("X-TC-Action", action),
        ("X-TC-Version", "2017-03-12"), ("X-TC-Timestamp", &*timestamp)];
    let headers = headers.into_iter().flat_map(|(name, value)| ["-H".to_owned(), format!("{name}: {value}")]);
    Command::new("curl").args(["-sS", "--data-binary", body]).args(headers).arg(format!("{endpoint}/")).status().map(|_| ())
}
