//! Calls API 2.0 with signature v2 (HmacSHA256). Rust's standard library has neither hashes nor TLS: `openssl` makes the
//! MAC and `curl` sends. In a program use `faregate-client`. Run: rustc --edition 2024 v2.rs && ./v2
//! FAREGATE_SECRET_ID, FAREGATE_SECRET_KEY: the key.  FAREGATE_ENDPOINT: another address than the module's own.
use std::io::{Result, Write};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

fn openssl(arguments: &[&str], text: &[u8]) -> Result<Vec<u8>> {
    let mut child = Command::new("openssl").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().unwrap().write_all(text)?;
    Ok(child.wait_with_output()?.stdout)
}

fn main() -> Result<()> {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("set {name}"));
    let endpoint = std::env::var("FAREGATE_ENDPOINT").unwrap_or("https://cvm.api.qcloud.com".into());
    let (host, path) = (endpoint.split("://").last().unwrap(), "/v2/index.php");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut parameters = vec![
        ("Action", "DescribeInstances".to_owned()),
        ("limit", "5".to_owned()), // the action's own parameters: text, lists as name.0, name.1
        ("SecretId", variable("FAREGATE_SECRET_ID")),
        ("Timestamp", now.as_secs().to_string()),
        ("Nonce", now.as_nanos().to_string().chars().skip(1).collect()),
        ("SignatureMethod", "HmacSHA256".to_owned()),
    ];
    // Names with `_` as `.`, sorted byte by byte; values raw. Method, host and path stand in front.
    let mut named: Vec<_> = parameters.iter().map(|(name, value)| (name.replace('_', "."), value)).collect();
    named.sort();
    let pairs: Vec<String> = named.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let text = format!("POST{host}{path}?{}", pairs.join("&"));
    let key = variable("FAREGATE_SECRET_KEY");
    let tag = openssl(&["dgst", "-sha256", "-hmac", &key, "-binary"], text.as_bytes())?;
    parameters.push(("Signature", String::from_utf8(openssl(&["base64", "-A"], &tag)?).unwrap()));
    // Only now is anything percent-encoded, by curl.
    let data = parameters.iter().flat_map(|(name, value)| ["--data-urlencode".to_owned(), format!("{name}={value}")]);
    Command::new("curl").arg("-sS").args(data).arg(format!("{endpoint}{path}")).status().map(|_| ())
}
