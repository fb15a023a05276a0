//! The two clients that every row is shown with: the official Python SDK, unmodified, and `faregate call`.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::world::{Account, World, binary};

/// One way to call a world.
pub(crate) struct Client<'w> {
    world: &'w World,
    way: Way,
}

enum Way {
    Sdk(RefCell<Sdk>),
    Command,
}

/// Runs the same test through both clients, on one world.
pub(crate) fn both(world: &World, test: impl Fn(&Client<'_>)) {
    for client in [sdk(world), command(world)] {
        test(&client);
    }
}

/// The official Python SDK through the CONNECT proxy, with the demo's CA.
pub(crate) fn sdk(world: &World) -> Client<'_> {
    Client { world, way: Way::Sdk(RefCell::new(Sdk::start(world))) }
}

/// `faregate call`.
pub(crate) fn command(world: &World) -> Client<'_> {
    Client { world, way: Way::Command }
}

impl Client<'_> {
    /// A call of the module `cvm` by one of the demo's accounts.
    #[track_caller]
    pub(crate) fn call(&self, account: &str, action: &str, params: &Value) -> Value {
        self.call_with(&self.world.account(account), "cvm", action, params)
    }

    #[track_caller]
    pub(crate) fn call_with(
        &self,
        account: &Account,
        module: &str,
        action: &str,
        params: &Value,
    ) -> Value {
        let answer = match &self.way {
            Way::Sdk(sdk) => sdk.borrow_mut().ask(&json!({
                "secretId": account.secret_id, "secretKey": account.secret_key,
                "module": module, "action": action, "params": params,
            })),
            Way::Command => call_by_command(self.world, account, module, action, params),
        };
        let answer = as_v2(answer);
        assert!(answer["code"].is_u64(), "{action}: `code` is no number: {answer}");
        for member in ["message", "codeDesc", "requestId"] {
            assert!(answer[member].is_string(), "{action}: `{member}` is no string: {answer}");
        }
        answer
    }

    /// The same, which has to be answered with this code.
    #[track_caller]
    pub(crate) fn expect(&self, code: u64, account: &str, action: &str, params: &Value) -> Value {
        let answer = self.call(account, action, params);
        assert_eq!(answer["code"], code, "{} {action} {params}: {answer}", self.name());
        answer
    }

    /// Buys one small instance, and gives its id.
    #[track_caller]
    pub(crate) fn buy(&self, account: &str) -> String {
        let answer = self.expect(0, account, "RunInstances", &order("S1.SMALL1", "gz-1"));
        answer["instanceIds"][0].as_str().expect("an id").to_owned()
    }

    /// Which client it is.
    pub(crate) fn name(&self) -> &'static str {
        match self.way {
            Way::Sdk(_) => "the Python SDK",
            Way::Command => "faregate call",
        }
    }
}

/// An answer in the envelope of API 3.0, which a call with a `Version` gets, as one of API 2.0.
pub(crate) fn as_v2(mut answer: Value) -> Value {
    let Value::Object(mut response) = answer["Response"].take() else { return answer };
    let mut flat = json!({ "code": 0, "message": "", "codeDesc": "Success" });
    let mut take = |name: String, value: Value| {
        flat[small(&name)] = lowered(value);
    };
    if let Some(Value::Object(error)) = response.remove("Error") {
        error.into_iter().for_each(|(name, value)| match name.as_str() {
            "Code" => take("codeDesc".to_owned(), value),
            "Number" => take("code".to_owned(), value),
            _ => take(name, value),
        });
    }
    response.into_iter().for_each(|(name, value)| take(name, value));
    flat
}

fn small(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_ascii_lowercase() + rest
}

fn lowered(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (small(&name), lowered(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(lowered).collect(),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => scalar,
    }
}

/// The parameters of a purchase of one for one month.
pub(crate) fn order(instance_type: &str, zone: &str) -> Value {
    json!({"zone": zone, "instanceType": instance_type, "imageId": "img-debian-12", "period": 1, "goodsNum": 1})
}

/// The order with another value in one place.
pub(crate) fn with(mut params: Value, name: &str, value: impl Into<Value>) -> Value {
    params[name] = value.into();
    params
}

fn call_by_command(
    world: &World,
    account: &Account,
    module: &str,
    action: &str,
    params: &Value,
) -> Value {
    let mut flat = Vec::new();
    flatten("", params, &mut flat);
    let done = Command::new(binary())
        .args(["call", module, action, "--retries", "0"])
        .args(flat.iter().map(|(name, value)| format!("{name}={value}")))
        .env("FAREGATE_ENDPOINT", format!("https://{}", world.at("https")))
        .env("FAREGATE_CA", world.at("ca"))
        .env("FAREGATE_BASE_DOMAIN", world.at("baseDomain"))
        .env("FAREGATE_SECRET_ID", &account.secret_id)
        .env("FAREGATE_SECRET_KEY", &account.secret_key)
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&done.stdout).unwrap_or_else(|e| {
        panic!("faregate call {action}: {e}: {}", String::from_utf8_lossy(&done.stderr));
    });
    // The exit code says the class of the answer (UX 2).
    let class = match as_v2(answer.clone())["code"].as_u64() {
        Some(0) => 0,
        Some(4000..=4999) => 10,
        Some(5000..=5999) => 11,
        _ => 12,
    };
    assert_eq!(done.status.code(), Some(class), "{answer}");
    answer
}

/// `{"a": ["x"]}` is `a.0=x` (PROTOCOL 1.5).
pub(crate) fn flatten(prefix: &str, value: &Value, into: &mut Vec<(String, String)>) {
    let name =
        |key: &str| if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| flatten(&name(key), value, into))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(n, item)| flatten(&name(&n.to_string()), item, into)),
        Value::String(text) => into.push((prefix.to_owned(), text.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            into.push((prefix.to_owned(), value.to_string()))
        }
    }
}

/// The SDK in a process of its own, a call a line.
pub(crate) struct Sdk {
    process: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
}

impl Sdk {
    pub(crate) fn start(world: &World) -> Self {
        let proxy = format!("http://{}", world.at("proxy"));
        Self::running("call.py", &[("https_proxy", &proxy), ("SSL_CERT_FILE", &world.at("ca"))])
    }

    /// With another program of `suite/python`, and this environment.
    pub(crate) fn running(program: &str, environment: &[(&str, &str)]) -> Self {
        let root = root();
        let mut process = Command::new(root.join("target/venv/bin/python"))
            .arg(root.join("suite/python").join(program))
            .env_remove("HTTPS_PROXY")
            .env_remove("https_proxy")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("target/venv has the SDK: scripts/test makes it");
        let ask = process.stdin.take().unwrap();
        let answer = BufReader::new(process.stdout.take().unwrap());
        Self { process, ask, answer }
    }

    /// What its user is told, an exception too.
    #[track_caller]
    pub(crate) fn told(&mut self, request: &Value) -> Value {
        writeln!(self.ask, "{request}").unwrap();
        let mut line = String::new();
        self.answer.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, request: &Value) -> Value {
        let answer = self.told(request);
        assert!(answer["exception"].is_null(), "{answer}");
        answer
    }

    /// The URL that the SDK signs for a GET, not sent.
    #[track_caller]
    pub(crate) fn url(&mut self, account: &Account, action: &str, params: &Value) -> String {
        let asked = json!({
            "op": "url", "secretId": account.secret_id, "secretKey": account.secret_key,
            "module": "cvm", "action": action, "params": params,
        });
        self.ask(&asked)["url"].as_str().expect("a URL").to_owned()
    }
}

impl Drop for Sdk {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
