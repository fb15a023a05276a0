//! What a browser, a program and a `docUrl` get.

use std::collections::BTreeSet;

use faregate_pipeline::pages::PAGES;
use faregate_signing::{Algorithm, Method, SecretKey, form, sign, v2};
use serde_json::Value;

use super::*;
use crate::documents::DOCUMENTS;

fn site() -> Site {
    Site {
        base_domain: "api.qcloud.com".to_owned(),
        support: "help@example.com <script>".to_owned(),
        modules: vec![ModuleInfo {
            name: "cvm".to_owned(),
            title: "Machines & more".to_owned(),
            domains: vec!["cvm.api.qcloud.com".to_owned()],
            errors: vec![ModuleErrorInfo {
                code: "100004".to_owned(),
                message: "incorrect <b>projectId</b>".to_owned(),
                common_code: 5100,
                cause: Some("It is not yours.".to_owned()),
                fix: None,
            }],
            actions: vec!["DescribeZones".to_owned()],
        }],
    }
}

fn get(path: &str) -> (u16, String) {
    let (path, query) =
        path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let page = respond(path, query, None, &site());
    (page.status, String::from_utf8(page.body).unwrap())
}

fn all_paths() -> Vec<String> {
    let codes = PAGES.iter().map(|page| format!("/errors/{}", page.code));
    let documents = DOCUMENTS.iter().map(|document| format!("/docs/{}", document.name));
    ["/errors", "/docs"].map(str::to_owned).into_iter().chain(codes).chain(documents).collect()
}

#[test]
fn each_path_has_its_status_its_type_and_its_words() {
    for (path, status, content_type, words) in [
        ("/errors", 200, "text/html", "1. Common Error Code"),
        ("/errors/", 200, "text/html", "2. Module Error Code"),
        ("/errors", 200, "text/html", "parameter valuesare not in the correct format"),
        ("/errors", 200, "text/html", "id=\"cvm-100004\""),
        ("/errors/4500", 200, "text/html", "<h3 id=\"NONCE_SEEN\">NONCE_SEEN</h3>"),
        ("/errors/4500", 200, "text/html", "lang=\"en\""),
        ("/errors/4500?lang=zh", 200, "text/html", "可以重试吗"),
        ("/errors/4500?lang=zh", 200, "text/html", "href=\"/errors/4200?lang=zh\""),
        ("/errors/4500.md", 200, "text/markdown", "### NONCE_SEEN"),
        ("/errors/4500.md?lang=zh", 200, "text/markdown", "## 含义"),
        ("/errors.json", 200, "application/json", "\"NONCE_SEEN\""),
        ("/docs", 200, "text/html", "/docs/concepts/life-of-a-call"),
        ("/docs/authentication", 200, "text/html", "NSI3UqqD99b/UJb4tbG/xZpRW64="),
        ("/docs/authentication.md", 200, "text/markdown", "# Authentication"),
        ("/errors/0", 404, "text/html", "no such page"),
        ("/errors/4999", 404, "text/html", "no such page"),
        ("/errors/+4500", 404, "text/html", "no such page"),
        ("/docs/../Cargo", 404, "text/html", "no such page"),
        ("/x<script>", 404, "text/html", "no such page"),
        ("/x?lang=zh", 404, "text/html", "没有这个页面"),
    ] {
        let (bare, query) =
            path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let page = respond(bare, query, None, &site());
        assert_eq!(page.status, status, "{path}");
        assert!(page.content_type.starts_with(content_type), "{path}: {}", page.content_type);
        let body = String::from_utf8(page.body).unwrap();
        assert!(body.contains(words), "{path} lacks {words}: {body}");
    }
}

#[test]
fn the_root_leads_to_the_codes_and_keeps_the_language() {
    for (query, location) in [(None, "/errors"), (Some("lang=zh"), "/errors?lang=zh")] {
        let page = respond("/", query, None, &site());
        assert_eq!((page.status, page.location.as_deref()), (302, Some(location)));
    }
}

#[test]
fn the_header_chooses_the_language_and_then_links_stay_plain() {
    let page = respond("/errors/4500", None, Some("zh-CN,zh;q=0.9"), &site());
    let body = String::from_utf8(page.body).unwrap();
    assert!(body.contains("lang=\"zh\"") && body.contains("href=\"/errors/4200\""), "{body}");
}

#[test]
fn nothing_of_a_module_a_path_or_a_configuration_becomes_markup() {
    for path in ["/errors", "/errors/5100", "/x<script>alert(1)</script>"] {
        let (_, body) = get(path);
        for markup in ["<script", "<b>projectId", "Machines & more"] {
            assert!(!body.contains(markup), "{path}: {markup}");
        }
    }
    assert!(get("/errors").1.contains("Machines &#38; more"));
}

#[test]
fn no_page_needs_a_script_or_another_host() {
    for path in all_paths() {
        let (status, body) = get(&path);
        assert_eq!(status, 200, "{path}");
        for wanted in ["<script", "src=", "@import", "href=\"http"] {
            assert!(!body.contains(wanted), "{path}: {wanted}");
        }
    }
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let mut links = BTreeSet::new();
    for path in all_paths() {
        for language in ["", "?lang=zh"] {
            let (_, body) = get(&format!("{path}{language}"));
            let targets = body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
            links.extend(targets.filter(|target| target.starts_with('/')).map(str::to_owned));
        }
    }
    for page in PAGES {
        links.extend(page.reasons.iter().map(|reason| format!("/errors/{}#{reason}", page.code)));
    }
    assert!(links.len() > 100, "{links:?}");
    for link in links {
        let (path, anchor) =
            link.split_once('#').map_or((link.as_str(), None), |(p, a)| (p, Some(a)));
        let (status, body) = get(path);
        assert_eq!(status, 200, "{link}");
        assert!(anchor.is_none_or(|anchor| body.contains(&format!("id=\"{anchor}\""))), "{link}");
    }
}

#[test]
fn the_index_for_programs_has_all_seventeen_codes() {
    let index: Value = serde_json::from_str(&get("/errors.json").1).unwrap();
    let codes = index["codes"].as_array().unwrap();
    assert_eq!(codes.len(), 17);
    for (row, code) in codes.iter().zip(Code::ALL) {
        assert_eq!(row["code"], code.number());
        assert_eq!(row["errorType"], code.error_type());
        assert_eq!(row["description"], code.description());
        assert_eq!(row["page"].is_null(), code.is_success());
    }
    assert_eq!(codes[2]["document"], "/docs/authentication");
    assert_eq!(index["modules"][0]["errors"][0]["moduleCode"], "100004");
}

/// The content of the document's block of this kind.
fn block<'a>(document: &'a str, kind: &str) -> &'a str {
    let (_, rest) = document.split_once(&format!("```{kind}\n")).unwrap();
    rest.split_once("\n```").unwrap().0
}

#[test]
fn the_worked_example_is_recomputed_from_the_document() {
    let text = documents::find("authentication").unwrap().text;
    let secret = text.lines().find_map(|line| line.strip_prefix("SecretKey ")).unwrap().trim();
    let mut pairs = form::decode(&block(text, "parameters").replace('\n', "&")).unwrap();
    let (host, path) = ("cvm.api.qcloud.com", "/v2/index.php");
    let string = v2::string_to_sign(Method::Get, host, path, &pairs, v2::Profile::CANONICAL);
    assert_eq!(string, block(text, "string-to-sign"));
    let signature =
        sign::v2(Method::Get, host, path, &mut pairs, &SecretKey::new(secret), Algorithm::HmacSha1);
    assert_eq!(signature, block(text, "signature"));
    pairs.sort_by_key(|(name, _)| name == "Signature");
    let sorted = |query: &str| query.split('&').map(str::to_owned).collect::<BTreeSet<_>>();
    let (address, query) = block(text, "request").split_once('?').unwrap();
    assert_eq!(address, format!("GET https://{host}{path}"));
    assert_eq!(sorted(query), sorted(&form::encode(&pairs)));
}
