//! Parameters, compiled from the schemas of an operation.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::describe::describe;
use super::shape::{Items, Members, Shape, is_separator};
use super::{BodyRules, Gathered, Parameters, Public, ShapeId, Shaper, Shapes, Types, text_of};
use crate::document::{Document, Span, Spot};
use crate::schema::{Schemas, Validator};

/// One parameter of an operation, before it is compiled.
#[derive(Clone, Debug)]
pub(crate) struct Member<'d> {
    pub(crate) name: String,
    /// The schemas that speak of it; several when branches of a body declare it.
    pub(crate) spots: Vec<Spot<'d>>,
    pub(crate) required: bool,
    pub(crate) description: Option<String>,
    /// It, or each item of it, is a segment of the path.
    pub(crate) in_path: bool,
    /// A batch over it has at most so many items, none twice.
    pub(crate) items_max: Option<u32>,
    /// The schema is that of one item: the public parameter is a list of them.
    pub(crate) listed: bool,
    /// Where it is declared.
    pub(crate) at: Span,
}

/// All that parameters are compiled from.
#[derive(Debug)]
pub(crate) struct Plan<'d> {
    pub(crate) members: Vec<Member<'d>>,
    /// The body's schema and its members, where it has rules beyond those of each member.
    pub(crate) body: Option<(Spot<'d>, Vec<String>)>,
}

/// Something wrong that only compiling shows.
pub(crate) type Wrong = (Span, String);

impl Parameters {
    /// Compiles a plan.
    pub(crate) fn build<'d>(
        document: &'d Document<'d>,
        schemas: &Schemas<'_>,
        plan: &Plan<'d>,
    ) -> Result<Self, Vec<Wrong>> {
        let mut shaper = Shaper::new(document);
        let mut public: Vec<Public> = plan
            .members
            .iter()
            .map(|member| Public {
                name: member.name.clone(),
                shape: shape_of(&mut shaper, member),
                in_path: member.in_path,
            })
            .collect();
        public.sort_by_key(|public| std::cmp::Reverse(public.name.len()));
        let by_name =
            public.iter().enumerate().map(|(i, public)| (public.name.clone(), i)).collect();
        let mut wrongs = collisions(&shaper.shapes, &public, plan);
        let validator = compile(schemas, &flat_schema(plan), plan, &mut wrongs);
        let body_rules = plan.body.as_ref().map(|(spot, members)| {
            let schema = Schemas::reference(&spot.pointer);
            let validator = compile(schemas, &schema, plan, &mut wrongs)?;
            Some(BodyRules { members: members.clone(), validator })
        });
        let (Some(validator), None | Some(Some(_))) = (validator, &body_rules) else {
            return Err(wrongs);
        };
        let mut descriptions: Vec<_> =
            plan.members.iter().map(|member| describe(document, member)).collect();
        descriptions.sort_by(|a, b| a.name.cmp(&b.name));
        let parameters = Self {
            shapes: shaper.shapes,
            public,
            by_name,
            defaults: defaults(document, plan),
            validator,
            body_rules: body_rules.flatten(),
            descriptions,
            aliases: Vec::new(),
        };
        wrongs.extend(parameters.bad_defaults(plan));
        if wrongs.is_empty() { Ok(parameters) } else { Err(wrongs) }
    }

    /// The shape of a parameter.
    pub(crate) fn shape(&self, name: &str) -> Option<ShapeId> {
        self.by_name.get(name).and_then(|i| self.public.get(*i)).map(|public| public.shape)
    }

    /// Is it there in every call, because the document says what it is otherwise?
    pub(crate) fn has_default(&self, name: &str) -> bool {
        self.defaults.iter().any(|(known, _)| known == name)
    }

    /// All shapes.
    pub(crate) fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    /// Defaults that the schema itself refuses.
    fn bad_defaults(&self, plan: &Plan<'_>) -> Vec<Wrong> {
        let object: Map<String, Value> = self.defaults.iter().cloned().collect();
        let object = Value::Object(object);
        let at = |name: &str| {
            let member = plan.members.iter().find(|member| member.name == name);
            member.map_or(0..0, |member| member.at.clone())
        };
        self.validator
            .iter_errors(&object)
            .filter_map(|error| {
                let path = error.instance_path().as_str().to_owned();
                let name = path.strip_prefix('/')?.replace("~1", "/").replace("~0", "~");
                Some((
                    at(&name),
                    format!("the default of `{name}` is not allowed by its own schema"),
                ))
            })
            .collect()
    }
}

/// Compiles a schema; what is wrong with it is told at the member that it comes from.
fn compile(
    schemas: &Schemas<'_>,
    schema: &Value,
    plan: &Plan<'_>,
    wrongs: &mut Vec<Wrong>,
) -> Option<Validator> {
    let why = match schemas.compile(schema) {
        Ok(validator) => return Some(validator),
        Err(why) => why?,
    };
    let own = |member: &Member<'_>| {
        let schemas_of = member.spots.iter().map(|spot| Schemas::reference(&spot.pointer));
        let why = schemas_of.filter_map(|schema| schemas.compile(&schema).err()).next()??;
        Some((member.at.clone(), format!("the schema of `{}` is wrong: {why}", member.name)))
    };
    let mut found: Vec<Wrong> = plan.members.iter().filter_map(own).collect();
    if found.is_empty() {
        let at = plan.members.first().map_or(0..0, |member| member.at.clone());
        found.push((at, format!("the schema of the parameters is wrong: {why}")));
    }
    wrongs.append(&mut found);
    None
}

/// Names that are one under `_` = `.`: a signature could not tell them apart (RELIABILITY 1.3, rule 6). So are
/// names that differ in the case of a first letter: API 3.0 always writes a capital.
fn collisions(shapes: &Shapes, public: &[Public], plan: &Plan<'_>) -> Vec<Wrong> {
    let mut taken: HashMap<String, String> = HashMap::new();
    let mut wrongs = Vec::new();
    for member in &plan.members {
        let found = public.iter().find(|public| public.name == member.name);
        let Some(shape) = found.map(|public| public.shape) else { continue };
        let mut names = Vec::new();
        spell(shapes, shape, member.name.clone(), 0, &mut names);
        for name in names {
            let pattern = pattern(&name);
            if let Some(other) = taken.get(&pattern) {
                let what = if name.replace('_', ".") == other.replace('_', ".") {
                    "are the same name: `_` and `.` are signed alike"
                } else {
                    "are the same name: API 3.0 writes every first letter as a capital"
                };
                wrongs.push((member.at.clone(), format!("`{name}` and `{other}` {what}")));
            } else {
                taken.insert(pattern, name);
            }
        }
    }
    wrongs
}

/// Every declared name at and below a shape, a few levels deep: a recursive schema has no end.
fn spell(shapes: &Shapes, id: ShapeId, name: String, depth: usize, names: &mut Vec<String>) {
    const LEVELS_MAX: usize = 4;
    const NAMES_MAX: usize = 4096;
    if depth < LEVELS_MAX
        && names.len() < NAMES_MAX
        && let Some(shape) = shapes.get(id)
    {
        for (member, below) in &shape.members.named {
            spell(shapes, *below, format!("{name}.{member}"), depth + 1, names);
        }
        if shape.types.has(Types::ARRAY) && id != Shapes::ANY {
            spell(shapes, shape.items.rest, format!("{name}.*"), depth + 1, names);
        }
    }
    names.push(name);
}

/// The name with its lists' indices as `*`, `_` as `.`, and small first letters.
fn pattern(name: &str) -> String {
    let segments = name.split(|c: char| u8::try_from(c).is_ok_and(is_separator));
    let star = |segment: &str| !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit());
    let plain = |segment: &str| {
        let mut segment = if star(segment) { "*" } else { segment }.to_owned();
        if let Some(first) = segment.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        segment
    };
    segments.map(plain).collect::<Vec<_>>().join(".")
}

fn shape_of<'d>(shaper: &mut Shaper<'d>, member: &Member<'d>) -> ShapeId {
    let shape = shaper.shape(&member.spots);
    if !member.listed {
        return shape;
    }
    shaper.shapes.push(Shape {
        types: Types::ARRAY,
        items: Items { prefix: Vec::new(), rest: shape },
        members: Members::default(),
    })
}

/// The schema of the flat object: every member by reference into the document.
fn flat_schema(plan: &Plan<'_>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for member in &plan.members {
        let own = match member.spots.as_slice() {
            [one] => Schemas::reference(&one.pointer),
            // Several branches speak of it: the body's own rules decide.
            _ => json!({}),
        };
        let schema = match member.items_max {
            Some(max) if member.listed => json!({
                "type": "array", "items": own, "minItems": 1, "maxItems": max, "uniqueItems": true
            }),
            Some(max) => {
                json!({ "allOf": [own], "minItems": 1, "maxItems": max, "uniqueItems": true })
            }
            None => own,
        };
        properties.insert(member.name.clone(), schema);
        if member.required {
            required.push(member.name.clone());
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// The defaults of scalars at the top, so that a price can be worked out of what was not sent.
fn defaults<'d>(document: &'d Document<'d>, plan: &Plan<'d>) -> Vec<(String, Value)> {
    let of = |member: &Member<'d>| {
        let spots = member.spots.iter();
        let chain = spots.flat_map(|spot| [Some(spot.clone()), document.resolve(spot.clone())]);
        let mut values = chain.flatten().filter_map(|spot| spot.value.get("default").cloned());
        let value = values.next().filter(|value| text_of(value).is_some())?;
        Some((member.name.clone(), value))
    };
    plan.members.iter().filter(|member| !member.listed).filter_map(of).collect()
}

/// Does a body's schema say more than what its members are?
pub(crate) fn has_rules(document: &Document<'_>, body: &Spot<'_>) -> bool {
    const PLAIN: [&str; 11] = [
        "$comment",
        "$ref",
        "additionalProperties",
        "default",
        "description",
        "example",
        "examples",
        "properties",
        "required",
        "title",
        "type",
    ];
    let mut at = Some(body.clone());
    for _ in 0..32 {
        let Some(spot) = at else { return false };
        if spot.members().any(|(key, _)| !PLAIN.contains(&key) && !key.starts_with("x-")) {
            return true;
        }
        at = spot.text("$ref").and_then(|to| document.target(to));
    }
    true
}

/// The types of a parameter.
pub(crate) fn types_of<'d>(document: &'d Document<'d>, member: &Member<'d>) -> Types {
    if member.listed {
        return Types::ARRAY;
    }
    Gathered::from(document, &member.spots).types.unwrap_or(Types::TEXT).without(Types::NULL)
}
