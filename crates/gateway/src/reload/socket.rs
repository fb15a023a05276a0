//! The control socket: `<data>/control.sock`, for `faregate reload`, `status` and `upstream` beside a running gateway.
//!
//! A line of JSON asks, a line of JSON answers. Whoever may open the data folder may ask: the folder and the
//! socket are their owner's alone, so there is no password to lose.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::Control;

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long an asker may take to say what it wants.
const ASKED_WITHIN: Duration = Duration::from_secs(5);

/// Longest question.
const ASKED_BYTES_MAX: u64 = 64 * 1024;

/// What can be asked of a running gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "camelCase", deny_unknown_fields)]
pub enum Ask {
    /// Read configuration and documents anew.
    Reload,
    /// What is served, since when, and what became of the last reload.
    Status,
    /// Every server of every module.
    Upstreams,
    /// Give a server no more calls, or take it back.
    Drain {
        /// The module's name.
        module: String,
        /// `host:port`.
        server: String,
        /// False takes it back.
        drained: bool,
    },
}

/// Where the socket of a data folder is.
#[must_use]
pub fn path(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// Starts the thread that answers at the socket and looks after the files, until the gateway stops. Without a
/// socket, files and signals are still followed; why there is none is logged.
pub(crate) fn start(
    control: &Arc<Control>,
    stop: &watch::Receiver<bool>,
) -> io::Result<JoinHandle<()>> {
    let (control, mut stop) = (Arc::clone(control), stop.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let at = path(&control.shared().config.data);
    let listener = {
        let _inside = runtime.enter();
        bind(&at)
    };
    if let Err(cause) = &listener {
        let say = format!("{}: {cause}", at.display());
        control.shared().log.event(&json!({ "event": "no-control-socket", "why": say }));
    }
    std::thread::Builder::new().name("control".to_owned()).spawn(move || {
        runtime.block_on(async move {
            // Not a pause between two questions: who asks all the time does not keep files from being looked at.
            let mut looks = tokio::time::interval(LOOK_EVERY);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    // Told to stop, or nobody is left to tell.
                    _ = stop.changed() => break,
                    stream = accept(listener.as_ref().ok()) => answer(&control, stream).await,
                    _ = looks.tick() => control.look(),
                }
            }
            if listener.is_ok() {
                drop(std::fs::remove_file(&at));
            }
        });
    })
}

/// One gateway has a data folder at a time, so a socket that is there already is a dead one's.
fn bind(at: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(at) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(at)?;
    std::fs::set_permissions(at, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn accept(listener: Option<&UnixListener>) -> UnixStream {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            return stream;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// One question at a time: reading a configuration is the longest of them, and nobody else is served here.
async fn answer(control: &Control, stream: UnixStream) {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(reader.take(ASKED_BYTES_MAX));
    let asked = tokio::time::timeout(ASKED_WITHIN, reader.read_line(&mut line));
    let Ok(Ok(_)) = asked.await else { return };
    let mut said = match serde_json::from_str::<Ask>(&line) {
        Ok(ask) => control.answer(ask),
        Err(cause) => refused(&format!("this gateway does not know the question: {cause}")),
    }
    .to_string();
    said.push('\n');
    // An asker who went away has been served all the same.
    drop(tokio::time::timeout(ASKED_WITHIN, writer.write_all(said.as_bytes())).await);
}

fn refused(why: &str) -> Value {
    json!({ "error": why })
}

impl Control {
    fn drain(&self, module: &str, server: &str, drained: bool) -> Value {
        let shared = self.shared();
        if !shared.targets.drain(module, server, drained) {
            return refused(&format!(
                "the module `{module}` has no server `{server}`: `faregate upstream list` shows them"
            ));
        }
        shared.log.event(&json!({
            "event": "drain", "module": module, "server": server, "drained": drained,
        }));
        json!({ "upstreams": shared.targets.status() })
    }

    fn answer(&self, ask: Ask) -> Value {
        match ask {
            Ask::Reload => {
                // Refused or not, the status says all of it.
                drop(self.reload("a command"));
                json!({ "status": &*self.status() })
            }
            Ask::Status => json!({ "status": &*self.status() }),
            Ask::Upstreams => json!({ "upstreams": self.shared().targets.status() }),
            Ask::Drain { module, server, drained } => self.drain(&module, &server, drained),
        }
    }
}
