//! A curl command line, read as curl reads it, as far as it concerns the request.

use faregate_signing::form;

/// What a request says, however it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spoken {
    pub(super) method: String,
    /// With the scheme, where one was given.
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

/// Reads the command.
pub(super) fn read(command: &str) -> Result<Spoken, String> {
    let mut words = words(command)?.into_iter().skip(1);
    let mut spoken = Spoken::default();
    let mut data: Vec<String> = Vec::new();
    let (mut json, mut get) = (false, false);
    while let Some(word) = words.next() {
        let (flag, mut attached) = split_flag(&word);
        let mut value =
            || attached.take().or_else(|| words.next()).ok_or(format!("`{flag}` lacks its value"));
        match flag {
            "-X" | "--request" => spoken.method = value()?,
            "-H" | "--header" => spoken.headers.push(header(&value()?)?),
            "-d" | "--data" | "--data-raw" | "--data-ascii" | "--data-binary" => {
                data.push(plain(value()?, flag)?)
            }
            "--json" => {
                json = true;
                data.push(plain(value()?, flag)?);
            }
            "--data-urlencode" => data.push(encoded(&value()?)?),
            "--url" => spoken.url = value()?,
            "-G" | "--get" => get = true,
            "-A" | "--user-agent" => spoken.headers.push(("User-Agent".to_owned(), value()?)),
            "-F" | "--form" => {
                return Err("curl makes the boundary of a multipart body when it sends: paste the raw request instead".to_owned());
            }
            other if TAKES_VALUE.contains(&other) => drop(value()?),
            other if other.starts_with('-') && other.len() > 1 => {}
            _ => spoken.url = word,
        }
    }
    finish(spoken, data, json, get)
}

fn finish(mut spoken: Spoken, data: Vec<String>, json: bool, get: bool) -> Result<Spoken, String> {
    if spoken.url.is_empty() {
        return Err("the curl command has no URL".to_owned());
    }
    let has_data = !data.is_empty();
    let joined = data.join(if json { "" } else { "&" });
    if get && has_data {
        let mark = if spoken.url.contains('?') { '&' } else { '?' };
        spoken.url = format!("{}{mark}{joined}", spoken.url);
    } else if has_data {
        spoken.body = Some(joined);
        let kind = if json { "application/json" } else { "application/x-www-form-urlencoded" };
        if !spoken.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            spoken.headers.push(("Content-Type".to_owned(), kind.to_owned()));
        }
    }
    if spoken.method.is_empty() {
        spoken.method = if spoken.body.is_some() { "POST" } else { "GET" }.to_owned();
    }
    Ok(spoken)
}

/// `-XPOST` and `--request=POST` have their value attached.
fn split_flag(word: &str) -> (&str, Option<String>) {
    if let Some((flag, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
        return (flag, Some(value.to_owned()));
    }
    let short = ["-X", "-H", "-d", "-A", "-o", "-F"];
    match word.split_at_checked(2) {
        Some((flag, value)) if short.contains(&flag) && !value.is_empty() => {
            (flag, Some(value.to_owned()))
        }
        Some(_) | None => (word, None),
    }
}

fn header(line: &str) -> Result<(String, String), String> {
    let (name, value) = line.split_once(':').ok_or(format!("the header `{line}` has no colon"))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// Data that stands in the command. What stands in a file, this program was not given.
fn plain(value: String, flag: &str) -> Result<String, String> {
    if value.starts_with('@') && flag != "--data-raw" {
        return Err(format!("the data of `{flag} {value}` is in a file: put it into the command"));
    }
    Ok(value)
}

fn encoded(value: &str) -> Result<String, String> {
    match value.split_once('=') {
        Some((name, value)) if !name.contains('@') => Ok(match name {
            "" => escape(value),
            name => format!("{name}={}", escape(value)),
        }),
        Some(_) => Err(format!("the data of `--data-urlencode {value}` is in a file")),
        None => Ok(escape(value)),
    }
}

fn escape(value: &str) -> String {
    form::encode(&[("", value)]).trim_start_matches('=').to_owned()
}

/// Splits as a POSIX shell does, with the `$'…'` that browsers write.
fn words(command: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = command.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                None | Some('\n') => {}
                Some('\r') => drop(letters.next_if_eq(&'\n')),
                Some(other) => word.get_or_insert_default().push(other),
            },
            '\'' => quoted(&mut letters, word.get_or_insert_default(), '\'', |_, _| None)?,
            '$' if letters.next_if_eq(&'\'').is_some() => {
                quoted(&mut letters, word.get_or_insert_default(), '\'', ansi)?;
            }
            '"' => quoted(&mut letters, word.get_or_insert_default(), '"', |letter, _| {
                matches!(letter, '"' | '\\' | '$' | '`').then_some(letter)
            })?,
            letter if letter.is_whitespace() => words.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Ok(words)
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Up to the closing quote; `escaped` says what a backslash and a letter mean, if anything.
fn quoted(
    letters: &mut Letters<'_>,
    word: &mut String,
    end: char,
    escaped: fn(char, &mut Letters<'_>) -> Option<char>,
) -> Result<(), String> {
    loop {
        match letters.next().ok_or(format!("a quote {end} is not closed"))? {
            letter if letter == end => return Ok(()),
            '\\' => {
                let next = letters.peek().copied();
                let mut after = letters.clone();
                after.next();
                if let Some(meant) = next.and_then(|next| escaped(next, &mut after)) {
                    *letters = after;
                    word.push(meant);
                } else {
                    word.push('\\');
                }
            }
            letter => word.push(letter),
        }
    }
}

/// `$'…'`: what bash makes of a backslash and a letter.
fn ansi(letter: char, rest: &mut Letters<'_>) -> Option<char> {
    let number = |rest: &mut Letters<'_>, n_digits: usize| {
        let digits: String =
            rest.clone().take(n_digits).take_while(char::is_ascii_hexdigit).collect();
        if !digits.is_empty() {
            rest.nth(digits.len() - 1);
        }
        u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
    };
    match letter {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'x' => number(rest, 2),
        'u' => number(rest, 4),
        '\'' | '"' | '\\' | '!' => Some(letter),
        _ => None,
    }
}

/// Options of curl with a value that the request does not show.
const TAKES_VALUE: [&str; 26] = [
    "-o",
    "--output",
    "-u",
    "--user",
    "-b",
    "--cookie",
    "-c",
    "--cookie-jar",
    "-e",
    "--referer",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--cacert",
    "--cert",
    "--key",
    "--resolve",
    "--connect-to",
    "-x",
    "--proxy",
    "--retry",
    "-w",
    "--write-out",
    "-D",
    "--dump-header",
    "--interface",
];

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_command_is_split_as_a_shell_does() {
        let rows = [
            ("curl a b", vec!["curl", "a", "b"]),
            ("curl 'a b' \"c d\"", vec!["curl", "a b", "c d"]),
            ("curl a\\\n  b \\' ''", vec!["curl", "a", "b", "'", ""]),
            ("a'b'\"c\"d", vec!["abcd"]),
            ("\"a\\\"b\\n\"", vec!["a\"b\\n"]),
            ("$'a\\nb\\'\\u4f60\\x41\\q'", vec!["a\nb'你A\\q"]),
        ];
        for (command, expected) in rows {
            assert_eq!(words(command).unwrap(), expected, "{command}");
        }
        assert_eq!(words("curl 'a").unwrap_err(), "a quote ' is not closed");
    }

    #[test]
    fn a_command_says_what_curl_would_send() {
        let form = ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned());
        let spoken =
            |method: &str, url: &str, headers: Vec<(String, String)>, body: Option<&str>| Spoken {
                method: method.to_owned(),
                url: url.to_owned(),
                headers,
                body: body.map(str::to_owned),
            };
        let rows = [
            ("curl -sk 'http://h/?a=1' -o x", spoken("GET", "http://h/?a=1", vec![], None)),
            (
                "curl -d a=1 --data-urlencode 'b=x y&' http://h/",
                spoken("POST", "http://h/", vec![form.clone()], Some("a=1&b=x%20y%26")),
            ),
            ("curl -G --data-raw @a http://h/?b", spoken("GET", "http://h/?b&@a", vec![], None)),
            (
                "curl -XPUT --url=h -H 'content-type: x' --json '{}'",
                spoken("PUT", "h", vec![("content-type".to_owned(), "x".to_owned())], Some("{}")),
            ),
        ];
        for (command, expected) in rows {
            assert_eq!(read(command).unwrap(), expected, "{command}");
        }
        for (command, why) in [
            ("curl", "the curl command has no URL"),
            ("curl -d @file h", "the data of `-d @file` is in a file: put it into the command"),
            ("curl h -H", "`-H` lacks its value"),
            ("curl h -H x", "the header `x` has no colon"),
        ] {
            assert_eq!(read(command).unwrap_err(), why);
        }
    }
}
