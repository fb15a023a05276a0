//! Asks the gateway that runs on a data folder, by its control socket.

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use faregate_gateway::reload::socket::{self, Ask};
use serde_json::Value;

use crate::exit::{Exit, Failure};

/// Reading ten thousand actions anew takes a moment.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// One question, one answer.
pub(crate) fn ask(data: &Path, question: &Ask) -> Result<Value, Failure> {
    let at = socket::path(data);
    let away = |cause: std::io::Error| {
        let is = |kinds: [ErrorKind; 2]| kinds.contains(&cause.kind());
        let why = if is([ErrorKind::NotFound, ErrorKind::ConnectionRefused]) {
            "none runs on it".to_owned()
        } else if is([ErrorKind::WouldBlock, ErrorKind::TimedOut]) {
            "it does not answer".to_owned()
        } else {
            cause.to_string()
        };
        let folder = data.display();
        let say = format!(
            "no gateway answers on the data folder `{folder}`: {why}; start it with `faregate serve`, or name another with -c FILE or --data DIR"
        );
        Failure::new(Exit::Unreachable, say)
    };
    let mut stream = UnixStream::connect(&at).map_err(away)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN)).map_err(away)?;
    let mut line =
        serde_json::to_string(question).map_err(|e| Failure::new(Exit::Unexpected, e))?;
    line.push('\n');
    stream.write_all(line.as_bytes()).map_err(away)?;
    let mut said = String::new();
    BufReader::new(stream).read_line(&mut said).map_err(away)?;
    let answer: Value = serde_json::from_str(&said)
        .map_err(|_| Failure::new(Exit::Unexpected, "the gateway ended before it answered"))?;
    match answer.get("error").and_then(Value::as_str) {
        Some(error) => Err(Failure::usage(error)),
        None => Ok(answer),
    }
}
