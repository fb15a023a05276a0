//! A request in whatever form somebody has it: curl command, URL, raw HTTP, captured JSON line.

use faregate_signing::capture::Captured;

use super::curl::{self, Spoken};

/// Reads it; what is not given of the key is left empty.
pub(super) fn read(text: &str) -> Result<Captured, String> {
    let start = text.trim_start();
    if start.starts_with('{') {
        return serde_json::from_str(start)
            .map_err(|cause| format!("the JSON is no captured request: {cause}"));
    }
    if start.starts_with("curl ") || start.starts_with("curl\t") {
        return of_spoken(curl::read(start)?);
    }
    let url = start.trim_end();
    if (url.starts_with("https://") || url.starts_with("http://"))
        && !url.contains(char::is_whitespace)
    {
        let spoken = Spoken { method: "GET".to_owned(), url: url.to_owned(), ..Spoken::default() };
        return of_spoken(spoken);
    }
    of_spoken(raw(start)?)
}

/// `METHOD target HTTP/1.1`, header lines, an empty line, the body. Line feeds alone will do.
fn raw(text: &str) -> Result<Spoken, String> {
    const NEITHER: &str = "this is no curl command, no URL and no raw request: a raw one begins like `POST /v2/index.php HTTP/1.1`";
    let (head, body) = match (text.split_once("\r\n\r\n"), text.split_once("\n\n")) {
        (Some(parts), _) | (None, Some(parts)) => parts,
        (None, None) => (text, ""),
    };
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(NEITHER.to_owned());
    };
    if !words.next().is_none_or(|version| version.starts_with("HTTP/"))
        || !method.bytes().all(|b| b.is_ascii_uppercase())
    {
        return Err(NEITHER.to_owned());
    }
    let mut headers = Vec::new();
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let (name, value) =
            line.split_once(':').ok_or(format!("the header line `{line}` has no colon"))?;
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: Option<usize> = length.and_then(|(_, value)| value.parse().ok());
    // An editor ends what was pasted with a line feed, which no client sends after a form or JSON.
    let body = match length.and_then(|length| body.get(..length)) {
        Some(body) => body,
        None => body.strip_suffix("\r\n").or_else(|| body.strip_suffix('\n')).unwrap_or(body),
    };
    let body = (!body.is_empty()).then(|| body.to_owned());
    Ok(Spoken { method: method.to_owned(), url: target.to_owned(), headers, body })
}

fn of_spoken(spoken: Spoken) -> Result<Captured, String> {
    let Spoken { method, url, headers, body } = spoken;
    let (scheme, rest) = url.split_once("://").unwrap_or(("", &url));
    let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match before.find('/') {
        Some(at) => before.split_at_checked(at).unwrap_or((before, "/")),
        None => (before, "/"),
    };
    let default = if scheme == "http" { ":80" } else { ":443" };
    let named = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let host =
        named.map_or(authority.strip_suffix(default).unwrap_or(authority), |(_, value)| value);
    if host.is_empty() {
        return Err("the request has no host: add a Host header, or give the whole URL".to_owned());
    }
    Ok(Captured {
        id: "request".to_owned(),
        host: host.to_owned(),
        path: path.to_owned(),
        raw_query: query.to_owned(),
        method,
        raw_body: body.unwrap_or_default(),
        body_base64: false,
        secret_id: None,
        secret_key: String::new(),
        headers,
    })
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_request_is_read_in_whatever_form_it_is_pasted() {
        let rows = [
            (
                "https://h.example/v2/index.php?a=1#x",
                "GET",
                "h.example",
                "/v2/index.php",
                "a=1",
                "",
            ),
            ("http://h.example:8080", "GET", "h.example:8080", "/", "", ""),
            ("https://h.example:443/?a", "GET", "h.example", "/", "a", ""),
            ("curl -H 'Host: other' -d x=1 http://127.0.0.1:1/p", "POST", "other", "/p", "", "x=1"),
            ("POST /p HTTP/1.1\r\nHost: h\r\n\r\na=1\r\n", "POST", "h", "/p", "", "a=1"),
            (
                "POST /p HTTP/1.1\nhost: h\nContent-Length: 4\n\na=1\n",
                "POST",
                "h",
                "/p",
                "",
                "a=1\n",
            ),
            ("GET /?a=1\nHost: h\n", "GET", "h", "/", "a=1", ""),
        ];
        for (text, method, host, path, query, body) in rows {
            let read = read(text).unwrap();
            let got = (&*read.method, &*read.host, &*read.path, &*read.raw_query, &*read.raw_body);
            assert_eq!(got, (method, host, path, query, body), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_request_is_said_to_be_none() {
        for (text, why) in [
            ("", "this is no curl command"),
            ("DescribeInstances", "this is no curl command"),
            ("get / HTTP/1.1", "this is no curl command"),
            ("GET /p HTTP/1.1\nx", "the header line `x` has no colon"),
            ("GET /p HTTP/1.1", "the request has no host"),
            ("{}", "the JSON is no captured request"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(why), "{text}: {error}");
        }
    }
}
