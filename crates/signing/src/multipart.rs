//! Multipart bodies, strictly: what the Java, .NET and qcloudapi3 clients send in v2 (PROTOCOL 1.1), and the SDKs in TC3.

/// A part.
#[derive(Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its name, as it stands between the quotes.
    pub name: &'a str,
    /// Its bytes.
    pub value: &'a [u8],
    /// It has a file name: in v2 no client signs it.
    pub file: bool,
    /// Its own Content-Type.
    pub content_type: Option<&'a str>,
}

/// Reads a body by the boundary in its content type.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub fn parts<'a>(body: &'a [u8], content_type: &str) -> Result<Vec<Part<'a>>, &'static str> {
    let boundary = boundary(content_type).ok_or("the content type names no boundary")?;
    let delimiter = [b"--", boundary.as_bytes()].concat();
    // Java begins the body with a CRLF of its own (PROTOCOL 1.1).
    let mut rest = body.strip_prefix(b"\r\n").unwrap_or(body);
    rest = rest.strip_prefix(delimiter.as_slice()).ok_or("text before the first boundary")?;
    let delimiter = [b"\r\n", delimiter.as_slice()].concat();
    let mut parts = Vec::new();
    loop {
        if let Some(epilogue) = rest.strip_prefix(b"--") {
            let ended = matches!(epilogue, b"" | b"\r\n");
            return if ended { Ok(parts) } else { Err("text after the last boundary") };
        }
        let part = rest.strip_prefix(b"\r\n").ok_or("text on a boundary's line")?;
        let (content, next) = cut(part, &delimiter).ok_or("a part without an end")?;
        let (head, value) = cut(content, b"\r\n\r\n").ok_or("a part without a head")?;
        parts.push(part_of(head, value)?);
        rest = next;
    }
}

fn part_of<'a>(head: &'a [u8], value: &'a [u8]) -> Result<Part<'a>, &'static str> {
    let head = str::from_utf8(head).map_err(|_| "a part's head is not UTF-8")?;
    let header = |wanted: &str| {
        let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
        lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    let disposition = header("content-disposition").ok_or("a part without Content-Disposition")?;
    let name = quoted(disposition, "name").ok_or("a part without a name")?;
    let file = quoted(disposition, "filename").is_some();
    Ok(Part { name, value, file, content_type: header("content-type") })
}

fn boundary(content_type: &str) -> Option<&str> {
    let value = content_type.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?;
    Some(value.trim_matches('"')).filter(|boundary| !boundary.is_empty())
}

/// The value of `key="value"` among the parameters of a header.
fn quoted<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    header
        .split(';')
        .find_map(|part| part.trim().strip_prefix(key)?.strip_prefix("=\"")?.strip_suffix('"'))
}

fn cut<'a>(text: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = text.windows(at.len()).position(|window| window == at)?;
    Some((text.get(..start)?, text.get(start + at.len()..)?))
}
