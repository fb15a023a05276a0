//! The ways in which TC3 clients write the canonical request (PROTOCOL 3): values, host, query.

use std::borrow::Cow;
use std::fmt;
use std::iter;

use super::Request;
use crate::v2::without_port;

/// How the values of signed headers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Values {
    /// In lower case: the documented rule, which only shows where a value has upper case letters.
    LowerCased,
    /// As sent: what the SDKs sign; a multipart boundary in mixed case needs it.
    AsSent,
}

/// Which `Host` is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostForm {
    /// As received, with its port.
    WithPort,
    /// Without its port: Node signs it so, though it sends the port.
    WithoutPort,
}

/// Which query is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueryForm {
    /// Exactly as sent: the rule.
    AsSent,
    /// Its parts in order, though they were sent out of it: qcloud-requests-auth.
    Sorted,
}

/// One way to write the canonical request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// How header values are written.
    pub values: Values,
    /// Which host is signed.
    pub host: HostForm,
    /// Which query is signed.
    pub query: QueryForm,
}

impl Profile {
    /// The documented rule.
    pub const CANONICAL: Self =
        Self { values: Values::LowerCased, host: HostForm::WithPort, query: QueryForm::AsSent };

    /// What this product's own client signs, and what the SDKs do.
    pub const AS_SENT: Self = Self { values: Values::AsSent, ..Self::CANONICAL };

    /// A stable name for metrics and for machines: the words of the reference verifier.
    #[must_use]
    pub fn label(self) -> Cow<'static, str> {
        let values = match self.values {
            Values::LowerCased => "values-lowercased",
            Values::AsSent => "values-as-sent",
        };
        let extras = [
            match self.host {
                HostForm::WithPort => "",
                HostForm::WithoutPort => " host-without-port",
            },
            match self.query {
                QueryForm::AsSent => "",
                QueryForm::Sorted => " query-sorted",
            },
        ];
        if extras == ["", ""] {
            Cow::Borrowed(values)
        } else {
            Cow::Owned(iter::once(values).chain(extras).collect())
        }
    }
}

/// For people: `values in lower case, host without port`.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.values {
            Values::LowerCased => "values in lower case",
            Values::AsSent => "values as sent",
        })?;
        f.write_str(match self.host {
            HostForm::WithPort => "",
            HostForm::WithoutPort => ", host without port",
        })?;
        f.write_str(match self.query {
            QueryForm::AsSent => "",
            QueryForm::Sorted => ", query sorted",
        })
    }
}

/// The profiles that give different texts for this request, in the order tried; the canonical one is the first, and the
/// request is looked through only when it is not enough.
pub(crate) fn candidates<'a>(request: &'a Request<'a>) -> impl Iterator<Item = Profile> + 'a {
    let others = iter::once_with(move || Shape::of(request)).flat_map(|shape| {
        let hosts = [HostForm::WithPort, HostForm::WithoutPort];
        let hosts = hosts.into_iter().filter(move |host| shape.port || *host == HostForm::WithPort);
        hosts.flat_map(move |host| {
            let values = [Values::LowerCased, Values::AsSent];
            let values =
                values.into_iter().filter(move |value| shape.upper || *value == Values::LowerCased);
            values.flat_map(move |values| {
                let queries = [QueryForm::AsSent, QueryForm::Sorted];
                let queries = queries
                    .into_iter()
                    .filter(move |query| shape.unsorted || *query == QueryForm::AsSent);
                queries.map(move |query| Profile { values, host, query })
            })
        })
    });
    iter::once(Profile::CANONICAL).chain(others.filter(|profile| *profile != Profile::CANONICAL))
}

/// What a request must have for profiles to differ.
#[derive(Clone, Copy)]
struct Shape {
    upper: bool,
    port: bool,
    unsorted: bool,
}

impl Shape {
    fn of(request: &Request<'_>) -> Self {
        let mut names = request.authorization.names();
        Self {
            upper: names.any(|name| {
                request.value(name).is_ok_and(|value| value.bytes().any(|b| b.is_ascii_uppercase()))
            }),
            port: without_port(request.host).len() < request.host.len(),
            unsorted: !request.query.split('&').is_sorted(),
        }
    }
}
