//! The TC3 side: `Authorization` and the headers instead of parameters.

use super::{Captured, Judgement, Verdict};
use crate::tc3::{self, Authorization, Payload, Request};
use crate::{Method, SecretKey};

impl Captured {
    pub(super) fn judge_tc3(&self, authorization: &str, body: &[u8]) -> Judgement {
        match self.check_tc3(authorization, body) {
            Ok(verified) => {
                let profile = verified.profile.label().into_owned();
                self.judged(Verdict::Pass, Some(profile), self.not_covered(&verified), None)
            }
            Err(why) => self.judged(Verdict::Fail, None, Vec::new(), Some(why)),
        }
    }

    fn check_tc3(&self, authorization: &str, body: &[u8]) -> Result<tc3::Verified, String> {
        let method = self.known_method()?;
        if method == Method::Post && !self.raw_query.is_empty() {
            return Err("a POST with a query, which TC3 does not sign".to_owned());
        }
        let authorization =
            Authorization::parse(authorization).map_err(|error| error.to_string())?;
        if self.secret_id.as_deref().is_some_and(|id| id != authorization.secret_id) {
            return Err("the Credential names another SecretId".to_owned());
        }
        let headers = self.header_pairs();
        let request = self.tc3_request(&authorization, &headers, body)?;
        let secret = SecretKey::new(self.secret_key.as_str());
        tc3::verify(&request, &secret).map_err(|mismatch| mismatch.to_string())
    }

    /// The request as TC3 reads it.
    pub(super) fn tc3_request<'a>(
        &'a self,
        authorization: &'a Authorization<'a>,
        headers: &'a [tc3::Header<'a>],
        body: &'a [u8],
    ) -> Result<Request<'a>, String> {
        Ok(Request {
            method: self.known_method()?,
            path: &self.path,
            query: &self.raw_query,
            host: &self.host,
            headers,
            body,
            timestamp: self.header("x-tc-timestamp").ok_or("there is no X-TC-Timestamp")?,
            authorization,
        })
    }

    /// The headers that decide something, were sent, and are not signed; and the body, if it is not.
    fn not_covered(&self, verified: &tc3::Verified) -> Vec<String> {
        let covered = verified.covered;
        let deciding = [
            ("x-tc-action", covered.action()),
            ("x-tc-version", covered.version()),
            ("x-tc-region", covered.region()),
            ("x-tc-token", covered.token()),
        ];
        let headers = deciding
            .into_iter()
            .filter(|(name, covered)| !covered && self.header(name).is_some())
            .map(|(name, _)| name);
        let body = match verified.payload {
            Payload::Signed => None,
            Payload::Unsigned => Some("body"),
        };
        headers.chain(body).map(str::to_owned).collect()
    }
}
