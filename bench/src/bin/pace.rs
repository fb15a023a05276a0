//! An open-loop load: calls are due at a constant rate, whether or not the ones before were answered.
//!
//! `pace ADDRESS CONNECTIONS RATE SECONDS CALLS`. CALLS is a file of whole requests, each after its length in six
//! digits; each is used once. A latency counts from when the call was due, so a gateway that stalls is charged for
//! all that had to wait (no coordinated omission). One thread, epoll, and a timerfd: its steps are nanoseconds, where
//! a runtime's timers have a millisecond. What the load itself was late is printed too: believe no figure below it.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool of the bench: it prints what it measured"
)]

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use faregate_bench::clock;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use rustix::time::{timerfd_create, timerfd_settime};

/// What the timer is called among the connections.
const TIMER: u64 = u64::MAX;
/// How long the last answers are waited for.
const PATIENCE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, connections, rate, seconds, calls] = arguments.as_slice() else {
        eprintln!("usage: pace ADDRESS CONNECTIONS RATE SECONDS CALLS");
        return ExitCode::from(2);
    };
    let (Ok(connections), Ok(rate), Ok(seconds)) =
        (connections.parse::<u64>(), rate.parse::<u32>(), seconds.parse::<f64>())
    else {
        eprintln!("pace: CONNECTIONS, RATE and SECONDS are numbers");
        return ExitCode::from(2);
    };
    let plan = Plan {
        every: Duration::from_secs(1) / rate.max(1),
        lasts: Duration::from_secs_f64(seconds),
    };
    match std::fs::read(calls).and_then(|calls| Load::open(address, connections)?.run(plan, &calls))
    {
        Ok(found) => {
            println!("{found}");
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("pace: {e}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Clone, Copy)]
struct Plan {
    every: Duration,
    lasts: Duration,
}

struct Load {
    epoll: OwnedFd,
    timer: OwnedFd,
    connections: Vec<Connection>,
    /// Positions of connections that wait for a call.
    free: Vec<u64>,
    latencies: Vec<Duration>,
    late: Vec<Duration>,
}

struct Connection {
    stream: TcpStream,
    due: Option<Instant>,
    answer: Vec<u8>,
}

impl Load {
    fn open(address: &str, n: u64) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK)?;
        epoll::add(&epoll, &timer, EventData::new_u64(TIMER), EventFlags::IN)?;
        let mut connections = Vec::new();
        for at in 0..n {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            epoll::add(&epoll, &stream, EventData::new_u64(at), EventFlags::IN)?;
            connections.push(Connection { stream, due: None, answer: Vec::new() });
        }
        let free = (0..n).rev().collect();
        Ok(Self { epoll, timer, connections, free, latencies: Vec::new(), late: Vec::new() })
    }

    fn run(mut self, plan: Plan, calls: &[u8]) -> io::Result<String> {
        let seconds = i64::try_from(plan.every.as_secs()).unwrap_or(i64::MAX);
        let every = Timespec { tv_sec: seconds, tv_nsec: plan.every.subsec_nanos().into() };
        let timer = Itimerspec { it_interval: every, it_value: every };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &timer)?;
        let (start, mut n_sent) = (clock::monotonic(), 0_u32);
        let mut left = calls;
        loop {
            let now = clock::monotonic();
            let over = now.duration_since(start);
            if over >= plan.lasts && (self.is_idle() || over >= plan.lasts + PATIENCE) {
                return Ok(self.found(n_sent));
            }
            loop {
                let due = plan.every * n_sent;
                if due >= plan.lasts || due > over {
                    break;
                }
                let Some(at) = self.free.pop() else { break };
                self.send(at, start + due, record(&mut left)?)?;
                n_sent = n_sent.saturating_add(1);
            }
            self.wait()?;
        }
    }

    fn is_idle(&self) -> bool {
        self.free.len() == self.connections.len()
    }

    fn send(&mut self, at: u64, due: Instant, call: &[u8]) -> io::Result<()> {
        self.late.push(clock::monotonic().duration_since(due));
        let connection = of(&mut self.connections, at)?;
        connection.due = Some(due);
        // A request is far smaller than a socket's buffer, which is empty: the one before was answered.
        connection.stream.write_all(call)
    }

    fn wait(&mut self) -> io::Result<()> {
        let mut events = Vec::with_capacity(64);
        epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in events {
            match event.data.u64() {
                TIMER => {
                    // Several steps may have passed: the loop asks the clock how many calls are due.
                    match rustix::io::read(&self.timer, &mut [0_u8; 8]) {
                        Ok(_) | Err(rustix::io::Errno::AGAIN) => {}
                        Err(e) => return Err(e.into()),
                    }
                }
                at => self.read(at)?,
            }
        }
        Ok(())
    }

    fn read(&mut self, at: u64) -> io::Result<()> {
        let connection = of(&mut self.connections, at)?;
        let mut bytes = [0; 65_536];
        let n = connection.stream.read(&mut bytes)?;
        if n == 0 {
            return Err(io::Error::other("the gateway closed a connection"));
        }
        connection.answer.extend(bytes.iter().take(n));
        if whole(&connection.answer)? {
            connection.answer.clear();
            let due = connection.due.take();
            self.latencies.extend(due.map(|due| clock::monotonic().duration_since(due)));
            self.free.push(at);
        }
        Ok(())
    }

    fn found(mut self, n_sent: u32) -> String {
        self.latencies.sort_unstable();
        self.late.sort_unstable();
        let us = |sorted: &[Duration], per_mille: usize| {
            let at = (sorted.len().saturating_mul(per_mille) / 1_000)
                .min(sorted.len().saturating_sub(1));
            sorted.get(at).map_or(0.0, |latency| latency.as_secs_f64() * 1e6)
        };
        format!(
            r#"{{"sent":{n_sent},"answered":{},"p50_us":{:.1},"p99_us":{:.1},"p999_us":{:.1},"late_p50_us":{:.1},"late_p99_us":{:.1}}}"#,
            self.latencies.len(),
            us(&self.latencies, 500),
            us(&self.latencies, 990),
            us(&self.latencies, 999),
            us(&self.late, 500),
            us(&self.late, 990),
        )
    }
}

fn of(connections: &mut [Connection], at: u64) -> io::Result<&mut Connection> {
    usize::try_from(at)
        .ok()
        .and_then(|at| connections.get_mut(at))
        .ok_or_else(|| io::Error::other("an event of no connection"))
}

/// The next request of the file.
fn record<'a>(left: &mut &'a [u8]) -> io::Result<&'a [u8]> {
    let used_up = || io::Error::other("the calls are used up");
    let (length, rest) = left.split_at_checked(6).ok_or_else(used_up)?;
    let length: usize =
        std::str::from_utf8(length).ok().and_then(|text| text.parse().ok()).ok_or_else(used_up)?;
    let (call, rest) = rest.split_at_checked(length).ok_or_else(used_up)?;
    *left = rest;
    Ok(call)
}

/// Whether a whole answer is there: every gateway here says its length.
fn whole(answer: &[u8]) -> io::Result<bool> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(false);
    };
    let (text, body) = answer.split_at_checked(head + 4).unwrap_or((answer, &[]));
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    let length: usize = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .ok_or_else(|| io::Error::other("an answer that does not say its length"))?;
    Ok(body.len() >= length)
}
