//! How long a refusal takes, by whose the id is; and what work it is. Times are reported, work is compared.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use faregate_signing::Method;

use super::cloud::{Cloud, DOCUMENT, request};

/// What the control leaks: a test that does not find it finds nothing.
const LEAK: Duration = Duration::from_micros(40);

/// Calls of each kind; a multiple in a soak.
fn n_calls() -> usize {
    if std::env::var_os("FAREGATE_SOAK").is_some() { 20_000 } else { 300 }
}

/// One call on a new connection; how long its answer took, once the connection stood.
fn time(cloud: &Cloud, id: &str, leak: Duration) -> Duration {
    let params = [("instanceId".to_owned(), id.to_owned())];
    let bytes = request(&cloud.ann, Method::Get, "ReturnInstance", &params);
    let mut stream = TcpStream::connect(&cloud.address).unwrap();
    let began = Instant::now();
    while began.elapsed() < leak {
        std::hint::spin_loop();
    }
    stream.write_all(&bytes).unwrap();
    let mut first = [0; 1];
    stream.read_exact(&mut first).unwrap();
    let took = began.elapsed();
    stream.read_to_end(&mut Vec::new()).unwrap();
    took
}

/// Mean and variance of the middle nine tenths: a busy machine's outliers are nobody's leak.
fn moments(times: &mut [f64]) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    let kept = &times[times.len() / 20..times.len() - times.len() / 20];
    let n = f64::from(u32::try_from(kept.len()).unwrap());
    let mean = kept.iter().sum::<f64>() / n;
    let variance = kept.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance / n)
}

/// Welch's t of two samples.
fn welch(a: &mut [f64], b: &mut [f64]) -> f64 {
    let ((mean_a, var_a), (mean_b, var_b)) = (moments(a), moments(b));
    (mean_a - mean_b) / (var_a + var_b).sqrt()
}

/// What the stores hold: bytes of the journal of nonces, and of what was written to the database.
fn stored(cloud: &Cloud) -> (u64, u64) {
    let size = |path: std::path::PathBuf| std::fs::metadata(path).map_or(0, |file| file.len());
    let journal = std::fs::read_dir(cloud.path("data/nonces")).unwrap();
    let journal = journal.map(|file| size(file.unwrap().path())).sum();
    (journal, size(cloud.path("data/faregate.db")) + size(cloud.path("data/faregate.db-wal")))
}

#[test]
fn a_foreign_an_absent_and_a_returned_id_are_the_same_work_and_their_times_are_reported() {
    let mut cloud = Cloud::start();
    assert!(cloud.serve(DOCUMENT, ""));
    let foreign = cloud.buy(&cloud.bob);
    let returned = cloud.buy(&cloud.ann);
    cloud.done(&cloud.ann, "ReturnInstance", &[("instanceId", &returned)]);
    let kinds =
        [("foreign", foreign.as_str()), ("absent", "ins-00000000"), ("returned", &returned)];

    let grown = kinds.map(|(kind, id)| {
        let before = stored(&cloud);
        for _ in 0..20 {
            time(&cloud, id, Duration::ZERO);
        }
        let after = stored(&cloud);
        (kind, after.0 - before.0, after.1 - before.1)
    });
    println!("the nonces and the database grew in 20 calls by: {grown:?}");
    assert!(grown.iter().all(|(_, nonces, _)| *nonces == grown[0].1), "{grown:?}");
    assert!(
        grown.iter().all(|(_, _, database)| *database == 0),
        "a refusal writes nothing: {grown:?}"
    );
    let before = stored(&cloud);
    cloud.buy(&cloud.ann);
    assert!(stored(&cloud).1 > before.1, "and what is written is seen here");

    let n = n_calls();
    let mut times: [Vec<f64>; 4] = Default::default();
    // In turns: what changes in the machine changes for all of them.
    for _ in 0..n {
        for (place, (_, id)) in kinds.iter().enumerate() {
            times[place].push(time(&cloud, id, Duration::ZERO).as_secs_f64() * 1e6);
        }
        times[3].push(time(&cloud, kinds[0].1, LEAK).as_secs_f64() * 1e6);
    }
    let [mut foreign, mut absent, mut returned, mut leaking] = times;
    println!("{n} calls of each, |t| above 4.5 would be a leak (Welch, middle 90 %):");
    for (what, t, mean) in [
        ("absent", welch(&mut absent, &mut foreign), moments(&mut absent).0),
        ("returned", welch(&mut returned, &mut foreign), moments(&mut returned).0),
        ("a planted leak of 40 us", welch(&mut leaking, &mut foreign), moments(&mut leaking).0),
    ] {
        println!("  {what} against foreign: t = {t:.2}, mean {mean:.0} us");
    }
}
