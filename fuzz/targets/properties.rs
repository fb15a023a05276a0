//! What holds of each parser whatever bytes it is given. The fuzz targets and the suite's corpus test share them.

use std::sync::Arc;

use faregate_catalog::{Catalog, Parameters, Settings, Source};
use faregate_contract::{ModuleError, Response};
use faregate_ledger::{Currency, Money};
use faregate_pipeline::parameters::Pairs;
use faregate_signing::diagnose::{Evidence, MACS_MAX, Tc3, V2, diagnose};
use faregate_signing::tc3::{self, Authorization};
use faregate_signing::{Algorithm, Method, Pair, SecretKey, Tag, form, multipart, sign, v2};

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

/// A header that is read, is written as it was but for the space after its commas; what we sign verifies, with one secret,
/// over one body.
pub(crate) fn tc3(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(read) = Authorization::parse(&text) {
        assert_eq!(read.to_string().replace(", ", ","), text.replace(", ", ","));
    }
    let (secret, other) =
        (SecretKey::new("Gu5t9xGARNpq86cd98joQYCN3Cozk1qA"), SecretKey::new("another"));
    let draft = Authorization::draft("AKID", "2019-02-25", "cvm", "content-type;host;x-tc-action");
    let headers = [("Content-Type", text.as_ref()), ("X-TC-Action", "RunInstances")];
    let mut request = tc3::Request {
        method: Method::Post,
        path: "/",
        query: &text,
        host: "cvm.tencentcloudapi.com:8443",
        headers: &headers,
        body: bytes,
        timestamp: "1551113065",
        authorization: &draft,
    };
    let Ok(header) = sign::tc3(&request, &secret) else { panic!("not signed: {text:?}") };
    let Ok(signed) = Authorization::parse(&header) else { panic!("our own header: {header}") };
    request.authorization = &signed;
    let Ok(verified) = tc3::verify(&request, &secret) else { panic!("not verified: {text:?}") };
    assert!(verified.covered.action() && !verified.covered.region());
    assert!(tc3::verify(&request, &other).is_err(), "verified with another secret: {text:?}");
    let longer = [bytes, b"x"].concat();
    let changed = tc3::Request { body: &longer, ..request };
    assert!(tc3::verify(&changed, &secret).is_err(), "verified with another body: {text:?}");
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

/// What was read of a body, written again, reads alike.
pub(crate) fn multipart(bytes: &[u8]) {
    const CONTENT_TYPE: &str = "multipart/form-data; boundary=B0";
    let Ok(parts) = multipart::parts(bytes, CONTENT_TYPE) else { return };
    let mut body = Vec::new();
    for part in &parts {
        let file = if part.file { "; filename=\"f\"" } else { "" };
        let head =
            format!("--B0\r\nContent-Disposition: form-data; name=\"{}\"{file}\r\n", part.name);
        let kind = part.content_type.map(|kind| format!("Content-Type: {kind}\r\n"));
        body.extend(
            [head.as_bytes(), kind.unwrap_or_default().as_bytes(), b"\r\n", part.value, b"\r\n"]
                .concat(),
        );
    }
    body.extend(b"--B0--\r\n");
    assert_eq!(multipart::parts(&body, CONTENT_TYPE), Ok(parts));
}

/// No request breaks the diagnosis, and none costs more than it may.
pub(crate) fn diagnosis(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let secret = SecretKey::new("Gu5t9xGARNpq86cd98joQYCN3Cozk1qA");
    let (host, path) = ("cvm.api.qcloud.com", "/v2/index.php");
    let pairs = form::decode(&text).unwrap_or_default();
    let sent: Vec<Pair<'_>> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let signature = Tag::of(Algorithm::HmacSha1, &secret, &text).encode();
    let headers = [("Content-Type", "application/json"), ("X-TC-Action", text.as_ref())];
    let tc3 = Tc3 {
        method: Method::Post,
        path: "/",
        query: &text,
        host,
        headers: &headers,
        body: bytes,
        timestamp: "1551113065",
        authorization: &text,
        hosts: &[],
    };
    let v2 = V2::new(Method::Get, host, path, &sent, &signature);
    for evidence in [Evidence::V2(v2), Evidence::Tc3(tc3)] {
        if let Some(found) = diagnose(&evidence, &secret, &[]) {
            assert!(found.n_macs <= 2 * MACS_MAX, "{}", found.n_macs);
            assert!(!found.sentence().contains("{}"), "{found:?}");
        }
    }
}
