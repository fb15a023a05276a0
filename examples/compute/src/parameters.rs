//! Reads what a caller sent: query pairs, a JSON body, and the headers of the gateway.

use std::str::FromStr;

use hyper::HeaderMap;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::answer::Refusal;
use crate::route::{Action, Route};

/// Who calls, and how this call is told from others.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) route: &'static Route,
    pub(crate) account: String,
    pub(crate) request_id: String,
    pub(crate) idempotency_key: Option<String>,
}

impl Caller {
    pub(crate) fn read(route: &'static Route, headers: &HeaderMap) -> Result<Self, Refusal> {
        let account = match header(headers, "faregate-account")? {
            Some(account) => account,
            // Anybody may ask for a price: it is nobody's in particular.
            None if route.action == Action::InquiryInstancePrice => String::new(),
            None => {
                let missing = "the header Faregate-Account is missing".to_owned();
                return Err(Refusal::Malformed(missing));
            }
        };
        Ok(Self {
            route,
            account,
            request_id: header(headers, "faregate-request-id")?.unwrap_or_default(),
            idempotency_key: header(headers, "idempotency-key")?,
        })
    }
}

fn header(headers: &HeaderMap, name: &str) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value
        .to_str()
        .map_err(|_| Refusal::Malformed(format!("the header {name} is not ASCII")))?;
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

/// A JSON body of declared members only.
pub(crate) fn body<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| Refusal::Malformed(format!("body: {error}")))
}

/// The pairs of a query; each is taken once, and what nobody took is refused.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, Refusal> {
        let parts = query.unwrap_or_default().split('&').filter(|part| !part.is_empty());
        let pairs = parts.map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decoded(name)?, decoded(value)?))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// All values of a name: OpenAPI's style `form` with `explode`.
    pub(crate) fn take_many(&mut self, name: &str) -> Vec<String> {
        self.0.extract_if(.., |(theirs, _)| theirs == name).map(|(_, value)| value).collect()
    }

    pub(crate) fn take<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, Refusal> {
        let values = self.take_many(name);
        match values.as_slice() {
            [] => Ok(None),
            [value] => value
                .parse()
                .map(Some)
                .map_err(|_| Refusal::Malformed(format!("`{name}` cannot be `{value}`"))),
            [_, _, ..] => Err(Refusal::Malformed(format!("`{name}` is there more than once"))),
        }
    }

    /// A whole number between two bounds, both included.
    pub(crate) fn take_number(
        &mut self,
        name: &str,
        bounds: (i64, i64),
    ) -> Result<Option<i64>, Refusal> {
        let number = self.take(name)?;
        number.map(|number| within(name, number, bounds)).transpose()
    }

    pub(crate) fn finish(self) -> Result<(), Refusal> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Refusal::Malformed(format!("`{name}` is not a parameter"))),
        }
    }
}

fn decoded(text: &str) -> Result<String, Refusal> {
    let text = percent_decode_str(text).decode_utf8();
    Ok(text.map_err(|_| Refusal::Malformed("the query is not UTF-8".to_owned()))?.into_owned())
}

/// The number itself, if it is between the bounds, both included.
pub(crate) fn within(name: &str, number: i64, bounds: (i64, i64)) -> Result<i64, Refusal> {
    let (min, max) = bounds;
    if (min..=max).contains(&number) {
        return Ok(number);
    }
    Err(Refusal::Malformed(format!("`{name}` must be between {min} and {max}, not {number}")))
}
