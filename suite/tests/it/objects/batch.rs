//! Batches: at once, in order, and once more for what failed.

use std::io::Write;
use std::net::TcpStream;

use faregate_signing::Method;
use serde_json::Value;

use super::cloud::{Cloud, DOCUMENT, request};

fn items(ids: &[&str]) -> Vec<(String, String)> {
    ids.iter().enumerate().map(|(n, id)| (format!("instanceIds.{n}"), (*id).to_owned())).collect()
}

fn with(mut params: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    params.push((name.to_owned(), value.to_owned()));
    params
}

fn codes(answer: &Value, ids: &[&str]) -> Vec<u64> {
    ids.iter().map(|id| answer["detail"][id]["code"].as_u64().expect("a code")).collect()
}

#[test]
fn what_failed_is_done_once_more_and_what_was_done_is_not() {
    let mut cloud = Cloud::start();
    assert!(cloud.serve(DOCUMENT, ""));
    let (ann, bob) = (cloud.ann.clone(), cloud.bob.clone());
    let (own, foreign) = (cloud.buy(&ann), cloud.buy(&bob));
    let ids = [own.as_str(), foreign.as_str()];
    let post = |params: &[(String, String)], account| {
        cloud.call(account, Method::Post, "StopInstances", params).json()
    };
    let first = post(&items(&ids), &ann);
    assert_eq!(
        (first["code"].as_u64(), codes(&first, &ids)),
        (Some(5400), vec![0, 5000]),
        "{first}"
    );
    let token = first["resumeToken"].as_str().expect("a token").to_owned();
    let resume = |params: Vec<(String, String)>, account| {
        post(&with(params, "ResumeToken", &token), account)
    };
    // Of another account, with other parameters, and what is no token.
    for (params, account, words) in [
        (items(&ids), &bob, "of no call that this account made"),
        (items(&ids[..1]), &ann, "other parameters: instanceIds.1"),
        (items(&[ids[1], ids[0]]), &ann, "other parameters"),
    ] {
        let before = cloud.calls();
        let refused = resume(params, account);
        assert_eq!(
            (refused["code"].as_u64(), cloud.calls() - before),
            (Some(4000), 0),
            "{refused}"
        );
        assert!(refused["message"].as_str().unwrap().contains(words), "{refused}");
    }
    let share =
        [("instanceIds.0", foreign.as_str()), ("accountId", ann.id.as_str()), ("access", "write")];
    cloud.done(&bob, "ShareInstances", &share);
    let before = cloud.calls();
    let second = resume(items(&ids), &ann);
    assert_eq!((second["code"].as_u64(), codes(&second, &ids)), (Some(0), vec![0, 0]), "{second}");
    assert_eq!(cloud.calls() - before, 1, "what was done is not done again");
    assert_eq!(second["detail"][&own]["requestId"], first["requestId"], "and says by which call");
    assert!(second.get("resumeToken").is_none(), "{second}");
    let third = resume(items(&ids), &ann);
    assert_eq!(third["code"], 4000, "{third}");
    assert!(third["message"].as_str().unwrap().contains("it was used"), "{third}");
}

#[test]
fn of_many_that_go_on_with_one_batch_one_does() {
    let mut cloud = Cloud::start();
    assert!(cloud.serve(DOCUMENT, ""));
    let ann = cloud.ann.clone();
    let own = cloud.buy(&ann);
    let first = cloud.call(&ann, Method::Post, "StartInstances", &items(&[&own])).json();
    let token = first["resumeToken"].as_str().expect("a token: it runs already").to_owned();
    let params = with(items(&[&own]), "ResumeToken", &token);
    let before = cloud.calls();
    let answers: Vec<u64> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| cloud.call(&ann, Method::Post, "StartInstances", &params).code())
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|code| **code == 5100).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|code| **code == 4000).count(), 15, "{answers:?}");
    assert_eq!(cloud.calls() - before, 1);
}

#[test]
fn all_or_nothing_sends_nothing_if_a_gate_refuses_an_item() {
    let mut cloud = Cloud::start();
    assert!(cloud.serve(DOCUMENT, ""));
    let (ann, bob) = (cloud.ann.clone(), cloud.bob.clone());
    let (own, foreign) = (cloud.buy(&ann), cloud.buy(&bob));
    let ids = [own.as_str(), foreign.as_str()];
    let give = |ids: &[&str]| {
        let params = with(items(ids), "accountId", &bob.id);
        cloud.call(&ann, Method::Post, "TransferInstances", &params).json()
    };
    let before = cloud.calls();
    let refused = give(&ids);
    assert_eq!((refused["code"].as_u64(), codes(&refused, &ids)), (Some(5100), vec![5100, 5000]));
    assert_eq!(refused["detail"][&own]["reason"], "NOT_ATTEMPTED", "{refused}");
    assert_eq!(cloud.calls() - before, 0);
    assert_eq!(give(&ids[..1])["code"], 0);
}

#[test]
fn detail_is_in_the_order_sent_and_is_told_again_to_its_account_by_the_request_id() {
    let mut cloud = Cloud::start();
    assert!(cloud.serve(DOCUMENT, ""));
    let ann = cloud.ann.clone();
    let bought = cloud.done(
        &ann,
        "RunInstances",
        &[
            ("zone", "gz-1"),
            ("instanceType", "S1.SMALL1"),
            ("imageId", "img-debian-12"),
            ("period", "1"),
            ("goodsNum", "10"),
        ],
    );
    let mut ids: Vec<&str> =
        bought["instanceIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    ids.reverse();
    let reply = cloud.call(&ann, Method::Post, "StopInstances", &items(&ids));
    let places: Vec<usize> = ids
        .iter()
        .map(|id| reply.text.find(&format!("\"{id}\":{{")).expect("every item once"))
        .collect();
    assert!(places.is_sorted(), "{}", reply.text);
    let id = reply.json()["requestId"].as_str().unwrap().to_owned();
    let told = cloud.done(&ann, "DescribeRequest", &[("requestId", &id)]);
    assert_eq!(codes(&told["request"], &ids), codes(&reply.json(), &ids), "{told}");
    let foreign =
        cloud.call(&cloud.bob, Method::Get, "DescribeRequest", &[("requestId".to_owned(), id)]);
    assert_eq!(foreign.code(), 5000);
}

#[test]
fn a_client_that_goes_away_stops_nothing_and_the_result_can_be_fetched() {
    let mut cloud = Cloud::start();
    assert!(cloud.serve(DOCUMENT, ""));
    let ann = cloud.ann.clone();
    let ids = [cloud.buy(&ann), cloud.buy(&ann), cloud.buy(&ann)];
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let params = with(items(&ids), "ClientToken", "once");
    let bytes = request(&ann, Method::Post, "StopInstances", &params);
    let before = cloud.calls();
    let mut stream = TcpStream::connect(&cloud.address).unwrap();
    stream.write_all(&bytes).unwrap();
    // Begun is what was sent upstream; the answer is read by nobody.
    while cloud.calls() == before {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    drop(stream);
    // The same token waits for the end of the first call, and gets its answer.
    let told = cloud.call(&ann, Method::Post, "StopInstances", &params).json();
    assert_eq!(codes(&told, &ids), [0, 0, 0], "{told}");
    assert_eq!(cloud.calls() - before, 3, "all of them are done, once");
    let id = told["requestId"].as_str().unwrap();
    let kept = cloud.done(&ann, "DescribeRequest", &[("requestId", id)]);
    assert_eq!(codes(&kept["request"], &ids), [0, 0, 0], "{kept}");
}
