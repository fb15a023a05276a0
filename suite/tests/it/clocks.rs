//! Clocks that are set, by a second or a day, back and forth, while it runs and while it does not (libfaketime).

use std::fs;
use std::thread;
use std::time::Duration;

use crate::dice::{Dice, rounds};
use crate::gate::{Gate, code_of, signed};
use crate::raw::{nonce, now};

const LIBRARY: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];
const STEPS_S: [i64; 8] = [1, -1, 61, -61, 3_600, -3_600, 86_400, -86_400];

/// A gateway whose wall clock is ours to set; its monotonic clock and its files' times are real.
struct Shifted {
    gate: Gate,
    offset_s: i64,
}

impl Shifted {
    fn start() -> Self {
        let found = LIBRARY.iter().find(|path| fs::exists(path).unwrap_or(false));
        let library = found.expect("libfaketime: scripts/test installs it");
        let (_, offset) = tempfile::NamedTempFile::new().unwrap().keep().unwrap();
        fs::write(&offset, "+0").unwrap();
        let variables = [
            ("LD_PRELOAD", (*library).to_owned()),
            ("FAKETIME_TIMESTAMP_FILE", offset.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Self { gate: Gate::start_in("", variables), offset_s: 0 }
    }

    fn step(&mut self, by_s: i64) {
        self.offset_s += by_s;
        let file = self.gate.environment("FAKETIME_TIMESTAMP_FILE");
        fs::write(file, format!("{:+}", self.offset_s)).unwrap();
    }

    fn now(&self) -> u64 {
        now().checked_add_signed(self.offset_s).unwrap()
    }
}

impl Drop for Shifted {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.gate.environment("FAKETIME_TIMESTAMP_FILE"));
    }
}

#[test]
fn however_the_clock_is_set_no_copy_is_accepted() {
    let mut dice = Dice::from_environment();
    let (mut n_rounds, mut n_copies, mut n_fresh, mut n_behind_fence) = (0, 0, 0, 0);
    for _ in rounds(3, 200) {
        let mut shifted = Shifted::start();
        let mut accepted: Vec<Vec<u8>> = Vec::new();
        for _ in 0..6 {
            for spread in [0, 1, 30, 3_000] {
                let stamp = shifted.now() + dice.below(spread + 1);
                let bytes = signed(&shifted.gate.alice, "c", stamp, nonce());
                match shifted.gate.code(&bytes) {
                    0 => accepted.push(bytes),
                    // The clock went back to before what was forgotten.
                    4200 => n_behind_fence += 1,
                    code => panic!("an honest call was answered {code}"),
                }
                n_fresh += 1;
            }
            let by_s = STEPS_S[usize::try_from(dice.below(8)).unwrap()];
            if dice.below(2) == 0 {
                shifted.gate.kill();
                shifted.step(by_s);
                shifted.gate.resume();
            } else {
                shifted.step(by_s);
                if dice.below(2) == 0 {
                    thread::sleep(Duration::from_millis(1_200));
                }
            }
            let mut connection = shifted.gate.connect().unwrap();
            for bytes in &accepted {
                let code = code_of(&connection.send(bytes).expect("an answer"));
                assert!(matches!(code, 4500 | 4200), "{by_s} s: a copy was answered {code}");
                n_copies += 1;
            }
        }
        let log = shifted.gate.said() + &shifted.gate.access_log();
        assert!(!log.contains("panicked") && !log.contains("\"PANIC\""), "{log}");
        n_rounds += 1;
    }
    println!(
        "{n_rounds} runs, {n_copies} copies refused, {n_behind_fence} of {n_fresh} fresh behind a fence"
    );
    assert!(n_behind_fence * 2 < n_fresh, "most fresh calls pass");
}

#[test]
fn a_step_of_the_clock_is_logged_and_counted() {
    let mut shifted = Shifted::start();
    for (n, by_s) in [(1, 3_600), (2, -7_200)] {
        thread::sleep(Duration::from_millis(1_500));
        shifted.step(by_s);
        let logged = (0..40).any(|_| {
            thread::sleep(Duration::from_millis(100));
            shifted.gate.access_log().contains(&format!("\"n_steps\":{n}}}"))
        });
        assert!(logged, "step {n}: {}", shifted.gate.access_log());
    }
    assert!(shifted.gate.access_log().contains("\"event\":\"clock_step\""));
}
