//! The document and the service say the same: routes, module codes, prices, and every call of every table.

use std::collections::BTreeMap;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answer::ModuleError;
use crate::offer::INSTANCE_TYPES;
use crate::route::{ROUTES, Route};

pub(super) struct Document(Value);

impl Document {
    pub(super) fn read() -> Self {
        Self(serde_saphyr::from_str(crate::DOCUMENT).expect("the document is YAML"))
    }

    fn operation(&self, route: &Route) -> &Value {
        &self.0["paths"][route.path][route.method.as_str().to_lowercase()]
    }

    /// What was sent and answered is as the document says; what was refused as malformed is not by it either.
    pub(super) fn check(
        &self,
        method: &str,
        target: &str,
        body: &str,
        status: StatusCode,
        found: &Value,
    ) {
        let path = target.split('?').next().unwrap_or_default();
        let method: Method = method.parse().expect("a method");
        let Ok((route, _)) = Route::find(&method, path) else { return };
        let row = format!("{method} {target} {body:.300}");
        if method == Method::POST
            && let Ok(body) = serde_json::from_str(body)
        {
            let schema = self.pointer(
                &format!("{}/requestBody", pointer(route)),
                "/content/application~1json/schema",
            );
            let malformed = status == StatusCode::PAYLOAD_TOO_LARGE
                || status == StatusCode::BAD_REQUEST && found.get("moduleCode").is_none();
            assert_eq!(self.allows(&schema, &body), !malformed, "{row}");
        }
        if status == StatusCode::OK {
            let schema = self.pointer(
                &format!("{}/responses/200", pointer(route)),
                "/content/application~1json/schema",
            );
            assert!(self.allows(&schema, found), "{row}\n{found}");
        } else if status.is_success() {
            let declared = &self.operation(route)["responses"][status.as_str()];
            assert!(declared.is_object() && found.is_null(), "{row}");
        }
    }

    /// A pointer below an object that may be a `$ref` to another.
    fn pointer(&self, object: &str, below: &str) -> String {
        let there = self.0.pointer(object).unwrap_or_else(|| panic!("{object}"));
        match there["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(reference) => format!("{reference}{below}"),
            None => format!("{object}{below}"),
        }
    }

    fn allows(&self, schema: &str, value: &Value) -> bool {
        assert!(self.0.pointer(schema).is_some_and(Value::is_object), "no schema at {schema}");
        let mut root = self.0.clone();
        // Braces stand in no URI (RFC 3986, 2).
        let schema = schema.replace('{', "%7B").replace('}', "%7D");
        root["$ref"] = json!(format!("#{schema}"));
        jsonschema::draft202012::new(&root).expect("a schema").is_valid(value)
    }
}

fn pointer(route: &Route) -> String {
    let path = route.path.replace('/', "~1");
    format!("/paths/{path}/{}", route.method.as_str().to_lowercase())
}

#[test]
fn every_operation_is_served_and_every_route_is_documented() {
    let document = Document::read();
    let mut documented = Vec::new();
    for (path, methods) in document.0["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let name = operation["operationId"].as_str().expect("an operationId");
            documented.push((name.to_owned(), method.to_uppercase(), path.clone()));
        }
    }
    let mut served: Vec<_> = ROUTES
        .iter()
        .map(|route| (route.name.to_owned(), route.method.to_string(), route.path.to_owned()))
        .collect();
    documented.sort();
    served.sort();
    assert_eq!(documented, served);
    for route in &ROUTES {
        assert_eq!(format!("{:?}", route.action), route.name);
    }
}

#[test]
fn every_module_error_is_documented_with_its_code_cause_and_fix() {
    let (instance_type, zone) = ("GPU.LARGE1", "gz-1");
    let made: BTreeMap<_, _> = [
        ModuleError::IncorrectProject,
        ModuleError::NoSuchImage { image: String::new() },
        ModuleError::Running,
        ModuleError::AlreadyStopped,
        ModuleError::Stopped,
        ModuleError::SoldOut { instance_type, zone },
        ModuleError::NotOffered { instance_type, zone },
    ]
    .map(|error| {
        let (code, module_code) = error.codes();
        (module_code.to_owned(), u64::from(code))
    })
    .into();
    let document = Document::read();
    let errors = document.0["x-faregate"]["errors"].as_object().expect("errors");
    let documented: BTreeMap<_, _> = errors
        .iter()
        .map(|(code, error)| (code.clone(), error["code"].as_u64().expect("a code")))
        .collect();
    assert_eq!(documented, made);
    for (code, error) in errors {
        for member in ["message", "cause", "fix"] {
            assert!(error[member].as_str().is_some_and(|text| !text.is_empty()), "{code} {member}");
        }
    }
}

#[test]
fn what_the_gateway_charges_is_what_an_inquiry_answers() {
    let document = Document::read();
    let purchase = &document.0["paths"]["/instances"]["post"]["x-faregate"]["purchase"];
    let price = purchase["price"].as_str().expect("a price");
    let alternatives = |text: &str| text.split(" : ").map(str::to_owned).collect::<Vec<_>>();
    let alternatives = alternatives(price);
    for instance_type in &INSTANCE_TYPES {
        let money = format!("money('{}')", instance_type.price(1, 1));
        let test = format!("params.instanceType == '{}' ? {money}", instance_type.name);
        let is_last = alternatives.last().is_some_and(|last| last == &format!("{money})"));
        assert!(price.contains(&test) || is_last, "{}", instance_type.name);
    }
}

#[test]
fn every_parameter_is_described() {
    let document = Document::read();
    for route in &ROUTES {
        let operation = document.operation(route);
        let inline = operation["parameters"].as_array().into_iter().flatten();
        for parameter in inline {
            assert!(parameter["description"].is_string(), "{} {parameter}", route.name);
        }
        if operation["requestBody"].is_object() {
            let schema = document.pointer(
                &format!("{}/requestBody", pointer(route)),
                "/content/application~1json/schema",
            );
            let schema = document.0.pointer(&schema).expect("a schema");
            assert_eq!(schema["additionalProperties"], json!(false), "{}", route.name);
            for (name, member) in schema["properties"].as_object().expect("properties") {
                let described = member["description"].is_string() || member["$ref"].is_string();
                assert!(described, "{} {name}", route.name);
            }
        }
    }
    for image in crate::IMAGES {
        assert!(crate::DOCUMENT.contains(image), "{image}");
    }
}
