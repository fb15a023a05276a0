//! What holds of each parser whatever bytes it is given. The fuzz targets and the suite's corpus test share them.

use std::sync::Arc;

use faregate_catalog::{Catalog, Parameters, Settings, Source};
use faregate_contract::{ModuleError, Response};
use faregate_ledger::{Currency, Money};
use faregate_pipeline::parameters::Pairs;
use faregate_signing::{Algorithm, Method, Pair, SecretKey, Tag, form, sign, tc3, v2};

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

/// What the gateway reads of a query or a body, it reads again from its own spelling, each name once.
pub(crate) fn pairs(bytes: &[u8]) {
    let Ok(read) = Pairs::parse(bytes, 512) else { return };
    let owned: Vec<_> = read.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    for (name, value) in &owned {
        assert_eq!(read.get(name), Some(value.as_str()), "`{name}` is there twice");
    }
    let again = Pairs::parse(form::encode(&owned).as_bytes(), 512);
    let Ok(again) = again else { panic!("its own spelling is refused: {owned:?}") };
    assert!(again.iter().eq(read.iter()), "{owned:?}");
}

/// A header that is read is written as what reads alike, and names no byte that was not there.
pub(crate) fn tc3(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(read) = tc3::Authorization::parse(text) else { return };
    let written = read.to_string();
    assert_eq!(tc3::Authorization::parse(&written), Ok(read), "{text:?}");
}

/// No captured line, however wrong, breaks its judge.
pub(crate) fn capture(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = faregate_signing::capture::judge(text);
}

/// Money that is read is written as what reads alike.
pub(crate) fn money(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(money) = Money::parse(text, Currency::CNY) {
        assert_eq!(Money::parse(&money.to_string(), Currency::CNY), Ok(money), "{text:?}");
    }
}

/// A document is a catalog, or every problem in it can be shown; what it offers describes itself.
pub(crate) fn document(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let name = if text.trim_start().starts_with('{') { "module.json" } else { "module.yaml" };
    let sources = [Source { name, text, upstream: None }];
    let loaded = Catalog::load(&sources, &Settings { base_domain: "api.example.com" });
    for diagnostic in &loaded.diagnostics {
        assert!(!diagnostic.render(&sources, false).is_empty());
    }
    let Some(catalog) = loaded.catalog else {
        assert!(!loaded.diagnostics.is_empty(), "refused without a word: {text:?}");
        return;
    };
    for operation in catalog.modules().iter().flat_map(|module| module.operations()) {
        // With no parameter at all: what is required is named, and nothing breaks.
        if let Ok(arguments) = operation.parameters.read(std::iter::empty()) {
            let _ = operation.request(&arguments);
        }
    }
}

/// What a form's texts are read to by compute's document, flattens to what is read alike.
pub(crate) fn arguments(bytes: &[u8]) {
    thread_local! {
        static COMPUTE: Arc<Catalog> = {
            let text = include_str!("../../examples/compute/openapi.yaml");
            let sources = [Source { name: "openapi.yaml", text, upstream: None }];
            let loaded = Catalog::load(&sources, &Settings { base_domain: "api.example.com" });
            Arc::new(loaded.catalog.unwrap_or_else(|| panic!("compute's document is good")))
        };
    }
    let Ok(pairs) = Pairs::parse(bytes, 512) else { return };
    let catalog = COMPUTE.with(Arc::clone);
    for operation in catalog.modules().iter().flat_map(|module| module.operations()) {
        match operation.parameters.read(pairs.iter()) {
            Err(faults) => assert!(!faults.is_empty(), "{pairs:?}"),
            Ok(arguments) => {
                let flat = Parameters::flatten(&arguments);
                let again = flat.iter().map(|(name, text)| (name.as_str(), text.as_str()));
                assert_eq!(operation.parameters.read(again).as_ref(), Ok(&arguments), "{pairs:?}");
                let _ = operation.request(&arguments);
            }
        }
    }
}
