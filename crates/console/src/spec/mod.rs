//! What a browser, a program and a `docUrl` get.

mod coverage;
mod hostile;

use std::collections::BTreeSet;

use faregate_catalog::{Catalog, Settings, Source};
use faregate_pipeline::pages::PAGES;
use faregate_signing::{Algorithm, Method, SecretKey, sign, v2};
use serde_json::Value;

use super::*;
use crate::documents::DOCUMENTS;

const COMPUTE: &str = include_str!("../../../../examples/compute/openapi.yaml");

const NOW: Millis = Millis::new(1_700_000_000_000);

fn site_of(document: &str) -> Site {
    let source = Source { name: "compute.yaml", text: document, upstream: None };
    let loaded = Catalog::load(&[source], &Settings { base_domain: "api.qcloud.com" });
    let catalog = loaded.catalog.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    Site {
        base_domain: "api.qcloud.com".to_owned(),
        support: "help@example.com <script>".to_owned(),
        url: String::new(),
        version: "0.1.0",
        modules: catalog.modules().iter().chain(catalog.own()).cloned().collect(),
        secret: [7; 16],
    }
}

fn visit(path: &str) -> Visit<'_> {
    let (path, query) =
        path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    Visit { path, query, accept_language: None, now: NOW, counts: None }
}

fn get_of(site: &Site, path: &str) -> (Page, String) {
    let page = respond(visit(path), site);
    let body = String::from_utf8(page.body.clone()).unwrap();
    (page, body)
}

fn get(path: &str) -> (u16, String) {
    let (page, body) = get_of(&site_of(COMPUTE), path);
    (page.status, body)
}

#[test]
fn each_path_has_its_status_its_type_and_its_words() {
    for (path, status, content_type, words) in [
        ("/errors", 200, "text/html", "Last updated: 2018-06-14 14:44:24"),
        ("/errors", 200, "text/html", "1. Common Error Code"),
        ("/errors/", 200, "text/html", "2. Module Error Code"),
        ("/errors", 200, "text/html", "parameter valuesare not in the correct format"),
        ("/errors", 200, "text/html", "id=\"cvm-100004\""),
        ("/errors", 200, "text/html", "Was this page helpful?"),
        ("/errors.md", 200, "text/markdown", "| [4500](/errors/4500.md) | Replay attack |"),
        ("/errors.json", 200, "application/json", "\"NONCE_SEEN\""),
        ("/errors/4500", 200, "text/html", "<h3 id=\"NONCE_SEEN\">"),
        ("/errors/4500", 200, "text/html", "hreflang=\"zh\" href=\"/errors/4500?lang=zh\""),
        ("/errors/4500", 200, "text/html", "<html lang=\"en\">"),
        ("/errors/4500?theme=dark", 200, "text/html", "data-theme=\"dark\""),
        ("/errors/4500?theme=dark", 200, "text/html", "href=\"/errors/4200?theme=dark\""),
        ("/errors/4500?theme=pink", 200, "text/html", "<html lang=\"en\">"),
        ("/errors/4500?lang=zh", 200, "text/html", "可以重试吗"),
        ("/errors/4500?lang=zh", 200, "text/html", "href=\"/errors/4200?lang=zh\""),
        ("/errors/4500?lang=zh", 200, "text/html", "此页对您有帮助吗"),
        ("/errors/4500.md", 200, "text/markdown", "### NONCE_SEEN"),
        ("/errors/4500.md?lang=zh", 200, "text/markdown", "## 含义"),
        ("/errors/4500.json", 200, "application/json", "\"reason\": \"NONCE_SEEN\""),
        ("/errors/cvm/100004", 200, "text/html", "incorrect projectId"),
        ("/errors/cvm/100004.md", 200, "text/markdown", "faregate call cvm RunInstances"),
        ("/errors/cvm/100004.json", 200, "application/json", "\"moduleCode\": \"100004\""),
        ("/modules", 200, "text/html", "cvm.api.qcloud.com"),
        ("/modules.json", 200, "application/json", "\"module\": \"cvm\""),
        ("/modules.md", 200, "text/markdown", "[cvm](/modules/cvm.md)"),
        ("/modules/cvm", 200, "text/html", "/modules/cvm/RunInstances"),
        ("/modules/cvm/openapi.json", 200, "application/json", "\"openapi\": \"3.1.0\""),
        ("/modules/cvm/RunInstances", 200, "text/html", "1 to 36"),
        ("/modules/cvm/RunInstances", 200, "text/html", "money(&#39;900.00&#39;)"),
        ("/modules/cvm/RunInstances?lang=zh", 200, "text/html", "价格大于可用余额"),
        ("/modules/cvm/RestartInstances", 200, "text/html", "/errors/5400"),
        ("/llms.txt", 200, "text/plain", "/errors/4500.md"),
        ("/docs", 200, "text/html", "/docs/concepts/life-of-a-call"),
        ("/docs/authentication", 200, "text/html", "NSI3UqqD99b/UJb4tbG/xZpRW64="),
        ("/docs/authentication.md", 200, "text/markdown", "# Authentication"),
        ("/docs/authentication.json", 200, "application/json", "\"title\": \"Authentication\""),
        ("/search", 200, "text/html", "paste a whole message"),
        ("/search?q=4500", 200, "text/html", "href=\"/errors/4500\""),
        ("/errors/0", 404, "text/html", "no such page"),
        ("/errors/4999", 404, "text/html", "no such page"),
        ("/errors/+4500", 404, "text/html", "no such page"),
        ("/errors/cvm/1", 404, "text/html", "no such page"),
        ("/modules/none", 404, "text/html", "no such page"),
        ("/modules/cvm/Nothing", 404, "text/html", "no such page"),
        ("/docs/../Cargo", 404, "text/html", "no such page"),
        ("/x?lang=zh", 404, "text/html", "没有这个页面"),
    ] {
        let (page, body) = get_of(&site_of(COMPUTE), path);
        assert_eq!(page.status, status, "{path}");
        assert!(page.content_type.starts_with(content_type), "{path}: {}", page.content_type);
        assert!(body.contains(words), "{path} lacks {words}: {body}");
        let has_policy = page.headers.iter().any(|(name, _)| *name == "content-security-policy");
        assert_eq!(has_policy, content_type == "text/html", "{path}");
    }
}

#[test]
fn the_root_leads_to_the_codes_and_keeps_what_was_chosen() {
    for (path, location) in
        [("/", "/errors"), ("/?lang=zh", "/errors?lang=zh"), ("/?theme=dark", "/errors?theme=dark")]
    {
        let page = respond(visit(path), &site_of(COMPUTE));
        assert_eq!((page.status, page.headers), (302, vec![("location", location.to_owned())]));
    }
}

#[test]
fn the_header_chooses_the_language_and_then_links_stay_plain() {
    let visit = Visit { accept_language: Some("zh-CN,zh;q=0.9"), ..visit("/errors/4500") };
    let page = respond(visit, &site_of(COMPUTE));
    let body = String::from_utf8(page.body).unwrap();
    assert!(
        body.contains("<html lang=\"zh\">") && body.contains("href=\"/errors/4200\""),
        "{body}"
    );
}

#[test]
fn what_stands_on_the_published_page_stands_here_word_for_word() {
    let (_, body) = get("/errors");
    let shown = body.replace("&#39;", "'").replace("&#34;", "\"");
    for code in Code::ALL.into_iter().filter(|code| !code.is_success()) {
        for column in [code.to_string().as_str(), code.error_type(), code.description()] {
            assert!(shown.contains(&format!(">{column}<")), "{column}");
        }
    }
    for sentence in [overview::INTRODUCTION].into_iter().chain(overview::MODULE_PART) {
        assert!(shown.contains(sentence), "{sentence}");
    }
    for level in
        ["Not at all", "Not very helpful", "Somewhat helpful", "Very helpful", "Extremely helpful"]
    {
        assert!(shown.contains(level), "{level}");
    }
}

#[test]
fn causes_are_told_most_frequent_first_where_they_are_counted() {
    let site = site_of(COMPUTE);
    let count = |_: Code, reason: Reason| match reason.as_str() {
        "STAMP_AHEAD" => 12,
        "STAMP_BEHIND" => 3,
        _ => 0,
    };
    let page = respond(Visit { counts: Some(&count), ..visit("/errors/4500") }, &site);
    let body = String::from_utf8(page.body).unwrap();
    let at = |reason: &str| body.find(&format!("id=\"{reason}\"")).unwrap();
    let order = ["STAMP_AHEAD", "STAMP_BEHIND", "NONCE_SEEN", "NONCE_SAME_AS_LAST"].map(at);
    assert!(order.is_sorted(), "{order:?}");
    assert!(body.contains("12 ×") && body.contains("3 ×") && !body.contains("0 ×"), "{body}");
    let (_, silent) = get("/errors/4500");
    assert!(!silent.contains(" ×</span>") && !silent.contains("counted on this installation"));
    let json = respond(Visit { counts: Some(&count), ..visit("/errors.json") }, &site);
    let json: Value = serde_json::from_slice(&json.body).unwrap();
    assert_eq!(json["codes"][6]["counts"]["STAMP_AHEAD"], 12);
}

#[test]
fn a_question_finds_what_it_names_first() {
    for (question, first) in [
        ("4500", "/errors/4500"),
        ("NONCE_SEEN", "/errors/4500#NONCE_SEEN"),
        ("nonce_seen", "/errors/4500#NONCE_SEEN"),
        ("100004", "/errors/cvm/100004"),
        ("(100004)+incorrect+projectId", "/errors/cvm/100004"),
        ("AuthFailure", "/errors/4100"),
        ("RunInstances", "/modules/cvm/RunInstances"),
        ("sold+out", "/errors/cvm/200001"),
        ("%7B%22code%22%3A4100%2C%22reason%22%3A%22UNKNOWN_KEY%22%7D", "/errors/4100#UNKNOWN_KEY"),
    ] {
        let (_, body) = get(&format!("/search.json?q={question}"));
        let found: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(found["hits"][0]["url"], first, "{question}: {body}");
    }
    let (_, chinese) = get("/search.json?lang=zh&q=%E4%BD%99%E9%A2%9D");
    assert!(chinese.contains("/errors/5300?lang=zh"), "{chinese}");
    let (_, nothing) = get("/search?q=xyzzy");
    assert!(nothing.contains("Nothing has these words"), "{nothing}");
}

#[test]
fn no_page_needs_a_script_or_another_host() {
    let site = site_of(COMPUTE);
    for path in paths(&site) {
        let (page, body) = get_of(&site, &path);
        assert_eq!(page.status, 200, "{path}");
        // The one script and the one style sheet, whose hashes the policy names.
        assert_eq!(
            (body.matches("<script").count(), body.matches("<style").count()),
            (1, 1),
            "{path}"
        );
        for wanted in ["src=", "@import", "rel=\"stylesheet\"", "style=\"", " onclick"] {
            assert!(!body.contains(wanted), "{path}: {wanted}");
        }
        assert!(body.len() < 50 * 1024, "{path}: {} bytes", body.len());
    }
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let site = site_of(COMPUTE);
    let mut links = BTreeSet::new();
    for path in paths(&site) {
        for query in ["", "?lang=zh", "?theme=dark"] {
            let (_, body) = get_of(&site, &format!("{path}{query}"));
            let targets = body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
            let own = targets.map(|target| match target.strip_prefix('#') {
                Some(anchor) => format!("{path}{query}#{anchor}"),
                None => target.replace("&#38;", "&"),
            });
            links.extend(own.filter(|target| target.starts_with('/')));
        }
    }
    for page in PAGES {
        links.extend(page.reasons.iter().map(|reason| format!("/errors/{}#{reason}", page.code)));
    }
    assert!(links.len() > 300, "{links:?}");
    for link in links {
        let (path, anchor) =
            link.split_once('#').map_or((link.as_str(), None), |(p, a)| (p, Some(a)));
        let (page, body) = get_of(&site, path);
        assert_eq!(page.status, 200, "{link}");
        assert!(anchor.is_none_or(|anchor| body.contains(&format!("id=\"{anchor}\""))), "{link}");
    }
}

#[test]
fn no_page_has_an_anchor_twice() {
    let site = site_of(COMPUTE);
    for path in paths(&site) {
        let (_, body) = get_of(&site, &path);
        let mut seen = BTreeSet::new();
        for id in body.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(seen.insert(id), "{path}: {id}");
        }
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

#[test]
fn the_document_for_the_outside_has_every_action_and_nothing_of_the_inside() {
    let (_, text) = get("/modules/cvm/openapi.json");
    let document: Value = serde_json::from_str(&text).unwrap();
    let site = site_of(COMPUTE);
    for operation in site.modules[0].operations() {
        let action = &operation.action;
        let own = &document["paths"][format!("/v2/index.php#Action={action}")]["post"];
        assert_eq!(own["operationId"], *action);
        let schema = &own["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
        for parameter in operation.parameters.describe() {
            assert!(
                schema["properties"][&parameter.name].is_object(),
                "{action} {}",
                parameter.name
            );
        }
    }
    assert_eq!(document["servers"][0]["url"], "https://cvm.api.qcloud.com");
    for inside in ["127.0.0.1", "9001", "x-faregate", "/instances", "Idempotency", "moduleCode"] {
        // The introduction is written for the outside, and tells of a header that the service knows.
        let leaks = text.lines().any(|line| line.contains(inside) && !line.contains("description"));
        assert!(!leaks, "{inside}");
    }
}

/// The content of the document's block of this kind.
fn block<'a>(document: &'a str, kind: &str) -> &'a str {
    let (_, rest) = document.split_once(&format!("```{kind}\n")).unwrap();
    rest.split_once("\n```").unwrap().0
}

#[test]
fn the_worked_example_is_recomputed_from_the_document() {
    use faregate_signing::form;
    let text = DOCUMENTS.iter().find(|one| one.name == "authentication").unwrap().text;
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
