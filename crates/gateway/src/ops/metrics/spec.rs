//! Cells of several workers are one sample, and go on counting when the catalog changes.

use std::time::Duration;

use faregate_catalog::{Settings, Source};
use faregate_contract::{Answer, Members, Outcome, RequestId};
use faregate_pipeline::{availability, order};

use super::*;

fn catalog(actions: &str, before: &Catalog) -> Catalog {
    let text = format!(
        "openapi: 3.1.0\ninfo: {{ title: Zones, version: '1' }}\nservers: [{{ url: 'http://127.0.0.1:9' }}]\nx-faregate: {{ module: lb }}\npaths:\n{actions}"
    );
    let source = Source { name: "lb.yaml", text: &text, upstream: None };
    let loaded = Catalog::load_after(before, &[source], &Settings { base_domain: "a.b" });
    loaded.catalog.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

fn answer(outcome: Outcome) -> Answer {
    Answer { request_id: RequestId::new(1, [0; 10]), outcome }
}

#[test]
fn workers_are_added_up_and_a_new_catalog_goes_on_counting() {
    let metrics = Metrics::new(Millis::new(0));
    let first = catalog("  /b:\n    get: { operationId: B }\n", &Catalog::empty());
    let second =
        catalog("  /a:\n    get: { operationId: A }\n  /b:\n    get: { operationId: B }\n", &first);
    let b = first.modules()[0].operation("B").unwrap().ordinal;
    assert_eq!(b, second.modules()[0].operation("B").unwrap().ordinal);
    let a = second.modules()[0].operation("A").unwrap().ordinal;
    let good = answer(Outcome::Success(Members::none()));
    let refused = answer(Outcome::Refused(Box::new(availability::overload("calls"))));
    let spent = Spent { whole: Duration::from_millis(3), upstream: Duration::from_millis(2) };
    for ledger in [metrics.worker(), metrics.worker()] {
        let meters = ledger.meters(&first);
        meters.count(&good, Some(b), order::OUTCOME, spent);
        let meters = ledger.meters(&second);
        meters.count(&good, Some(b), order::OUTCOME, spent);
        meters.count(&refused, Some(a), order::ACTION, spent);
        meters.count(&refused, None, order::PROTOCOL, Spent { upstream: Duration::ZERO, ..spent });
    }
    let (mut text, books) = (Text::default(), metrics.books.lock().unwrap().clone());
    requests(&mut text, &books);
    durations(&mut text, &books);
    let said = text.finish();
    for line in [
        "faregate_requests_total{module=\"lb\",action=\"B\",code=\"0\"} 4",
        "faregate_requests_total{module=\"lb\",action=\"A\",code=\"6200\"} 2",
        "faregate_requests_total{module=\"none\",action=\"none\",code=\"6200\"} 2",
        "faregate_refusals_total{gate=\"action\",code=\"6200\"} 2",
        "faregate_refusals_total{gate=\"protocol\",code=\"6200\"} 2",
        "faregate_request_duration_seconds_count{module=\"lb\"} 6",
        "faregate_request_duration_seconds_sum{module=\"lb\"} 0.018",
        "faregate_upstream_duration_seconds_bucket{module=\"lb\",le=\"0.0025\"} 6",
        "faregate_upstream_duration_seconds_bucket{module=\"lb\",le=\"0.001\"} 0",
        "faregate_gateway_duration_seconds_count 8",
    ] {
        assert!(said.contains(&format!("{line}\n")), "{line}\nin\n{said}");
    }
}
