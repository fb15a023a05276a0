//! How a command writes its answer: a table for people, JSON for programs, or a part of it.

use clap::{Args, ValueEnum};
use serde_json::Value;
use serde_json_path::JsonPath;

use super::data;

/// How the answer is written.
#[derive(Debug, Args)]
pub(crate) struct Shape {
    /// Answer with JSON: the same as `-o json`
    #[arg(long, conflicts_with = "output")]
    json: bool,
    /// How the answer is written
    #[arg(short, long, value_enum, value_name = "FORMAT", env = "FAREGATE_OUTPUT")]
    output: Option<Format>,
    /// Only what this JSONPath (RFC 9535) finds in the JSON, one a line: '$[*].accountId'
    #[arg(long, value_name = "JSONPATH", value_parser = path)]
    query: Option<JsonPath>,
}

/// The ways to write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One line of JSON
    Json,
    /// A line of JSON for each element of a list
    Ndjson,
    /// The ids alone, one a line
    Id,
}

/// The members that name what a row is about, the first that is there.
const IDS: [&str; 6] = ["id", "secretId", "requestId", "accountId", "code", "module"];

impl Shape {
    /// Is the answer for a program.
    pub(crate) fn is_json(&self) -> bool {
        self.query.is_some() || !matches!(self.format(), Format::Table)
    }

    fn format(&self) -> Format {
        match (self.json, self.output) {
            (true, _) => Format::Json,
            (false, Some(format)) => format,
            (false, None) => Format::Table,
        }
    }

    /// Writes the answer, or lets `people` write it for people.
    pub(crate) fn write(&self, value: &Value, people: impl FnOnce()) {
        if !self.is_json() {
            people();
            return;
        }
        for line in self.lines(value) {
            data(line);
        }
    }

    fn lines(&self, value: &Value) -> Vec<String> {
        if let Some(query) = &self.query {
            return query.query(value).iter().map(|found| plain(found)).collect();
        }
        let rows = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        match self.format() {
            Format::Table | Format::Json => vec![value.to_string()],
            Format::Ndjson => rows.iter().map(Value::to_string).collect(),
            Format::Id => {
                let id = |row: &Value| IDS.iter().find_map(|id| row.get(id).map(plain));
                rows.iter().filter_map(id).collect()
            }
        }
    }
}

/// A text as it is, everything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn path(text: &str) -> Result<JsonPath, String> {
    JsonPath::parse(text).map_err(|cause| format!("{cause}; write it as '$[*].accountId'"))
}

#[cfg(test)]
mod spec {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_has_five_shapes() {
        let list = json!([{"accountId": "1", "n": 5}, {"accountId": "2", "n": null}]);
        let one = json!({"secretId": "AKID", "accountId": "1"});
        for (json, output, query, value, lines) in [
            (true, None, None, &list, vec![list.to_string()]),
            (false, Some(Format::Json), None, &one, vec![one.to_string()]),
            (
                false,
                Some(Format::Ndjson),
                None,
                &list,
                vec![list[0].to_string(), list[1].to_string()],
            ),
            (false, Some(Format::Ndjson), None, &one, vec![one.to_string()]),
            (false, Some(Format::Id), None, &list, vec!["1".to_owned(), "2".to_owned()]),
            (false, Some(Format::Id), None, &one, vec!["AKID".to_owned()]),
            (false, None, Some("$[*].n"), &list, vec!["5".to_owned(), "null".to_owned()]),
            (true, None, Some("$[?@.n == 5].accountId"), &list, vec!["1".to_owned()]),
            (false, None, Some("$.none"), &one, vec![]),
        ] {
            let query = query.map(|query| path(query).unwrap());
            let shape = Shape { json, output, query };
            assert!(shape.is_json());
            assert_eq!(shape.lines(value), lines, "{shape:?}");
        }
        let table = Shape { json: false, output: Some(Format::Table), query: None };
        assert!(!table.is_json());
        assert!(path("accountId").unwrap_err().contains("$[*].accountId"));
    }
}
