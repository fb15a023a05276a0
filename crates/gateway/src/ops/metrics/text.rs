//! Prometheus' text format, version 0.0.4: families with their help and kind, then their samples.

use std::fmt::Write as _;

use super::cells::{BOUNDS_US, TimesRead};

/// What a family measures.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How many were below each bound.
    Histogram,
}

/// The text, as it grows.
#[derive(Debug, Default)]
pub(super) struct Text {
    out: String,
    name: &'static str,
}

/// Labels of one sample; their values are escaped when they are written.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

impl Text {
    /// Begins a family; the samples that follow are its.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        // A String takes whatever is written to it.
        let _ = write!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        self.name = name;
    }

    pub(super) fn sample(&mut self, labels: Labels<'_>, value: u64) {
        self.line("", labels, None, &value.to_string());
    }

    pub(super) fn seconds(&mut self, labels: Labels<'_>, ms: i64) {
        let (whole, part) = (ms.div_euclid(1000), ms.rem_euclid(1000));
        self.line("", labels, None, &format!("{whole}.{part:03}"));
    }

    /// A family of one sample.
    pub(super) fn one(&mut self, name: &'static str, kind: Kind, help: &str, value: u64) {
        self.family(name, kind, help);
        self.sample(&[], value);
    }

    pub(super) fn histogram(&mut self, labels: Labels<'_>, times: &TimesRead) {
        let mut below = 0_u64;
        for (n, bound) in times.buckets.iter().zip(BOUNDS_US) {
            below = below.saturating_add(*n);
            self.line("_bucket", labels, Some(&seconds(bound)), &below.to_string());
        }
        let all: u64 = times.buckets.iter().sum();
        self.line("_bucket", labels, Some("+Inf"), &all.to_string());
        self.line("_sum", labels, None, &seconds(times.sum_us));
        self.line("_count", labels, None, &all.to_string());
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn line(&mut self, suffix: &str, labels: Labels<'_>, bound: Option<&str>, value: &str) {
        self.out.push_str(self.name);
        self.out.push_str(suffix);
        let all = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
        for (n, (label, value)) in all.enumerate() {
            let _ = write!(self.out, "{}{label}=\"", if n == 0 { '{' } else { ',' });
            escape(&mut self.out, value);
            self.out.push('"');
        }
        if !labels.is_empty() || bound.is_some() {
            self.out.push('}');
        }
        let _ = writeln!(self.out, " {value}");
    }
}

/// Microseconds as a decimal number of seconds, without a float's noise.
fn seconds(us: u64) -> String {
    let text = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escape(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_family_is_written_as_prometheus_reads_it() {
        let mut text = Text::default();
        text.one("a_total", Kind::Counter, "How often.", 3);
        text.family("b", Kind::Gauge, "A thing.");
        text.sample(&[("name", "a\"b\\c\n"), ("n", "1")], 7);
        text.seconds(&[], 1_500_000_000_042);
        let said = text.finish();
        assert_eq!(
            said,
            "# HELP a_total How often.\n# TYPE a_total counter\na_total 3\n\
             # HELP b A thing.\n# TYPE b gauge\nb{name=\"a\\\"b\\\\c\\n\",n=\"1\"} 7\nb 1500000000.042\n"
        );
    }

    #[test]
    fn buckets_add_up_and_bounds_are_seconds() {
        let mut text = Text::default();
        text.family("h", Kind::Histogram, "How long.");
        let mut times = TimesRead::default();
        times.buckets[0] = 2;
        times.buckets[3] = 1;
        times.buckets[BOUNDS_US.len()] = 1;
        times.sum_us = 12_000_700;
        text.histogram(&[("module", "cvm")], &times);
        let said = text.finish();
        for line in [
            "h_bucket{module=\"cvm\",le=\"0.0001\"} 2\n",
            "h_bucket{module=\"cvm\",le=\"0.001\"} 3\n",
            "h_bucket{module=\"cvm\",le=\"10\"} 3\n",
            "h_bucket{module=\"cvm\",le=\"+Inf\"} 4\n",
            "h_sum{module=\"cvm\"} 12.0007\n",
            "h_count{module=\"cvm\"} 4\n",
        ] {
            assert!(said.contains(line), "{line} in {said}");
        }
    }
}
