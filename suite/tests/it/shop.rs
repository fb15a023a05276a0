//! `Shop`: a module whose answers a test writes, and whose calls it can count.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use faregate_signing::Method;
use serde_json::Value;

use crate::raw::{self, pairs, signed_for};
use crate::serve::Served;

/// What the shop was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Without its query and the first `/`.
    pub(crate) path: String,
    /// The value of its last query parameter.
    pub(crate) about: String,
    /// Its method.
    pub(crate) method: String,
    /// Its Idempotency-Key.
    pub(crate) key: String,
    /// How often this path was asked, this time included.
    pub(crate) n: usize,
}

/// What it does.
pub(crate) enum Does {
    /// Answers with a status and a body.
    Says(u16, String),
    /// Closes the connection without a word.
    Hangs,
    /// Keeps the connection open, without a word.
    Waits,
}

impl Does {
    pub(crate) fn says(status: u16, body: &str) -> Self {
        Self::Says(status, body.to_owned())
    }
}

/// A module on a thread of its own.
pub(crate) struct Shop {
    pub(crate) address: String,
    seen: Arc<Mutex<HashMap<String, Vec<String>>>>,
}

impl Shop {
    pub(crate) fn open(does: impl Fn(&Asked) -> Does + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::default();
        let (theirs, does) = (Arc::clone(&seen), Arc::new(does));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, does) = (Arc::clone(&theirs), Arc::clone(&does));
                thread::spawn(move || serve(stream, &seen, &*does));
            }
        });
        Self { address, seen }
    }

    /// A gateway in front of it, which knows it by this document.
    pub(crate) fn served(&self, document: &str, settings: &str) -> Served {
        Served::start(|gate| {
            std::fs::write(gate.join("shop.yaml"), document).unwrap();
            let upstream = format!("http://{}", self.address);
            format!("{settings}[[modules]]\ndocument = \"shop.yaml\"\nupstream = \"{upstream}\"\n")
        })
    }

    /// The Idempotency-Keys with which a path was asked, in order.
    pub(crate) fn keys(&self, path: &str) -> Vec<String> {
        self.seen.lock().unwrap().get(path).cloned().unwrap_or_default()
    }
}

/// The answer to a call of the shop by the gateway's account.
pub(crate) fn call(served: &Served, action: &str, params: &[(&str, &str)]) -> Value {
    served.send(signed(served, action, params).as_bytes()).json()
}

/// Its bytes.
pub(crate) fn signed(served: &Served, action: &str, params: &[(&str, &str)]) -> String {
    let host = "shop.api.qcloud.com";
    let pairs = pairs(&served.account, action, params);
    let signed = signed_for(host, Method::Get, &served.account, pairs);
    String::from_utf8(raw::get(&signed)).unwrap().replace(raw::HOST, host)
}

/// One request; the connection is closed after it.
fn serve(
    stream: TcpStream,
    seen: &Mutex<HashMap<String, Vec<String>>>,
    does: &(dyn Fn(&Asked) -> Does + Send + Sync),
) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut key, mut length) = (String::new(), String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        let lower = line.to_ascii_lowercase();
        let value = || line.split_once(": ").map(|(_, value)| value.trim().to_owned()).unwrap();
        if head.is_empty() {
            head = line.clone();
        } else if lower.starts_with("idempotency-key: ") {
            key = value();
        } else if lower.starts_with("content-length: ") {
            length = value().parse().unwrap();
        }
    }
    // A connection that was opened and not used.
    if head.is_empty() {
        return;
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let method = head.split(' ').next().unwrap_or_default().to_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let about = path.rsplit_once('=').map_or_else(String::new, |(_, value)| value.to_owned());
    let path = path.split('?').next().unwrap_or_default().trim_start_matches('/').to_owned();
    let n = {
        let mut seen = seen.lock().unwrap();
        let keys = seen.entry(path.clone()).or_default();
        keys.push(key.clone());
        keys.len()
    };
    let mut stream = reader.into_inner();
    match does(&Asked { path, about, method, key, n }) {
        Does::Hangs => {}
        Does::Waits => {
            // Until the gateway gives up.
            let _ = stream.read(&mut [0]);
        }
        Does::Says(status, answer) => {
            let _ = write!(
                stream,
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{answer}",
                answer.len()
            );
        }
    }
}
