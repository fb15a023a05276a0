//! What does a live nonce cost? Budget: 10 bytes of memory, 150 ns, and no pause over 1 ms.
//!
//! `cargo bench -p faregate-stores --bench nonces -- [table|scattered|store] [N]`
//!
//! `table` fills a window of two hours with N stamps in the order of time (some a little late, one of
//! a hundred up to two hours ahead), then lets a quarter of it expire while as many arrive.
//! `scattered` does the same with stamps all over the window. Inside the loop: the lookup, the insert, and
//! letting go of seconds that are over. Not inside: making the prints (a control loop measures that, the
//! clock, and the pauses that the machine makes by itself). `store` sends N claims of 1,000 keys through
//! `Stores::enter`, journal and all, and then opens the folder again.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a bench that cannot go on says so"
)]

#[path = "../src/nonces/bucket.rs"]
#[expect(dead_code, reason = "the bench uses what it measures")]
mod bucket;

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::{Duration, Instant};

use bucket::{Bucket, Print};
use faregate_pipeline::facts::{Claim, ClaimRequest};
use faregate_pipeline::time::Millis;
use faregate_stores::{Options, Stores};

// The allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const WINDOW_S: u64 = 7_200;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let mode = arguments.next();
    let n = arguments.next().map_or(10_000_000, |n| n.replace('_', "").parse().unwrap());
    match mode.as_deref() {
        None | Some("table") => table(n, in_order),
        Some("scattered") => table(n, scattered),
        Some("store") => store(n),
        Some(other) => panic!("`{other}` is none of table, scattered, store"),
    }
}

/// splitmix64.
fn mixed(n: u64) -> u64 {
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// The stamp of a call that arrives now.
type Stamps = fn(now_s: u64, dice: u64) -> u64;

fn in_order(now_s: u64, dice: u64) -> u64 {
    match dice % 100 {
        0 => now_s + (dice >> 8) % WINDOW_S,
        1..30 => now_s - (dice >> 8) % 5,
        _ => now_s,
    }
}

fn scattered(now_s: u64, dice: u64) -> u64 {
    now_s - WINDOW_S / 2 + (dice >> 8) % WINDOW_S
}

/// Pauses, from one look at the clock to the next, without the time for which the scheduler had given
/// the core to somebody else.
struct Pauses {
    last: Instant,
    waited_ns: u64,
    worst: Duration,
    n_over_1_ms: u64,
    n_ticks: u64,
}

impl Pauses {
    fn new() -> Self {
        let (worst, waited_ns) = (Duration::ZERO, waited_ns());
        Self { last: Instant::now(), waited_ns, worst, n_over_1_ms: 0, n_ticks: 0 }
    }

    fn tick(&mut self) {
        let now = Instant::now();
        let mut took = now - self.last;
        self.n_ticks += 1;
        if took > Duration::from_micros(200) {
            let waited_ns = waited_ns();
            took = took.saturating_sub(Duration::from_nanos(waited_ns - self.waited_ns));
            self.worst = self.worst.max(took);
            self.n_over_1_ms += u64::from(took > Duration::from_millis(1));
            self.skip();
        } else {
            self.worst = self.worst.max(took);
            self.last = now;
        }
        // So that a pause is charged with the waiting of a moment, not of all the time before.
        if self.n_ticks.is_multiple_of(10_000) {
            self.skip();
        }
    }

    fn skip(&mut self) {
        self.waited_ns = waited_ns();
        self.last = Instant::now();
    }
}

/// How long this thread was ready and did not run.
fn waited_ns() -> u64 {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    schedstat.split(' ').nth(1).unwrap().parse().unwrap()
}

fn table(n: u64, stamps: Stamps) {
    let n_all = n + n / 4;
    let ns_control = {
        let (mut pauses, began) = (Pauses::new(), Instant::now());
        for i in 0..n_all {
            black_box((mixed(i), stamps(WINDOW_S * 2, mixed(!i))));
            pauses.tick();
        }
        println!(
            "control, no store: worst pause {:?}, {} over 1 ms",
            pauses.worst, pauses.n_over_1_ms
        );
        began.elapsed().as_nanos() as u64 / n_all
    };
    let empty = rss();
    // Seconds from `first_s` on; those that are over go from the front.
    let (mut seconds, mut first_s) = (VecDeque::<Bucket>::new(), WINDOW_S);
    seconds.resize_with(WINDOW_S as usize * 3, Bucket::default);
    let (mut n_live, mut worst_bytes, mut filled) = (0, 0.0_f64, Duration::ZERO);
    let (mut pauses, began) = (Pauses::new(), Instant::now());
    for i in 0..n_all {
        let now_s = WINDOW_S * 2 + i * WINDOW_S / n;
        while first_s + WINDOW_S < now_s {
            let over = seconds.pop_front().unwrap();
            n_live -= over.n_prints() as u64;
            seconds.push_back(Bucket::default());
            drop(over);
            first_s += 1;
        }
        let print = Print::of(u128::from(mixed(i)));
        let at = (stamps(now_s, mixed(!i)) - first_s) as usize;
        if !seconds[at].contains(print) {
            if !seconds[at].has_room() {
                let n_before = seconds[at - 1].n_prints();
                seconds[at].make_room(n_before);
            }
            seconds[at].put(print);
            n_live += 1;
        }
        pauses.tick();
        if i + 1 == n {
            filled = began.elapsed();
        }
        if i > n / 2 && i.is_multiple_of(n / 200) {
            worst_bytes = worst_bytes.max((rss() - empty) as f64 / n_live as f64);
            pauses.skip();
        }
    }
    let ns = |took: Duration, n: u64| (took.as_nanos() as u64 / n).saturating_sub(ns_control);
    println!("live nonces:       {n_live}");
    println!(
        "bytes a nonce:     {:.2} (worst seen {worst_bytes:.2})",
        (rss() - empty) as f64 / n_live as f64
    );
    println!(
        "ns an insert:      {} while filling, {} over all (the clock's and the prints' {ns_control} taken off)",
        ns(filled, n),
        ns(began.elapsed(), n_all)
    );
    println!("worst pause:       {:?}, {} over 1 ms", pauses.worst, pauses.n_over_1_ms);
    let densest = seconds.iter().map(Bucket::n_prints).max().unwrap();
    println!(
        "densest second:    {densest} nonces, so a false refusal has chance {:.1e} a call",
        densest as f64 / (1_u64 << 56) as f64
    );
    for i in n_all - 1_000..n_all {
        let now_s = WINDOW_S * 2 + i * WINDOW_S / n;
        let at = (stamps(now_s, mixed(!i)) - first_s) as usize;
        assert!(seconds[at].contains(Print::of(u128::from(mixed(i)))), "nonce {i} is lost");
    }
}

fn store(n: u64) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Stores::create(&data).unwrap();
    let start = Millis::new(1_526_896_800_000);
    let options = || {
        let mut options = Options::new(&data);
        options.retention_ms = options.window_ms;
        options
    };
    let stores = Stores::open(options(), start).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let claim = |i: u64| {
        let now = start.plus((i * WINDOW_S * 1000 / n) as i64);
        let print = u128::from(mixed(i)) << 64 | u128::from(mixed(!i));
        let stamp = Millis::from_secs(now.as_secs());
        let (key_print, nonce) = (mixed(i % 1_000), mixed(i));
        let claim = ClaimRequest {
            account: 1,
            is_read: false,
            print,
            key_print,
            nonce,
            stamp,
            refuse_last_nonce: true,
            live_max: None,
        };
        (claim, now)
    };
    let empty = rss();
    let (mut pauses, began) = (Pauses::new(), Instant::now());
    runtime.block_on(async {
        for i in 0..n {
            let (claim, now) = claim(i);
            let (became, _, _ticket) = stores.enter(&claim, &[], now).await.unwrap();
            assert_eq!(became, Claim::New);
            pauses.tick();
        }
    });
    println!("claims:            {n} of 1,000 keys, each in the journal");
    println!("ns a claim:        {}", began.elapsed().as_nanos() as u64 / n);
    println!("bytes a nonce:     {:.2}", (rss() - empty) as f64 / n as f64);
    println!("worst pause:       {:?}, {} over 1 ms", pauses.worst, pauses.n_over_1_ms);
    drop(stores);
    let end = claim(n).1;
    let began = Instant::now();
    let stores = Stores::open(options(), end).unwrap();
    println!("opened again in:   {:?}, {} nonces", began.elapsed(), stores.opened().n_nonces);
    let (became, _, _) = runtime.block_on(stores.enter(&claim(n - 1).0, &[], end)).unwrap();
    assert_eq!(became, Claim::Seen);
}

fn rss() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}
