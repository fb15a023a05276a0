//! Judges the tags of captured requests offline, one JSON line a request: `faregate sign --check`.
//!
//! The line says method, host, path, query, headers, body and the secret key that the client used. What cannot have been
//! signed (a malformed form, a name given twice, no tag at all) fails; only what this crate cannot read is an error.
//! Never: looks at stamps or nonces, which were good in their day.

mod explain;
#[cfg(test)]
mod spec;
mod tc3;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::multipart;
use crate::tc3::SCHEME;
use crate::{Algorithm, Method, Pair, SecretKey, Tag, form, v2};

/// The judgement of one captured request; as JSON, one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// The line's own name.
    pub id: String,
    /// Whether the tag is good.
    pub verdict: Verdict,
    /// [`v2::Profile::label`] of the profile that matched, or [`tc3::Profile::label`](crate::tc3::Profile::label).
    pub profile: Option<String>,
    /// What the tag does not cover: names of parameters and file parts in the order received; of TC3, headers that decide
    /// something, and `body`.
    pub uncovered: Vec<String>,
    /// Why it failed, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a tag is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Made with the line's key over this request.
    Pass,
    /// Not so.
    Fail,
    /// The client asked for an unsigned call (`Authorization: SKIP`).
    Unsigned,
}

/// Why a line cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// Not a captured request.
    #[error("the line is not a captured request: {0}")]
    Line(#[from] serde_json::Error),
    /// A dialect that is not checked.
    #[error("`{id}`: {dialect} is not a scheme that can be checked; v2 and TC3-HMAC-SHA256 are")]
    Dialect {
        /// The line's own name.
        id: String,
        /// What the request speaks.
        dialect: String,
    },
    /// `raw_body` is not what `body_base64` says.
    #[error("`{id}`: raw_body is not base64, though body_base64 says so")]
    Body {
        /// The line's own name.
        id: String,
    },
}

/// A request as it went over the wire, with the key that signed it.
#[derive(Clone, Deserialize)]
pub struct Captured {
    /// The line's own name.
    pub id: String,
    /// The HTTP method.
    pub method: String,
    /// The `Host`.
    pub host: String,
    /// The path, without the query.
    pub path: String,
    /// The query as sent, without its `?`.
    #[serde(default)]
    pub raw_query: String,
    /// The headers, names in any case.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body, as text or in base64.
    #[serde(default)]
    pub raw_body: String,
    /// Whether `raw_body` is base64.
    #[serde(default)]
    pub body_base64: bool,
    /// Whose key it is; what the request itself says must be the same.
    #[serde(default)]
    pub secret_id: Option<String>,
    /// The secret that is to be the one that signed.
    pub secret_key: String,
}

/// Without the secret.
impl std::fmt::Debug for Captured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, method, host, path, .. } = self;
        f.debug_struct("Captured")
            .field("id", id)
            .field("method", method)
            .field("host", host)
            .field("path", path)
            .finish_non_exhaustive()
    }
}

/// Judges one line.
///
/// # Errors
/// [`CaptureError`] where there is nothing to judge: the line is no captured request, or speaks another dialect.
pub fn judge(line: &str) -> Result<Judgement, CaptureError> {
    serde_json::from_str::<Captured>(line)?.judge()
}

/// By what a request is signed.
enum Scheme<'a> {
    /// By the parameter `Signature`.
    V2,
    /// By this `Authorization`.
    Tc3(&'a str),
    /// Not at all.
    Skip,
}

impl Captured {
    /// Judges the request.
    ///
    /// # Errors
    /// [`CaptureError`] where there is nothing to judge.
    pub fn judge(&self) -> Result<Judgement, CaptureError> {
        let body = self.body()?;
        Ok(match self.scheme()? {
            Scheme::Skip => self.judged(Verdict::Unsigned, None, Vec::new(), None),
            Scheme::Tc3(authorization) => self.judge_tc3(authorization, &body),
            Scheme::V2 => match self.check(&body) {
                Ok((verified, uncovered)) => {
                    let profile = verified.profile.label().into_owned();
                    self.judged(Verdict::Pass, Some(profile), uncovered, None)
                }
                Err(why) => self.judged(Verdict::Fail, None, Vec::new(), Some(why)),
            },
        })
    }

    fn scheme(&self) -> Result<Scheme<'_>, CaptureError> {
        match self.header("authorization") {
            None => Ok(Scheme::V2),
            Some("SKIP") => Ok(Scheme::Skip),
            Some(authorization) if authorization.trim_start().starts_with(SCHEME) => {
                Ok(Scheme::Tc3(authorization))
            }
            Some(authorization) => {
                let scheme = authorization.split(' ').next().unwrap_or_default();
                let dialect = scheme.chars().take(40).collect();
                Err(CaptureError::Dialect { id: self.id.clone(), dialect })
            }
        }
    }

    fn body(&self) -> Result<Vec<u8>, CaptureError> {
        if self.body_base64 {
            let decoded = STANDARD.decode(&self.raw_body);
            decoded.map_err(|_| CaptureError::Body { id: self.id.clone() })
        } else {
            Ok(self.raw_body.clone().into_bytes())
        }
    }
}

impl Captured {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn known_method(&self) -> Result<Method, String> {
        Method::of(&self.method).ok_or_else(|| format!("`{}` is neither GET nor POST", self.method))
    }

    fn header_pairs(&self) -> Vec<(&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    fn judged(
        &self,
        verdict: Verdict,
        profile: Option<String>,
        uncovered: Vec<String>,
        note: Option<String>,
    ) -> Judgement {
        Judgement { id: self.id.clone(), verdict, profile, uncovered, note }
    }

    /// The profile that matched and the names that it left out, or why there is none.
    fn check(&self, body: &[u8]) -> Result<(v2::Verified, Vec<String>), String> {
        let method = self.known_method()?;
        let (mut pairs, files) = self.parameters(method, body)?;
        if let Some(at) = pairs.iter().position(|(name, _)| name == "Signature") {
            let (_, signature) = pairs.remove(at);
            let tag = Tag::decode(&signature).map_err(|error| error.to_string())?;
            self.check_tag(method, &pairs, files, &tag)
        } else {
            Err("there is no Signature".to_owned())
        }
    }

    fn check_tag(
        &self,
        method: Method,
        pairs: &[(String, String)],
        files: Vec<String>,
        tag: &Tag,
    ) -> Result<(v2::Verified, Vec<String>), String> {
        let pairs: Vec<Pair<'_>> =
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let names = pairs.iter().map(|&(name, _)| (name, "")).chain([("Signature", "")]);
        if let Some((ours, theirs)) = v2::twins(&names.collect::<Vec<_>>()) {
            return Err(format!("`{ours}` and `{theirs}` cannot be told apart"));
        }
        let chosen = pairs.iter().find(|(name, _)| *name == "SignatureMethod");
        let request = v2::Request {
            method,
            host: &self.host,
            path: &self.path,
            pairs: &pairs,
            algorithm: Algorithm::of(chosen.map(|&(_, value)| value)),
            tag,
        };
        let secret = SecretKey::new(self.secret_key.as_str());
        let verified = v2::verify(&request, &secret).map_err(|mismatch| mismatch.to_string())?;
        let left_out = verified.uncovered.iter().filter_map(|&idx| pairs.get(idx));
        let left_out: Vec<String> = left_out.map(|&(name, _)| name.to_owned()).collect();
        // An `@` value left out is a convention of uploads; any other value left out is a fault of the client (PROTOCOL
        // 1.5: PHP's `false`), which nobody may pass on.
        match (verified.profile.empties, left_out.first()) {
            (v2::Empties::LeftOut | v2::Empties::ZeroToo, Some(name)) => {
                Err(format!("the signature does not cover `{name}` ({})", verified.profile))
            }
            (_, _) => Ok((verified, left_out.into_iter().chain(files).collect())),
        }
    }

    /// "GET: query only, POST: body only" (PROTOCOL 1.1); a missing content type is a form. File parts apart.
    fn parameters(&self, method: Method, body: &[u8]) -> Result<Parameters, String> {
        let content_type = self.header("content-type").unwrap_or_default();
        let multipart = content_type.to_ascii_lowercase().starts_with("multipart/");
        if method == Method::Post && multipart {
            let mut pairs = Vec::new();
            let mut files = Vec::new();
            for part in multipart::parts(body, content_type)? {
                if part.file {
                    files.push(part.name.to_owned());
                } else {
                    let value = str::from_utf8(part.value)
                        .map_err(|_| format!("`{}` is not UTF-8", part.name))?;
                    pairs.push((part.name.to_owned(), value.to_owned()));
                }
            }
            return Ok((pairs, files));
        }
        let raw = match method {
            Method::Get => self.raw_query.as_str(),
            Method::Post => str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?,
        };
        let pairs = form::decode(raw).map_err(|error| error.to_string())?;
        Ok((pairs, Vec::new()))
    }
}

type Parameters = (Vec<(String, String)>, Vec<String>);
