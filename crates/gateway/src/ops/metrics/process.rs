//! The process itself, as Linux tells of it under `/proc/self`; where there is none, nothing is told.

use std::fs;

use super::text::{Kind, Text};

/// Linux reports CPU time in hundredths of a second to whoever reads `/proc` (proc(5), `sysconf(_SC_CLK_TCK)`).
const TICK_MS: i64 = 10;

pub(super) fn write(text: &mut Text, started_ms: i64) {
    text.family(
        "process_start_time_seconds",
        Kind::Gauge,
        "When the process started, since the epoch.",
    );
    text.seconds(&[], started_ms);
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program may hold spaces; the fields after it do not.
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let field = |n: usize| fields.get(n).and_then(|text| text.parse::<i64>().ok());
    if let (Some(user), Some(system)) = (field(11), field(12)) {
        text.family("process_cpu_seconds_total", Kind::Counter, "CPU time, of user and system.");
        text.seconds(&[], user.saturating_add(system).saturating_mul(TICK_MS));
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse().ok());
    if let Some(kib) = resident {
        let help = "Resident memory.";
        text.one(
            "process_resident_memory_bytes",
            Kind::Gauge,
            help,
            u64::saturating_mul(kib, 1024),
        );
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        let n = u64::try_from(files.count()).unwrap_or(u64::MAX);
        text.one("process_open_fds", Kind::Gauge, "Open file descriptors.", n);
    }
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let most = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let most = most.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    if let Some(most) = most {
        text.one("process_max_fds", Kind::Gauge, "Most open file descriptors.", most);
    }
}
