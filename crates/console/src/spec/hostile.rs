//! Text that wants to be more: through module documents, paths, queries and the configuration.

use super::*;

/// A document that says nothing but mischief.
const HOSTILE: &str = r##"
openapi: 3.1.0
info:
  title: "</title><script>alert(1)</script>"
  version: "1"
  description: |
    <script>alert(2)</script> <img src=x onerror=alert(3)>

    # content

    [click](javascript:alert(4)) [too](data:text/html,x) [and](//evil.example/x) ![pixel](https://evil.example/p.png)

    [good](https://good.example/) <a href="javascript:alert(5)">raw</a>
servers: [{ url: "http://127.0.0.1:9001" }]
x-faregate:
  module: evil
  errors:
    "<b>1</b>":
      message: "<script>alert(6)</script>"
      cause: "\" onmouseover=\"alert(7)"
      fix: "<img src=x onerror=alert(8)>"
      example: { action: Do, parameters: { name: "'; touch /tmp/owned #" } }
    "a/b.md": { message: "slash" }
paths:
  /do:
    get:
      operationId: Do
      summary: "<script>alert(9)</script>"
      description: "<svg onload=alert(10)> [x](JaVaScRiPt:alert(11))"
      parameters:
        - name: name
          in: query
          required: true
          description: "</dd><script>alert(12)</script>"
          schema: { type: string, enum: ["<script>alert(13)</script>", "$(touch /tmp/owned)"], default: "\"><script>alert(14)</script>" }
      responses: { "200": { description: ok } }
"##;

fn hostile() -> Site {
    // The default that breaks its own schema is not a document; this one is.
    site_of(&HOSTILE.replace(", default: \"\\\"><script>alert(14)</script>\"", ""))
}

/// That nothing of it is markup: scripts, handlers, foreign addresses.
#[track_caller]
fn is_tame(path: &str, body: &str) {
    let body = body.replacen(policy::SCRIPT, "", 1);
    for markup in [
        "<script>alert",
        "<img",
        "<svg",
        "<b>1",
        "</title><",
        "\" onmouseover",
        "<a href=\"javascript:",
        "<a href=\"JaVaScRiPt:",
        "<a href=\"data:text",
        "href=\"//",
        "evil.example/p.png",
        "id=\"content\"><",
    ] {
        assert!(!body.contains(markup), "{path}: {markup}: {body}");
    }
    assert_eq!(body.matches("id=\"content\"").count(), 1, "{path}");
}

#[test]
fn nothing_of_a_modules_document_becomes_markup() {
    let site = hostile();
    let paths = paths(&site);
    assert!(paths.contains(&"/errors/evil/%3Cb%3E1%3C%2Fb%3E".to_owned()), "{paths:?}");
    for path in &paths {
        for language in ["en", "zh"] {
            let (page, body) = get_of(&site, &format!("{path}?lang={language}"));
            assert_eq!(page.status, 200, "{path}");
            is_tame(path, &body);
        }
    }
    let (_, module) = get_of(&site, "/modules/evil");
    assert!(module.contains("href=\"https://good.example/\""), "a good link stays: {module}");
    assert!(module.contains("&lt;script&gt;alert(2)"), "what it says is shown: {module}");
}

#[test]
fn what_a_module_said_of_a_call_is_shown_as_text() {
    let site = site_of(COMPUTE);
    let script = "<script>alert(1)</script><img src=x onerror=alert(2)>";
    let told = serde_json::json!({
        "requestId": script, "module": script, "action": script, "code": 5100, "reason": script,
        "message": format!("({script}) {script}"), "moduleCode": script, "replayOf": script,
        "charge": { "amount": script, "currency": script, "state": script },
        "gates": [{ "gate": script, "outcome": script, "us": 1.0 }],
    });
    let query = "SecretId=<script>alert(3)</script>&lang=en";
    let path = "/requests/<script>alert(4)</script>";
    let now = faregate_pipeline::time::Millis::from_secs(0);
    let visit = crate::Visit { path, query: Some(query), accept_language: None, now, counts: None };
    let page = crate::requests::page(&told, visit, &site);
    let body = String::from_utf8(page.body).unwrap();
    is_tame(path, &body);
    assert!(
        body.contains("&#60;script&#62;alert(1)") || body.contains("&lt;script&gt;alert(1)"),
        "{body}"
    );
}

#[test]
fn what_is_copied_from_an_example_runs_the_call_and_nothing_else() {
    let (_, text) = get_of(&hostile(), "/errors/evil/%3Cb%3E1%3C%2Fb%3E.json");
    let value: Value = serde_json::from_str(&text).unwrap();
    for (client, line) in [
        ("CLI", r"faregate call evil Do 'name='\''; touch /tmp/owned #'"),
        ("Python", r"'name': '\'; touch /tmp/owned #',"),
        ("Node", r"'name': '\'; touch /tmp/owned #',"),
        ("curl", r"'name='\''; touch /tmp/owned #'"),
    ] {
        let examples = value["examples"].as_array().unwrap();
        let own = examples.iter().find(|one| one["client"] == client).unwrap();
        assert!(own["code"].as_str().unwrap().contains(line), "{client}: {own}");
    }
}

#[test]
fn markdown_for_programs_holds_no_markup_of_a_modules_document_either() {
    let site = hostile();
    for path in
        ["/errors.md", "/modules.md", "/modules/evil.md", "/modules/evil/Do.md", "/llms.txt"]
    {
        let (page, body) = get_of(&site, path);
        assert_eq!(page.status, 200, "{path}");
        let html = article::render(
            &body,
            &Reader::new(&visit("/errors"), "/errors", &site),
            article::Author::House,
        );
        assert!(!html.contains("<script") && !html.contains("javascript:"), "{path}: {html}");
        assert!(!html.contains("<img"), "{path}: {html}");
    }
}

#[test]
fn paths_queries_and_the_configuration_are_text() {
    let site = site_of(COMPUTE);
    for path in [
        "/x<script>alert(1)</script>",
        "/errors/<script>alert(1)</script>",
        "/errors/cvm/<script>alert(1)</script>",
        "/search?q=<script>alert(1)</script>",
        "/search?q=%3Cscript%3Ealert(1)%3C/script%3E%22%20onmouseover=%22x",
        "/search?q=%22%3E%3Cimg%20src=x%3E&theme=%22%3E%3Cscript%3Ealert(1)&lang=%22%3E",
        "/errors?lang=zh%22%3E%3Cscript%3Ealert(1)",
    ] {
        let (_, body) = get_of(&site, path);
        is_tame(path, &body);
        assert!(!body.contains("help@example.com <script>"), "{path}");
    }
}

#[test]
fn the_policy_names_the_script_and_the_style_and_allows_nothing_else() {
    let (page, body) = get_of(&site_of(COMPUTE), "/errors");
    let policy = page.headers.iter().find(|(name, _)| *name == "content-security-policy").unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'sha256-",
        "style-src 'sha256-",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.1.contains(part), "{part}: {}", policy.1);
    }
    assert!(!policy.1.contains("unsafe"), "{}", policy.1);
    // What the hashes are taken of is what stands between the tags, byte for byte.
    assert!(body.contains(&format!("<script>{}</script>", policy::SCRIPT)));
    assert!(body.contains(&format!("<style>{}</style>", policy::STYLE)));
}
