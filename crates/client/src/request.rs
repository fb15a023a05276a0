//! `Prepared`: a signed call, ready to be sent, shown or pasted.

use faregate_signing::{Algorithm, Method, form, sign, tc3, v2};

use crate::{CallError, Credentials};

/// The path of v2 (PROTOCOL 1.1).
pub const PATH: &str = "/v2/index.php";

/// What this client calls itself in `RequestClient`.
const REQUEST_CLIENT: &str = concat!("FAREGATE_RUST_", env!("CARGO_PKG_VERSION"));

/// A signed call.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// GET or POST.
    pub method: Method,
    /// The module's domain: Host, SNI, and part of what is signed.
    pub host: String,
    /// All parameters in the order sent, the Signature last.
    pub pairs: Vec<(String, String)>,
    /// What was signed.
    pub string_to_sign: String,
    /// More request headers; no signature of v2 covers any.
    pub headers: Vec<(String, String)>,
    /// `/v2/index.php`, or `/` of API 3.0.
    pub path: &'static str,
    /// The body of a call whose signature is in its headers: JSON.
    pub json: Option<String>,
}

/// The path of API 3.0 (PROTOCOL 3).
const ROOT: &str = "/";

/// What a call of API 3.0 names beside its action: its headers sign none of it.
#[derive(Clone, Copy, Debug)]
pub struct Api3<'a> {
    /// The module: the signature is for it alone.
    pub service: &'a str,
    /// Of the API.
    pub version: &'a str,
    /// Where, if that is said.
    pub region: Option<&'a str>,
}

impl Prepared {
    /// Signs a call with a Timestamp in seconds and a Nonce.
    ///
    /// Names of `params` win over the client's own: a test may choose its Nonce, its Timestamp or its `SignatureMethod`.
    ///
    /// # Errors
    /// A parameter stands twice.
    pub fn sign(
        method: Method,
        host: String,
        action: &str,
        params: &[(String, String)],
        credentials: &Credentials,
        stamp: (i64, u64),
    ) -> Result<Self, CallError> {
        Self::sign_at(PATH, (method, host), action, params, credentials, stamp)
    }

    /// The same for `/`: the signature of version 1 of API 3.0, for which `params` name the `Version`.
    ///
    /// # Errors
    /// A parameter stands twice.
    pub fn sign_v1(
        method: Method,
        host: String,
        action: &str,
        params: &[(String, String)],
        credentials: &Credentials,
        stamp: (i64, u64),
    ) -> Result<Self, CallError> {
        Self::sign_at(ROOT, (method, host), action, params, credentials, stamp)
    }

    /// Signs a POST of JSON by TC3-HMAC-SHA256, with a Timestamp in seconds.
    ///
    /// # Errors
    /// The Timestamp is no time that has a date.
    pub fn sign_tc3(
        host: String,
        action: &str,
        json: String,
        api3: Api3<'_>,
        credentials: &Credentials,
        timestamp: i64,
    ) -> Result<Self, CallError> {
        let stamp = timestamp.to_string();
        let fault = || CallError::Request(format!("`{stamp}` is no Timestamp"));
        let mut headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("X-TC-Action", action.to_owned()),
            ("X-TC-Version", api3.version.to_owned()),
            ("X-TC-Timestamp", stamp.clone()),
        ];
        headers.extend(api3.region.map(|region| ("X-TC-Region", region.to_owned())));
        headers.extend(credentials.token.clone().map(|token| ("X-TC-Token", token)));
        let signed: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let date = tc3::utc_date(&stamp).ok_or_else(fault)?;
        // As the stock SDKs sign (PROTOCOL 3).
        let covered = "content-type;host";
        let id = credentials.secret_id.as_str();
        let draft = tc3::Authorization::draft(id, &date, api3.service, covered);
        let request = tc3::Request {
            method: Method::Post,
            path: ROOT,
            query: "",
            host: &host,
            headers: &signed,
            body: json.as_bytes(),
            timestamp: &stamp,
            authorization: &draft,
        };
        let authorization = sign::tc3(&request, &credentials.secret_key).map_err(|_| fault())?;
        let string_to_sign =
            tc3::string_to_sign(&request, tc3::Profile::CANONICAL).map_err(|_| fault())?;
        headers.push(("Authorization", authorization));
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let (method, json, path) = (Method::Post, Some(json), ROOT);
        Ok(Self { method, host, pairs: Vec::new(), string_to_sign, headers, path, json })
    }

    fn sign_at(
        path: &'static str,
        (method, host): (Method, String),
        action: &str,
        params: &[(String, String)],
        credentials: &Credentials,
        (timestamp, nonce): (i64, u64),
    ) -> Result<Self, CallError> {
        let mut pairs: Vec<(String, String)> = Vec::with_capacity(params.len() + 8);
        pairs.push(("Action".to_owned(), action.to_owned()));
        for (name, value) in params {
            if pairs.iter().any(|(known, _)| known == name) {
                return Err(CallError::Request(format!("the parameter `{name}` stands twice")));
            }
            pairs.push((name.clone(), value.clone()));
        }
        let own = [
            ("Timestamp", timestamp.to_string()),
            ("Nonce", nonce.to_string()),
            ("SecretId", credentials.secret_id.as_str().to_owned()),
            ("RequestClient", REQUEST_CLIENT.to_owned()),
            ("SignatureMethod", Algorithm::HmacSha256.name().to_owned()),
        ];
        let token = credentials.token.iter().map(|token| ("Token", token.clone()));
        for (name, value) in own.into_iter().chain(token) {
            if !pairs.iter().any(|(known, _)| known == name) {
                pairs.push((name.to_owned(), value));
            }
        }
        let chosen = pairs.iter().find(|(name, _)| name == "SignatureMethod");
        let algorithm = Algorithm::of(chosen.map(|(_, value)| value.as_str()));
        sign::v2(method, &host, path, &mut pairs, &credentials.secret_key, algorithm);
        let signed: Vec<(&str, &str)> = pairs
            .iter()
            .filter(|(name, _)| name != "Signature")
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let string_to_sign =
            v2::string_to_sign(method, &host, path, &signed, v2::Profile::CANONICAL);
        Ok(Self { method, host, pairs, string_to_sign, headers: Vec::new(), path, json: None })
    }

    /// The parameters as a query string or a form body.
    #[must_use]
    pub fn encoded(&self) -> String {
        form::encode(&self.pairs)
    }

    /// The whole address; the parameters of a GET stand in it.
    #[must_use]
    pub fn url(&self) -> String {
        let address = format!("https://{}{}", self.host, self.path);
        match self.method {
            Method::Get => format!("{address}?{}", self.encoded()),
            Method::Post => address,
        }
    }
}
