//! What the demo says when it is ready: for people, or as one JSON line.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use faregate_client::{Credentials, Prepared};
use faregate_signing::Method;
use serde_json::{Map, Value, json};

use super::accounts::{OPERATOR_ROLE, ROLES};
use super::compute::Process;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::running::Running;

/// Everything that there is to say.
pub(super) struct Ready<'a> {
    pub(super) running: &'a Running,
    pub(super) balances: &'a BTreeMap<String, String>,
    pub(super) http: Option<SocketAddr>,
    pub(super) proxy: Option<SocketAddr>,
    pub(super) pages: Option<SocketAddr>,
    pub(super) admin: Option<SocketAddr>,
    pub(super) compute: &'a Process,
}

impl Ready<'_> {
    fn domain(&self) -> String {
        format!("cvm.{}", self.running.base_domain)
    }

    fn pages_url(&self) -> Option<String> {
        self.pages.map(|address| format!("http://{address}"))
    }

    /// One line, and nothing else on standard output.
    pub(super) fn json(&self) {
        let mut accounts = Map::new();
        for (name, profile) in &self.running.accounts {
            let account = json!({
                "accountId": profile.account_id,
                "secretId": profile.secret_id,
                "secretKey": profile.secret_key,
                "balance": self.balances.get(name),
            });
            accounts.insert(name.clone(), account);
        }
        output::json(&json!({
            "http": self.http,
            "https": self.running.https,
            "proxy": self.proxy,
            "ca": self.running.ca,
            "baseDomain": self.running.base_domain,
            "pages": self.pages_url(),
            "admin": self.admin,
            "data": self.running.data,
            "accounts": Value::Object(accounts),
            "modules": { "cvm": {
                "domain": self.domain(),
                "upstream": self.compute.address,
                "upstreamPid": self.compute.pid,
            } },
        }));
    }

    pub(super) fn text(&self) -> Result<(), Failure> {
        let ca = quoted(&self.running.ca.display().to_string());
        let https = &self.running.https;
        output::data("Faregate runs a small cloud on this machine. Ctrl-C stops it.\n\nEndpoints");
        output::data(format_args!("  https  {https}"));
        for (name, address) in [("http", self.http), ("proxy", self.proxy), ("admin", self.admin)] {
            if let Some(address) = address {
                output::data(format_args!("  {name:5}  {address}"));
            }
        }
        output::data(format_args!("  cvm    {} (process {})", self.domain(), self.compute.pid));
        output::data(format_args!("  data   {}\n", self.running.data.display()));
        output::data("Accounts");
        let rows: Vec<[String; 6]> =
            ROLES.iter().chain([&OPERATOR_ROLE]).filter_map(|role| self.row(role)).collect();
        output::table(["  NAME", "ACCOUNT", "BALANCE", "SECRET ID", "SECRET KEY", "SHOWS"], &rows);
        output::data("\nA signed call (good once, and only for some minutes)");
        output::data(format_args!(
            "  curl --cacert {ca} --connect-to {}:443:{https} '{}'\n",
            self.domain(),
            self.signed_url()?
        ));
        if let Some(proxy) = self.proxy {
            output::data("An unmodified SDK, by its environment");
            output::data(format_args!("  export https_proxy=http://{proxy}"));
            output::data(format_args!("  export SSL_CERT_FILE={ca}"));
            output::data(format_args!("  export REQUESTS_CA_BUNDLE={ca}"));
            output::data("  # or all of it, and the key: eval \"$(faregate demo --env)\"\n");
        }
        if let Some(pages) = self.pages_url() {
            output::data(format_args!("Error reference\n  {pages}/errors\n"));
        }
        output::data(
            "Next, in another terminal\n  faregate call cvm DescribeZones\n  \
             faregate call cvm RunInstances zone=gz-1 instanceType=S1.SMALL1 imageId=img-debian-12 period=1 goodsNum=1\n  \
             faregate call -p poor cvm RunInstances zone=gz-1 instanceType=S1.SMALL1 imageId=img-debian-12 period=1 goodsNum=1\n  \
             faregate explain 5300\n\nErrors on purpose, and a clock of its own\n  \
             faregate fault add cvm:RunInstances --code 5200 --times 2\n  \
             faregate clock +3h\n  \
             faregate scenario run --help",
        );
        Ok(())
    }

    fn row(&self, role: &super::accounts::Role) -> Option<[String; 6]> {
        let profile = self.running.accounts.get(role.name)?;
        Some([
            format!("  {}", role.name),
            profile.account_id.clone(),
            self.balances.get(role.name)?.clone(),
            profile.secret_id.clone(),
            profile.secret_key.clone(),
            role.shows.to_owned(),
        ])
    }

    fn signed_url(&self) -> Result<String, Failure> {
        let demo = self.running.accounts.get("demo");
        let demo = demo.ok_or_else(|| Failure::new(Exit::Unexpected, "the demo has no account"))?;
        let credentials = Credentials::new(&demo.secret_id, &demo.secret_key);
        let nonce = getrandom::u64().map_err(|cause| Failure::new(Exit::Unexpected, cause))? >> 1;
        let stamp = (crate::clock::now_ms() / 1000, nonce);
        let action = "DescribeZones";
        let call = Prepared::sign(Method::Get, self.domain(), action, &[], &credentials, stamp)?;
        Ok(call.url())
    }
}

/// A path as a shell takes it.
pub(super) fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    if path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}
