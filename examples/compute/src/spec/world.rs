//! A service on loopback, a caller without a gateway, and tables of what they say to each other.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use super::document::Document;

pub(super) struct World {
    address: SocketAddr,
    data: TempDir,
    document: Document,
    names: RefCell<HashMap<String, Value>>,
}

impl World {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let data = tempfile::tempdir().expect("a folder");
        let folder = data.path().to_owned();
        tokio::spawn(async move {
            crate::serve(listener, &folder, std::future::pending()).await.expect("served");
        });
        Self { address, data, document: Document::read(), names: RefCell::default() }
    }

    pub(super) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Sends the rows of a table one by one; the message of a failure is its row.
    pub(super) async fn verify(&self, table: &str) {
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let [caller, call, answer] = row
                .splitn(3, " | ")
                .map(str::trim)
                .collect::<Vec<_>>()
                .try_into()
                .unwrap_or_else(|_| panic!("a row has three cells: {row}"));
            let (method, target, body) = self.request(call);
            let (status, found) = self.call(caller, &method, &target, &body).await;
            let (wanted_status, wanted) = answer.split_once(' ').unwrap_or((answer, "null"));
            assert_eq!(status.as_str(), wanted_status, "{row}\n{found}");
            if wanted == "text/html" {
                assert!(found.as_str().is_some_and(|page| page.starts_with("<html>")), "{row}");
                continue;
            }
            let wanted = serde_json::from_str(wanted).unwrap_or_else(|_| panic!("JSON: {row}"));
            assert!(self.matches(&wanted, &found), "{row}\nfound {found}");
            self.document.check(&method, &target, &body, status, &found);
        }
    }

    fn request(&self, call: &str) -> (String, String, String) {
        let mut call = call.to_owned();
        for (name, value) in self.names.borrow().iter() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            call = call.replace(name, &text);
        }
        let mut parts = call.splitn(3, ' ').map(str::trim);
        let mut part = || parts.next().unwrap_or_default().to_owned();
        (part(), part(), part())
    }

    /// One call on a connection of its own. The caller is `account`, `account/key` or `-` for nobody.
    pub(super) async fn call(
        &self,
        caller: &str,
        method: &str,
        target: &str,
        body: &str,
    ) -> (StatusCode, Value) {
        let stream = TcpStream::connect(self.address).await.expect("connected");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("hands shaken");
        let connection = tokio::spawn(connection);
        let mut request =
            Request::builder().method(method).uri(target).header(header::HOST, "compute");
        let (account, key) = caller.split_once('/').unwrap_or((caller, ""));
        if account != "-" {
            request = request.header("Faregate-Account", account);
        }
        if !key.is_empty() {
            request = request.header("Idempotency-Key", key);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request");
        let response = sender.send_request(request).await.expect("answered");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        connection.abort();
        let text = String::from_utf8(body.to_vec()).expect("text");
        let media_type = head.headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes());
        let found = match media_type {
            Some(b"application/json" | b"application/problem+json") => {
                serde_json::from_str(&text).expect("what is called JSON is JSON")
            }
            Some(_) => Value::String(text),
            None => {
                assert_eq!(text, "", "a body has a type");
                Value::Null
            }
        };
        (head.status, found)
    }

    fn matches(&self, wanted: &Value, found: &Value) -> bool {
        match (wanted, found) {
            (Value::String(name), _) if name == "*" => !found.is_null(),
            (Value::String(name), _) if name.starts_with('$') => {
                let mut names = self.names.borrow_mut();
                names.entry(name.clone()).or_insert_with(|| found.clone()) == found
            }
            (Value::Array(wanted), Value::Array(found)) => {
                wanted.len() == found.len()
                    && wanted.iter().zip(found).all(|(wanted, found)| self.matches(wanted, found))
            }
            (Value::Object(wanted), Value::Object(found)) => {
                wanted.len() == found.len()
                    && wanted.iter().all(|(name, wanted)| {
                        found.get(name).is_some_and(|found| self.matches(wanted, found))
                    })
            }
            _ => wanted == found,
        }
    }
}
