//! `Prepared`: a signed call, ready to be sent, shown or pasted.

use faregate_signing::{Algorithm, Method, form, sign, v2};

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
        sign::v2(method, &host, PATH, &mut pairs, &credentials.secret_key, algorithm);
        let signed: Vec<(&str, &str)> = pairs
            .iter()
            .filter(|(name, _)| name != "Signature")
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let string_to_sign =
            v2::string_to_sign(method, &host, PATH, &signed, v2::Profile::CANONICAL);
        Ok(Self { method, host, pairs, string_to_sign, headers: Vec::new() })
    }

    /// The parameters as a query string or a form body.
    #[must_use]
    pub fn encoded(&self) -> String {
        form::encode(&self.pairs)
    }

    /// The whole address; the parameters of a GET stand in it.
    #[must_use]
    pub fn url(&self) -> String {
        let address = format!("https://{}{PATH}", self.host);
        match self.method {
            Method::Get => format!("{address}?{}", self.encoded()),
            Method::Post => address,
        }
    }
}
