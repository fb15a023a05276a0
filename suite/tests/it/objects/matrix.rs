//! Every action of compute's document, every field of it that looks like an id, and whose the id is: foreign, absent
//! and returned, by GET, by POST, and among the items of a batch.
//!
//! The rows come from the names of the fields, not from what is bound: a binding that is taken out of the document
//! leaves its row, and the row tells.

use std::fmt::Write as _;

use faregate_catalog::{Catalog, Module, Operation, Rest, Settings, Source};
use faregate_signing::Method;
use serde_json::{Value, json};

use super::cloud::{Cloud, DOCUMENT};
use crate::raw::Reply;
use crate::world::Account;

/// What nobody of these is `ann`'s.
struct Ids {
    foreign: String,
    absent: String,
    returned: String,
}

impl Ids {
    fn make(cloud: &Cloud) -> Self {
        let foreign = cloud.buy(&cloud.bob);
        let returned = cloud.buy(&cloud.ann);
        cloud.done(&cloud.ann, "ReturnInstance", &[("instanceId", &returned)]);
        Self { foreign, absent: "ins-00000000".to_owned(), returned }
    }

    fn each(&self) -> [(&'static str, &str); 3] {
        [("foreign", &self.foreign), ("absent", &self.absent), ("returned", &self.returned)]
    }
}

fn module() -> std::sync::Arc<Module> {
    let source = Source { name: "compute.yaml", text: DOCUMENT, upstream: None };
    let loaded = Catalog::load(&[source], &Settings { base_domain: "api.qcloud.com" });
    loaded.catalog.expect("compute's document loads").module("cvm").unwrap().clone()
}

/// The parameters of an example call, flat.
fn example(operation: &Operation, cloud: &Cloud) -> Vec<(String, Value)> {
    let described = operation.parameters.describe();
    let mut params: Vec<(String, Value)> = described
        .iter()
        .filter(|parameter| parameter.required)
        .map(|parameter| (parameter.name.clone(), parameter.example.clone()))
        .collect();
    for (name, value) in &mut params {
        if name == "accountId" {
            *value = json!(cloud.bob.id);
        }
    }
    params
}

/// The same with these ids under `field`.
fn with_ids(
    params: &[(String, Value)],
    field: &str,
    ids: &[&str],
    is_list: bool,
) -> Vec<(String, String)> {
    let mut flat = Vec::new();
    for (name, value) in params.iter().filter(|(name, _)| name != field) {
        if let Value::Array(items) = value {
            let items = items.iter().enumerate();
            flat.extend(items.map(|(n, item)| (format!("{name}.{n}"), text(item))));
        } else {
            flat.push((name.clone(), text(value)));
        }
    }
    if is_list {
        flat.extend(
            ids.iter().enumerate().map(|(n, id)| (format!("{field}.{n}"), (*id).to_owned())),
        );
    } else {
        flat.push((field.to_owned(), ids[0].to_owned()));
    }
    flat
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// An answer without its RequestId and without the id that was asked for.
fn bare(reply: &Reply, id: &str) -> String {
    let own = reply.json()["requestId"].as_str().expect("a requestId").to_owned();
    reply.text.replace(&own, "REQUEST").replace(id, "ID")
}

/// One cell of the matrix: what was not as it must be.
struct Judge<'c> {
    cloud: &'c Cloud,
    wrong: Vec<String>,
    n_cells: usize,
}

impl Judge<'_> {
    /// Calls, and compares the code and how often compute was called.
    fn cell(
        &mut self,
        (row, account, id): (&str, &Account, &str),
        (method, action, params): (Method, &str, &[(String, String)]),
        code_of: impl Fn(&Value) -> Option<u64>,
        n_calls: u64,
    ) -> String {
        let before = self.cloud.calls();
        let reply = self.cloud.call(account, method, action, params);
        let after = self.cloud.calls() - before;
        let found = code_of(&reply.json());
        self.n_cells += 1;
        if found != Some(5000) || after != n_calls {
            self.wrong.push(format!("{row}: {found:?}, {after} calls upstream: {}", reply.text));
        }
        bare(&reply, id)
    }
}

/// Runs the rows of these actions; what is wrong, and how many cells there were.
fn matrix(cloud: &Cloud, ids: &Ids, wanted: impl Fn(&str) -> bool) -> (Vec<String>, usize) {
    let module = module();
    let mut judge = Judge { cloud, wrong: Vec::new(), n_cells: 0 };
    for operation in module.operations().filter(|operation| wanted(&operation.action)) {
        let action = operation.action.as_str();
        let recipients = ["accountId"];
        let fields = module.id_parameters(operation);
        for field in fields.iter().filter(|field| !recipients.contains(&field.as_str())) {
            let described = operation.parameters.describe();
            let is_list =
                described.iter().any(|p| p.name == *field && p.type_text.starts_with("list"));
            let batch = operation.batch.as_ref().is_some_and(|batch| batch.over == *field);
            let params = example(operation, cloud);
            for method in [Method::Get, Method::Post] {
                let mut answers = Vec::new();
                for (whose, id) in ids.each() {
                    let row = format!("{action}.{field} {whose} by {method:?}");
                    let sent = with_ids(&params, field, &[id], is_list);
                    let code = |answer: &Value| {
                        let of =
                            if batch { &answer["detail"][id]["code"] } else { &answer["code"] };
                        of.as_u64()
                    };
                    let call = (method, action, sent.as_slice());
                    answers.push(judge.cell((&row, &cloud.ann, id), call, code, 0));
                }
                if answers.iter().any(|answer| *answer != answers[0]) {
                    judge
                        .wrong
                        .push(format!("{action}.{field} by {method:?} differ: {answers:#?}"));
                }
            }
            if batch {
                in_batch(&mut judge, ids, operation, field, &params);
            }
        }
        recipient(&mut judge, operation);
    }
    (judge.wrong, judge.n_cells)
}

/// Among an item of its own, which is the only one that goes upstream.
fn in_batch(
    judge: &mut Judge<'_>,
    ids: &Ids,
    operation: &Operation,
    field: &str,
    params: &[(String, Value)],
) {
    let (cloud, action) = (judge.cloud, operation.action.as_str());
    let is_left = operation.batch.as_ref().is_some_and(|batch| batch.rest == Rest::Left);
    let mut answers = Vec::new();
    for (whose, id) in ids.each() {
        let own = cloud.buy(&cloud.ann);
        let row = format!("{action}.{field} {whose} in a batch");
        let sent = with_ids(params, field, &[&own, id], true);
        let code = |answer: &Value| answer["detail"][id]["code"].as_u64();
        let call = (Method::Post, action, sent.as_slice());
        let told = judge.cell((&row, &cloud.ann, id), call, code, u64::from(!is_left));
        answers.push(without_own(&told, &own));
    }
    if answers.iter().any(|answer| *answer != answers[0]) {
        judge.wrong.push(format!("{action}.{field} in a batch differ: {answers:#?}"));
    }
}

/// A batch's answer without what its own item answered, which is paid by itself: a balance and an order that are new.
fn without_own(told: &str, own: &str) -> String {
    let (before, from) = told.split_once(&format!("\"{own}\":")).unwrap_or((told, ""));
    let rest = from.split_once(",\"ID\":").map_or("", |(_, rest)| rest);
    format!("{before} {rest}")
}

/// An account that is not there is told as a resource that is not.
fn recipient(judge: &mut Judge<'_>, operation: &Operation) {
    let (cloud, action) = (judge.cloud, operation.action.as_str());
    if operation.recipients(json!({ "accountId": "x" }).as_object().unwrap()).is_empty() {
        return;
    }
    let own = cloud.buy(&cloud.ann);
    let mut params = example(operation, cloud);
    for (name, value) in &mut params {
        if name == "accountId" {
            *value = json!("999999999");
        }
    }
    let sent = with_ids(&params, "instanceIds", &[&own], true);
    let row = format!("{action} to an account that is not there");
    let code = |answer: &Value| answer["code"].as_u64();
    judge.cell((&row, &cloud.ann, &own), (Method::Post, action, &sent), code, 0);
}

/// What an account may do with its own, and sees of others': the other half of every binding.
fn own(cloud: &Cloud) -> Vec<String> {
    let (ann, bob) = (&cloud.ann, &cloud.bob);
    let mut wrong = Vec::new();
    let mut must =
        |row: &str, account: &Account, action: &str, params: &[(&str, &str)], code: u64| {
            let params: Vec<_> =
                params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            let before = cloud.calls();
            let reply = cloud.call(account, Method::Post, action, &params);
            let n_calls = cloud.calls() - before;
            let detail = reply.json()["detail"]
                .as_object()
                .and_then(|detail| detail.values().next().and_then(|item| item["code"].as_u64()));
            let found = detail.unwrap_or_else(|| reply.code());
            if found != code || (code == 5000) != (n_calls == 0) {
                wrong.push(format!("{row}: {found}, {n_calls} calls upstream: {}", reply.text));
            }
            reply.json()
        };
    let bought = must("buys", ann, "RunInstances", &crate::raw::ORDER, 0);
    let id = bought["instanceIds"][0].as_str().unwrap_or("ins-99999999").to_owned();
    let item = ("instanceIds.0", id.as_str());
    let one = ("instanceId", id.as_str());
    let to_bob = ("accountId", bob.id.as_str());
    must("sees its own", ann, "DescribeInstances", &[item], 0);
    must("bob does not", bob, "DescribeInstances", &[item], 5000);
    must("lends it", ann, "ShareInstances", &[item, to_bob, ("access", "read")], 0);
    must("bob sees it", bob, "DescribeInstances", &[item], 0);
    must("bob cannot stop it", bob, "StopInstances", &[item], 5000);
    must("lends it more", ann, "ShareInstances", &[item, to_bob, ("access", "write")], 0);
    must("bob stops it", bob, "StopInstances", &[item], 0);
    must("bob cannot give it away", bob, "TransferInstances", &[item, to_bob], 5000);
    must("bob cannot return it", bob, "ReturnInstance", &[one], 5000);
    must("takes it back", ann, "ShareInstances", &[item, to_bob, ("access", "none")], 0);
    must("bob sees it no more", bob, "DescribeInstances", &[item], 5000);
    must("gives it away", ann, "TransferInstances", &[item, to_bob], 0);
    must("it is hers no more", ann, "DescribeInstances", &[item], 5000);
    must("it is bob's", bob, "DescribeInstances", &[item], 0);
    must("bob returns it", bob, "ReturnInstance", &[one], 0);
    must("it is nobody's", bob, "DescribeInstances", &[item], 5000);
    let all =
        must("lists", ann, "DescribeInstances", &[("forgetAccounts", "true"), ("limit", "100")], 0);
    let listed = all["instanceSet"].as_array().cloned().unwrap_or_default();
    let hers = must("lists hers", ann, "DescribeInstances", &[("limit", "100")], 0);
    if all["instanceSet"] != hers["instanceSet"] || all["totalCount"] != json!(listed.len()) {
        wrong.push(format!("a list that compute forgot to filter: {all}"));
    }
    wrong
}

#[test]
fn every_field_that_is_an_id_is_refused_alike_whoever_it_belongs_to() {
    let mut cloud = Cloud::start();
    assert!(cloud.serve(DOCUMENT, ""));
    let ids = Ids::make(&cloud);
    let (mut wrong, n_cells) = matrix(&cloud, &ids, |_| true);
    wrong.extend(own(&cloud));
    assert!(wrong.is_empty(), "{wrong:#?}");
    // 2 of one id and 9 of a list by GET and POST, those of a batch among others, 2 accounts.
    assert_eq!(n_cells, (1 + 10) * 3 * 2 + 8 * 3 + 2, "a row is missing, or new");
    println!("{n_cells} cells");
}

/// The document without one term, and where that term stood.
fn without_each_term() -> Vec<(String, String, String)> {
    let whole: Value = serde_saphyr::from_str(DOCUMENT).unwrap();
    let mut variants = Vec::new();
    for (path, item) in whole["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let action = operation["operationId"].as_str().unwrap();
            let terms = &operation["x-faregate"];
            for term in ["resources", "returns", "transfers", "shares", "creates", "filter"] {
                if terms.get(term).is_none() {
                    continue;
                }
                let mut less = whole.clone();
                less["paths"][path][method]["x-faregate"].as_object_mut().unwrap().remove(term);
                let what = format!("{action} without `{term}`");
                variants.push((action.to_owned(), what, less.to_string()));
            }
        }
    }
    variants
}

#[test]
fn a_term_of_ownership_that_is_taken_out_of_the_document_is_noticed() {
    let mut cloud = Cloud::start();
    assert!(cloud.serve(DOCUMENT, ""));
    let ids = Ids::make(&cloud);
    let variants = without_each_term();
    let mut told = String::new();
    for (action, what, document) in &variants {
        let noticed = if cloud.serve(document, "") {
            // The rest of the matrix buys what it needs by an action that may be the broken one.
            let rows = if what.contains("creates") {
                Vec::new()
            } else {
                matrix(&cloud, &ids, |name| name == action).0
            };
            rows.into_iter().chain(own(&cloud)).next()
        } else {
            Some("it does not load".to_owned())
        };
        let noticed = noticed.unwrap_or_else(|| panic!("{what}: nobody notices"));
        writeln!(told, "{what}: {}", noticed.chars().take(100).collect::<String>()).unwrap();
    }
    assert_eq!(variants.len(), 13, "{told}");
    println!("{told}");
}
