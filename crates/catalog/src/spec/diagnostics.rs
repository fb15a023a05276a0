//! Documents that do not load: every problem, its place, its suggestion.

use super::{HEAD, act, load};
use crate::{Catalog, Settings, Severity, Source};

/// Loads a document whose offending texts stand between « and », and compares: one row a problem,
/// `message | suggestion`, in the order of the text.
#[track_caller]
fn verify(name: &str, marked: &str, expected: &[&str]) {
    let (text, spans) = unmark(marked);
    let loaded = load(name, &text);
    let found: Vec<String> = loaded
        .diagnostics
        .iter()
        .map(|d| format!("{} | {}", d.message, d.suggestion.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(found, expected, "{text}");
    let places: Vec<_> = loaded.diagnostics.iter().map(|d| d.span.clone()).collect();
    assert_eq!(places, spans, "{marked}");
    let failed = loaded.diagnostics.iter().any(|d| d.severity == Severity::Error);
    assert_eq!(loaded.catalog.is_none(), failed);
}

fn unmark(marked: &str) -> (String, Vec<std::ops::Range<usize>>) {
    let (mut text, mut spans, mut open) = (String::new(), Vec::new(), 0);
    for c in marked.chars() {
        match c {
            '«' => open = text.len(),
            '»' => spans.push(open..text.len()),
            c => text.push(c),
        }
    }
    (text, spans)
}

/// One row: an operation's extension and properties.
#[track_caller]
pub(super) fn verify_act(extension: &str, properties: &str, expected: &[&str]) {
    verify("a.yaml", &act(extension, "[]", properties), expected);
}

#[track_caller]
fn verify_get(parameters: &str, expected: &[&str]) {
    let text = format!(
        "{HEAD}paths:\n  /act:\n    get:\n      operationId: Act\n      parameters:\n{parameters}\n"
    );
    verify("a.yaml", &text, expected);
}

#[test]
fn texts_that_are_no_documents() {
    for (name, text, expected) in [
        (
            "a.yaml",
            "openapi: 3.1.0\ninfo: { a: 1, «a»: 2 }",
            "this is not YAML that can be read: duplicate mapping key: a | -",
        ),
        ("a.json", "{\"a\": 1,\n \"«»tru\"", "this is not JSON: EOF while parsing an object | -"),
        (
            "a.json",
            "{\"openapi\": \"3.1.0\",\n \"é\": 1, «\"é\"»: 2}",
            "the key `é` stands here twice | -",
        ),
        (
            "a.yaml",
            "«»hello",
            "this is not an OpenAPI document: it has no `openapi` | begin with `openapi: 3.1.0`",
        ),
        (
            "a.yaml",
            "openapi: «3.0.3»",
            "OpenAPI \"3.0.3\" is not read here | write the document for 3.1: `openapi: 3.1.0`",
        ),
    ] {
        let (text, _) = unmark(text);
        let loaded = load(name, &text);
        let d = &loaded.diagnostics[0];
        let found = format!("{} | {}", d.message, d.suggestion.as_deref().unwrap_or("-"));
        assert_eq!(found, expected, "{text}");
        assert!(loaded.catalog.is_none());
    }
    verify(
        "a.yaml",
        "openapi: «3.0.3»",
        &["OpenAPI \"3.0.3\" is not read here | write the document for 3.1: `openapi: 3.1.0`"],
    );
    verify(
        "a.json",
        "{\"openapi\": \"3.1.0\",\n \"é\": 1, «\"é\"»: 2}",
        &["the key `é` stands here twice | -"],
    );
}

#[test]
fn all_problems_of_a_document_are_told_at_once() {
    verify(
        "a.yaml",
        r#"openapi: 3.1.0
info: { title: T, version: "1" }
servers: [{ url: «"https://h"» }]
x-faregate:
  «modul»: cvm
  protocols: [«ftp»]
  versions: [«v1»]
  timeout: «10m»
  domains: [«Cvm.example»]
  errors:
    "1": { message: x, code: «4100» }
    «"(2)"»: { message: x }
    «"3"»: { cause: x }
paths:
  «/a/{id}»:
    post:
      operationId: «Act»
    «delete»:
      summary: x
  /b:
    get: { operationId: Act }
"#
        .replace("operationId: «Act»", "operationId: Act")
        .replace("    get: { operationId: Act }", "    get: { operationId: «Act» }")
        .as_str(),
        &[
            "`https://h` speaks TLS, and upstreams are plain HTTP so far | write `http://host:port`",
            "`modul` is not known here | did you mean `module`?",
            "`ftp` is not a protocol that can be demanded | write `http`, `https`",
            "`v1` is not a version | a version is a date: \"2017-03-12\"",
            "`10m` is not a time from 1ms to 600s | write `10s` or `500ms`",
            "`Cvm.example` is not a domain | write it in lower case, without port and without `https://`",
            "a module cannot answer with 4100 | the codes of modules are 4000, 5000, 5100, 5200, 6000, 6200",
            "`(2)` cannot stand between parentheses in a message | use the bare code, such as \"100004\"",
            "`message` is missing here | -",
            "`{id}` stands in the path and is not declared | add `- { name: id, in: path, required: true, schema: … }`",
            "the operation has no `operationId`: it would have no Action | add `operationId: DescribeZones`",
            "the action `Act` stands here twice | give each operation its own name",
        ],
    );
}

#[test]
fn an_action_of_the_gateways_own_is_no_modules() {
    let text = format!("{HEAD}paths:\n  /act:\n    get:\n      operationId: «DescribeRequest»\n");
    let expected = "`DescribeRequest` is answered by the gateway itself, at every domain | give the action another name";
    verify("a.yaml", &text, &[expected]);
}

#[test]
fn names_that_cannot_be() {
    for (properties, expected) in [
        (
            "{ «a_b»: { type: string }, a.b: { type: string } }",
            "`a_b` and `a.b` are the same name: `_` and `.` are signed alike | -",
        ),
        (
            "{ a: { type: object, properties: { b: { type: string } } }, «a_b»: { type: string } }",
            "`a_b` and `a.b` are the same name: `_` and `.` are signed alike | -",
        ),
        (
            "{ «Nonce»: { type: string } }",
            "`Nonce` is a common parameter: it never reaches a module | give the parameter another name",
        ),
        (
            "{ «a b»: { type: string } }",
            "`a b` cannot be sent: a name has 1 to 128 of A-Z a-z 0-9 _ . - | -",
        ),
        (
            "{ «a»: { type: integer, default: x } }",
            "the default of `a` is not allowed by its own schema | -",
        ),
    ] {
        // Which of two twins is told depends on their order, which is that of the names.
        verify_act("{}", properties, &[expected]);
    }
}

#[test]
fn parameters_that_cannot_be_public() {
    for (parameter, expected) in [
        (
            "{ name: «X-A», in: header, required: true, schema: { type: string } }",
            "the header `X-A` is required, and no client can send it | move it to the query or the body",
        ),
        (
            "{ name: «a», in: cookie, schema: { type: string } }",
            "the cookie `a` is never sent | move it to the query or the body",
        ),
        (
            "{ name: «a», in: path, required: true, schema: { type: string } }",
            "`a` is declared in the path, and the path lacks it | write `{a}` where it belongs",
        ),
        ("{ name: «a», in: query }", "`a` needs a `schema` | -"),
        ("{ name: «a», schema: { type: string } }", "`a` needs `in: path` or `in: query` | -"),
        (
            "{ name: a, in: query, schema: { $ref: «\"other.yaml#/a\"» } }",
            "`other.yaml#/a` is outside this document: a `$ref` is never fetched | copy what it names into `#/components` and refer to it there",
        ),
        (
            "{ name: a, in: query, schema: { $ref: «\"#/components/schemas/Perio\"» } }",
            "`#/components/schemas/Perio` leads nowhere in this document | did you mean `#/components/schemas/Period`?",
        ),
    ] {
        let parameter = format!(
            "        - {parameter}\ncomponents: {{ schemas: {{ Period: {{ type: integer }} }} }}"
        );
        verify_get(&parameter, &[expected]);
    }
    let object = "{ name: o, in: query, schema: { type: object } }";
    let text = format!(
        "{HEAD}paths: {{ /a: {{ get: {{ operationId: Act, parameters: [«{object}] }} }} }}"
    );
    let text = text.replace("«{", "«{»");
    let expected = "`o` is an object: only `style: deepObject` writes one | or move it to the body";
    verify("a.yaml", &text, &[expected]);
}

#[test]
fn one_name_in_two_places() {
    let text = format!(
        "{HEAD}paths:
  /act/{{id}}:
    put:
      operationId: Act
      parameters:
        - {{ name: id, in: path, required: true, schema: {{ type: string }} }}
      requestBody:
        content:
          application/json:
            schema: {{ type: object, properties: {{ «id»: {{ type: string }} }} }}
"
    );
    let expected = "`id` is declared in two places | path, query and body share one set of names";
    verify("a.yaml", &text, &[expected]);
}

#[test]
fn bodies_and_results_that_cannot_be() {
    for (operation, expected) in [
        (
            "get: { operationId: Act, «requestBody»: { content: {} } }",
            "a GET request has no body | move its members to `parameters` with `in: query`",
        ),
        (
            "post: { operationId: Act, «requestBody»: { content: { text/plain: {} } } }",
            "the upstream gets JSON: `content` needs `application/json` with a `schema` | -",
        ),
        (
            "post: { operationId: Act, requestBody: { content: { application/json: { «schema»: { type: array } } } } }",
            "the body must be an object: its members are the action's parameters | -",
        ),
        (
            "post: { operationId: Act, requestBody: { content: { application/json: { «schema»: { type: object, required: [a] } } } } }",
            "`a` is required but not declared in `properties` | -",
        ),
        (
            "get: { operationId: Act, responses: { 200: { content: { application/json: { schema: { properties: { «detail»: {}, x: {} } } } } } } }",
            "a result cannot have a member `detail`: every answer has its own | give it another name, or put it into an object of its own",
        ),
        (
            "get: { operationId: Act, «servers»: [] }",
            "a module has one upstream: `servers` at the root | -",
        ),
        (
            "get: { operationId: «1st» }",
            "`1st` is not a name for an Action | use letters and digits, beginning with a capital",
        ),
    ] {
        verify("a.yaml", &format!("{HEAD}paths:\n  /act:\n    {operation}\n"), &[expected]);
    }
}

#[test]
fn a_pattern_that_is_not_linear_is_refused() {
    let text = act("{}", "[]", "{ a: { type: string, pattern: '^(?=x)' } }");
    let loaded = load("a.yaml", &text);
    assert_eq!(loaded.diagnostics.len(), 1);
    assert!(loaded.diagnostics[0].message.starts_with("the schema of `a` is wrong: "));
}

#[test]
fn modules_share_neither_name_nor_domain() {
    let first = format!("{HEAD}paths: {{}}\n");
    let load = |text: &str| {
        let sources = [
            Source { name: "a.yaml", text: &first, upstream: None },
            Source { name: "b.yaml", text, upstream: None },
        ];
        let loaded = Catalog::load(&sources, &Settings { base_domain: "api.qcloud.com" });
        assert!(loaded.catalog.is_none());
        let d = loaded.diagnostics[0].clone();
        (d.source.clone(), d.message.clone(), text.get(d.span).unwrap().to_owned())
    };
    let (source, message, at) = load(&first);
    assert_eq!((source.as_str(), at.as_str()), ("b.yaml", "cvm"));
    assert_eq!(message, "another document describes the module `cvm`");
    let taken = "{ module: cdb, domains: [cvm.api.qcloud.com] }";
    let (_, message, at) = load(&first.replace("{ module: cvm }", taken));
    assert_eq!(message, "`cvm.api.qcloud.com` is a domain of the module `cvm`");
    assert_eq!(at, "domains");
}

#[test]
fn a_diagnostic_is_drawn_with_its_line_underlined() {
    let text = act("{ batch: { over: idz } }", "[]", "{ ids: { type: array } }");
    let source = Source { name: "modules/a.yaml", text: &text, upstream: None };
    let loaded = Catalog::load(&[source], &Settings { base_domain: "api.qcloud.com" });
    let diagnostic = &loaded.diagnostics[0];
    assert_eq!((diagnostic.line, diagnostic.column), (9, 36));
    assert_eq!(
        diagnostic.render(&[source], false),
        "error: `idz` is not a parameter of this operation
 --> modules/a.yaml:9:36
  |
9 |       x-faregate: { batch: { over: idz } }
  |                                    ^^^
  |
help: did you mean `ids`?"
    );
    assert!(diagnostic.render(&[source], true).contains("\u{1b}["));
    // Without the text, the words are left.
    assert!(diagnostic.render(&[], false).starts_with("error: `idz` is not a parameter"));
}

#[test]
fn hostile_documents_end() {
    let deep = "[".repeat(5000);
    let wide = format!(
        "openapi: 3.1.0\na: &a [{}]\nb: &b [{}]\nc: [{}]\n",
        "x,".repeat(100),
        "*a,".repeat(100),
        "*b,".repeat(100)
    );
    let circle = "openapi: 3.1.0\nservers: [{url: 'http://a'}]\npaths: { /a: { $ref: '#/paths/~1b' }, /b: { $ref: '#/paths/~1a' } }\n";
    for (name, text) in [
        ("a.yaml", deep.as_str()),
        ("a.json", deep.as_str()),
        ("a.yaml", wide.as_str()),
        ("a.yaml", circle),
        ("a.yaml", "*a"),
        ("a", "\u{0}"),
    ] {
        let loaded = load(name, text);
        assert_eq!(loaded.catalog.is_none(), !loaded.diagnostics.is_empty());
    }
}

#[test]
fn references_come_to_an_end() {
    let circle =
        "{ A: { $ref: «'#/components/schemas/B'» }, B: { $ref: «'#/components/schemas/A'» } }";
    let told = |to: &str| {
        format!("`#/components/schemas/{to}` leads to references alone, and never to their end | -")
    };
    let text = format!(
        "{}components: {{ schemas: {circle} }}\n",
        act("{}", "[]", "{ a: { $ref: «'#/components/schemas/A'» } }")
    );
    verify("a.yaml", &text, &[&told("A"), &told("B"), &told("A")]);
    // A schema that applies itself to the same value says nothing, and must not run for ever.
    for schema in [
        "{ allOf: [{ $ref: '#/components/schemas/A' }] }",
        "{ not: { $ref: '#/components/schemas/A' } }",
    ] {
        let text = format!(
            "{}components: {{ schemas: {{ A: {schema} }} }}\n",
            act("{}", "[]", "{ a: { $ref: '#/components/schemas/A' } }")
        );
        let act = super::operation(&text);
        assert!(act.parameters.read([("a", "x")].into_iter()).is_ok());
    }
}
