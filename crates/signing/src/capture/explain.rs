//! What a captured request should have signed, and which mistake it made.

use super::{CaptureError, Captured, Scheme};
use crate::diagnose::{Diagnosis, Evidence, Tc3, V2, diagnose};
use crate::tc3::{self, Authorization};
use crate::{Method, Pair, SecretKey, v2};

impl Captured {
    /// The string that this request signs by the documented rule; it holds no secret.
    ///
    /// # Errors
    /// Says, for people, why there is none.
    pub fn string_to_sign(&self) -> Result<String, String> {
        let body = self.body().map_err(|error| error.to_string())?;
        match self.scheme().map_err(|error| error.to_string())? {
            Scheme::Skip => Err("the request asks not to be signed".to_owned()),
            Scheme::V2 => {
                let (method, pairs) = self.signed_pairs(&body)?;
                Ok(v2::string_to_sign(
                    method,
                    &self.host,
                    &self.path,
                    &pairs,
                    v2::Profile::CANONICAL,
                ))
            }
            Scheme::Tc3(header) => self.with_tc3(header, &body, |request| {
                tc3::string_to_sign(request, tc3::Profile::CANONICAL)
            }),
        }
    }

    /// The SecretId that the request itself names.
    #[must_use]
    pub fn sent_secret_id(&self) -> Option<String> {
        match self.scheme().ok()? {
            Scheme::Skip => None,
            Scheme::Tc3(header) => {
                let (_, credential) = header.split_once("Credential=")?;
                credential.split('/').next().map(str::to_owned)
            }
            Scheme::V2 => {
                let (_, pairs) = self.signed_pairs(&self.body().ok()?).ok()?;
                pairs.into_iter().find(|(name, _)| name == "SecretId").map(|(_, id)| id)
            }
        }
    }

    /// The canonical request behind the string to sign of TC3; none for other dialects.
    #[must_use]
    pub fn canonical_request(&self) -> Option<String> {
        let body = self.body().ok()?;
        match self.scheme().ok()? {
            Scheme::Skip | Scheme::V2 => None,
            Scheme::Tc3(header) => {
                let canonical = |request: &tc3::Request<'_>| {
                    tc3::canonical_request(request, tc3::Profile::CANONICAL)
                };
                self.with_tc3(header, &body, canonical).ok()
            }
        }
    }

    fn with_tc3(
        &self,
        header: &str,
        body: &[u8],
        with: impl FnOnce(&tc3::Request<'_>) -> Result<String, tc3::Mismatch>,
    ) -> Result<String, String> {
        let authorization = Authorization::parse(header).map_err(|error| error.to_string())?;
        let headers = self.header_pairs();
        let request = self.tc3_request(&authorization, &headers, body)?;
        with(&request).map_err(|mismatch| mismatch.to_string())
    }

    /// Which mistake was made, if the signature is not good. `others` are secrets of the same account.
    ///
    /// # Errors
    /// [`CaptureError`] where there is nothing to judge.
    pub fn diagnose(&self, others: &[&SecretKey]) -> Result<Option<Diagnosis>, CaptureError> {
        let body = self.body()?;
        let secret = SecretKey::new(self.secret_key.as_str());
        let Ok(method) = self.known_method() else { return Ok(None) };
        Ok(match self.scheme()? {
            Scheme::Skip => None,
            Scheme::Tc3(authorization) => {
                let headers = self.header_pairs();
                let evidence = Tc3 {
                    method,
                    path: &self.path,
                    query: &self.raw_query,
                    host: &self.host,
                    headers: &headers,
                    body: &body,
                    timestamp: self.header("x-tc-timestamp").unwrap_or_default(),
                    authorization,
                    hosts: &[],
                };
                diagnose(&Evidence::Tc3(evidence), &secret, others)
            }
            Scheme::V2 => {
                let Ok((pairs, _)) = self.parameters(method, &body) else { return Ok(None) };
                let signature = pairs.iter().find(|(name, _)| name == "Signature");
                let Some((_, signature)) = signature else { return Ok(None) };
                let signed = pairs.iter().filter(|(name, _)| name != "Signature");
                let signed: Vec<Pair<'_>> =
                    signed.map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let mut evidence = V2::new(method, &self.host, &self.path, &signed, signature);
                evidence.raw = match method {
                    Method::Get => Some(self.raw_query.as_str()),
                    Method::Post => str::from_utf8(&body).ok(),
                };
                diagnose(&Evidence::V2(evidence), &secret, others)
            }
        })
    }

    fn signed_pairs(&self, body: &[u8]) -> Result<(Method, Vec<(String, String)>), String> {
        let method = self.known_method()?;
        let (mut pairs, _) = self.parameters(method, body)?;
        pairs.retain(|(name, _)| name != "Signature");
        Ok((method, pairs))
    }
}
