//! What holds of each parser whatever bytes it is given. The fuzz targets and the suite's corpus test share them.

use faregate_contract::{ModuleError, Response};
use faregate_signing::{Algorithm, Method, Pair, SecretKey, Tag, form, sign, v2};

/// What was decoded, encodes to what decodes alike.
pub(crate) fn form(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(pairs) = form::decode(text) {
        assert_eq!(form::decode(&form::encode(&pairs)), Ok(pairs), "{text:?}");
    }
}

/// What we sign verifies, by the canonical profile and wholly covered; no other secret verifies it.
pub(crate) fn v2(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(mut pairs) = form::decode(text) else { return };
    // The signer does not read the request: which algorithm, it is told here.
    pairs.retain(|(name, _)| name != "SignatureMethod" && name != "Signature");
    let (host, path) = ("cvm.api.qcloud.com", "/v2/index.php");
    let (secret, other) =
        (SecretKey::new("Gu5t9xGARNpq86cd98joQYCN3Cozk1qA"), SecretKey::new("another"));
    for (method, algorithm) in
        [(Method::Get, Algorithm::HmacSha256), (Method::Post, Algorithm::HmacSha1)]
    {
        let mut signed = pairs.clone();
        let signature = sign::v2(method, host, path, &mut signed, &secret, algorithm);
        let Ok(tag) = Tag::decode(&signature) else { panic!("our own tag: {signature}") };
        let sent: Vec<Pair<'_>> = signed
            .iter()
            .filter(|(name, _)| name != "Signature")
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let request = v2::Request { method, host, path, pairs: &sent, algorithm, tag: &tag };
        let Ok(verified) = v2::verify(&request, &secret) else { panic!("not verified: {text:?}") };
        assert!(verified.uncovered.is_empty(), "uncovered: {text:?}");
        assert!(v2::verify(&request, &other).is_err(), "verified with another secret: {text:?}");
        let _ = (v2::twins(&sent), v2::ambiguous(&sent, |_| true));
    }
}

/// What is a module error, is written as what reads alike.
pub(crate) fn module_code(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(own) = text.parse::<ModuleError>() {
        assert_eq!(own.to_string().parse::<ModuleError>(), Ok(own), "{text:?}");
    }
}

/// No answer, however wrong, breaks its reader.
pub(crate) fn envelope(bytes: &[u8]) {
    let _ = Response::parse(bytes);
}
