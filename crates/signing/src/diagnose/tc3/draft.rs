//! A canonical request and a string to sign in their parts, so that one part can be written otherwise.

use crate::tc3::{Authorization, HostForm, Profile, QueryForm, Values, hash};
use crate::v2::without_port;

use super::Tc3;

/// A canonical request that is not joined yet.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    /// Names and values of the canonical headers.
    pub(super) lines: Vec<(String, String)>,
    /// What stands between name and value.
    pub(super) colon: &'static str,
    /// What ends a header line.
    pub(super) feed: &'static str,
    /// What stands between the headers and the list of their names.
    pub(super) blank: &'static str,
    pub(super) signed: String,
    pub(super) payload: String,
    /// What stands after the payload's hash.
    pub(super) end: &'static str,
}

impl Draft {
    /// As a client of this profile has it; headers that did not arrive are left out.
    pub(super) fn of(
        request: &Tc3<'_>,
        authorization: &Authorization<'_>,
        profile: Profile,
    ) -> Self {
        let mut query = request.query.to_owned();
        if profile.query == QueryForm::Sorted {
            let mut parts: Vec<&str> = query.split('&').collect();
            parts.sort_unstable();
            query = parts.join("&");
        }
        let lines = authorization.names().filter_map(|name| {
            let value = match (name, profile.host) {
                ("host", HostForm::WithPort) => request.host,
                ("host", HostForm::WithoutPort) => without_port(request.host),
                (_, _) => request.header(name)?,
            };
            let value = match profile.values {
                Values::LowerCased => value.to_ascii_lowercase(),
                Values::AsSent => value.to_owned(),
            };
            Some((name.to_owned(), value))
        });
        Self {
            method: request.method.as_str().to_owned(),
            path: request.path.to_owned(),
            query,
            lines: lines.collect(),
            colon: ":",
            feed: "\n",
            blank: "\n",
            signed: authorization.signed_headers.to_owned(),
            payload: request.payload_hash(),
            end: "",
        }
    }

    pub(super) fn text(&self) -> String {
        let Self { method, path, query, colon, feed, blank, signed, payload, end, .. } = self;
        let lines: String =
            self.lines.iter().map(|(name, value)| format!("{name}{colon}{value}{feed}")).collect();
        format!("{method}\n{path}\n{query}\n{lines}{blank}{signed}\n{payload}{end}")
    }

    /// With another value of one header.
    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        for (line, old) in &mut other.lines {
            if line == name {
                value.clone_into(old);
            }
        }
        other
    }

    pub(super) fn value(&self, name: &str) -> &str {
        let found = self.lines.iter().find(|(line, _)| line == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// The lines of a string to sign.
#[derive(Clone)]
pub(super) struct Lines {
    pub(super) algorithm: String,
    pub(super) stamp: String,
    pub(super) scope: String,
    pub(super) canonical: String,
}

impl Lines {
    pub(super) fn of(
        request: &Tc3<'_>,
        authorization: &Authorization<'_>,
        canonical: &str,
    ) -> Self {
        Self {
            algorithm: crate::tc3::SCHEME.to_owned(),
            stamp: request.timestamp.to_owned(),
            scope: scope(authorization.date, authorization.service),
            canonical: hash(canonical.as_bytes()),
        }
    }

    pub(super) fn text(&self) -> String {
        let Self { algorithm, stamp, scope, canonical } = self;
        [algorithm.as_str(), stamp, scope, canonical].join("\n")
    }
}

pub(super) fn scope(date: &str, service: &str) -> String {
    format!("{date}/{service}/tc3_request")
}
