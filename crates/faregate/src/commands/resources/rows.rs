//! The rows of a file of resources: CSV (RFC 4180) or JSON Lines.

use faregate_pipeline::facts::ResourceRef;
use faregate_stores::ImportRow;
use serde_json::Value;

pub(super) fn is_heading(line: &str) -> bool {
    let cells = cells(line).unwrap_or_default();
    cells.len() == 3 && cells.iter().any(|cell| cell == "account")
}

/// The cells of a row: bare, or between quotes that stand twice within (RFC 4180).
fn cells(line: &str) -> Option<Vec<String>> {
    let (mut cells, mut rest) = (Vec::new(), line);
    loop {
        let after = if let Some(quoted) = rest.strip_prefix('"') {
            let (mut cell, mut tail) = (String::new(), quoted);
            loop {
                let (text, after) = tail.split_once('"')?;
                cell.push_str(text);
                match after.strip_prefix('"') {
                    Some(more) => {
                        cell.push('"');
                        tail = more;
                    }
                    None => break tail = after,
                }
            }
            cells.push(cell);
            tail
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (cell, after) = rest.split_at_checked(end)?;
            cells.push(cell.trim().to_owned());
            after
        };
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None if after.is_empty() => return Some(cells),
            None => return None,
        }
    }
}

pub(super) fn of_csv(line: &str) -> Result<ImportRow, &'static str> {
    let cells = cells(line).ok_or("its quotes do not match")?;
    let [kind, id, account] = cells.as_slice() else {
        return Err("a row is `module/type,id,account`");
    };
    row(kind, id, account)
}

pub(super) fn of_json(line: &str) -> Result<ImportRow, &'static str> {
    let value: Value = serde_json::from_str(line).map_err(|_| "it is not JSON")?;
    let text = |name: &str| match value.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => None,
    };
    let whole =
        text("module/type").or_else(|| Some(format!("{}/{}", text("module")?, text("type")?)));
    match (whole, text("id"), text("account")) {
        (Some(kind), Some(id), Some(account)) => row(&kind, &id, &account),
        _ => Err("an object has `module/type`, `id` and `account`"),
    }
}

fn row(kind: &str, id: &str, account: &str) -> Result<ImportRow, &'static str> {
    let (module, kind) = kind.split_once('/').ok_or("its first cell is `module/type`")?;
    if [module, kind, id, account].iter().any(|text| text.is_empty()) {
        return Err("nothing may be empty");
    }
    if id.len() > 1_024 {
        return Err("an id has at most 1024 bytes");
    }
    let (module, kind, id) = (module.to_owned(), kind.to_owned(), id.to_owned());
    Ok(ImportRow { resource: ResourceRef { module, kind, id }, account: account.to_owned() })
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_row_is_read_or_told_why_not() {
        for (line, read) in [
            ("cvm/instance,ins-1,100", Ok(("cvm", "instance", "ins-1", "100"))),
            ("cvm/instance, ins-1 ,100", Ok(("cvm", "instance", "ins-1", "100"))),
            ("\"cvm/instance\",\"a,\"\"b\"\"\",100", Ok(("cvm", "instance", "a,\"b\"", "100"))),
            ("cvm/instance,ins-1", Err("a row is `module/type,id,account`")),
            ("cvm,ins-1,100", Err("its first cell is `module/type`")),
            ("cvm/instance,,100", Err("nothing may be empty")),
            ("cvm/instance,\"a,100", Err("its quotes do not match")),
            ("cvm/instance,\"a\"b,100", Err("its quotes do not match")),
            (
                r#"{"module/type":"cvm/instance","id":"i","account":"1"}"#,
                Ok(("cvm", "instance", "i", "1")),
            ),
            (
                r#"{"module":"cvm","type":"instance","id":7,"account":1}"#,
                Ok(("cvm", "instance", "7", "1")),
            ),
            (r#"{"id":"i"}"#, Err("an object has `module/type`, `id` and `account`")),
            ("{", Err("it is not JSON")),
        ] {
            let found = if line.starts_with('{') { of_json(line) } else { of_csv(line) };
            let found = found.as_ref().map(|row| {
                let r = &row.resource;
                (r.module.as_str(), r.kind.as_str(), r.id.as_str(), row.account.as_str())
            });
            assert_eq!(found, read.as_ref().map(|row| *row), "{line}");
        }
        assert!(is_heading("module/type,id,account") && !is_heading("cvm/instance,i,100"));
    }
}
