//! How a gateway ends: what is under way is answered, within a time; told twice, it ends at once.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::raw;
use crate::serve::{Served, answer_emptily, module_lb};

const HOST: &str = "lb.api.qcloud.com";
const ACTION: &str = "DescribeBalancerZones";

/// A module that counts its calls and takes its time; none: it never answers.
pub(crate) fn module(takes: Option<Duration>) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let calls = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&calls);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream: TcpStream = stream.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            thread::spawn(move || {
                // One that never answers keeps the connection for as long as the test lives.
                thread::sleep(takes.unwrap_or(Duration::from_secs(600)));
                answer_emptily(&mut stream);
            });
        }
    });
    (address, calls)
}

fn until(what: &str, is: impl Fn() -> bool) {
    let done = (0..400).any(|_| {
        thread::sleep(Duration::from_millis(25));
        is()
    });
    assert!(done, "{what}");
}

#[test]
fn under_load_every_call_that_was_begun_is_answered_and_the_exit_is_0() {
    let (address, calls) = module(Some(Duration::from_millis(150)));
    let mut served = Served::start(|gate| module_lb(gate, &address));
    let answered = AtomicU64::new(0);
    let trusted = raw::trust_file(served.data().join("tls/ca.pem"));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                // Until nobody takes calls any more.
                while let Some(reply) =
                    raw::try_send(&served.address, &trusted, &served.signed(HOST, ACTION))
                {
                    assert_eq!(reply.code(), 0, "{}", reply.text);
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        until("calls under way", || calls.load(Ordering::SeqCst) >= 16);
        served.tell("TERM");
    });
    assert_eq!(served.ended(), Some(0), "{}", served.said());
    // A call that reached the module has its answer; one that did not, did nothing.
    assert_eq!(answered.load(Ordering::SeqCst), calls.load(Ordering::SeqCst));
    assert!(served.said().contains("stopping"), "{}", served.said());
}

#[test]
fn when_the_time_is_over_it_ends_all_the_same() {
    let (address, calls) = module(None);
    let mut served =
        Served::start(|gate| module_lb(gate, &address) + "[shutdown]\ndeadline_s = 1\n");
    thread::scope(|scope| {
        let trusted = raw::trust_file(served.data().join("tls/ca.pem"));
        let (at, bytes) = (served.address.clone(), served.signed(HOST, ACTION));
        scope.spawn(move || assert!(raw::try_send(&at, &trusted, &bytes).is_none()));
        until("a call under way", || calls.load(Ordering::SeqCst) == 1);
        served.tell("TERM");
        assert_eq!(served.ended(), Some(0));
    });
    assert!(served.said().contains("the time is over"), "{}", served.said());
}

#[test]
fn told_twice_it_ends_at_once() {
    let (address, calls) = module(None);
    let mut served =
        Served::start(|gate| module_lb(gate, &address) + "[shutdown]\ndeadline_s = 600\n");
    let begun = Instant::now();
    thread::scope(|scope| {
        let trusted = raw::trust_file(served.data().join("tls/ca.pem"));
        let (at, bytes) = (served.address.clone(), served.signed(HOST, ACTION));
        scope.spawn(move || assert!(raw::try_send(&at, &trusted, &bytes).is_none()));
        until("a call under way", || calls.load(Ordering::SeqCst) == 1);
        served.tell("TERM");
        until("it is ending", || served.said().contains("stopping"));
        thread::sleep(Duration::from_millis(300));
        served.tell("TERM");
        assert_eq!(served.ended(), Some(143), "{}", served.said());
    });
    assert!(begun.elapsed() < Duration::from_secs(60), "its ten minutes were not over");
}
