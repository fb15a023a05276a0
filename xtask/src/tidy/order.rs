//! Order: the margins of the driver (`// 4500`) stand in the order of the gates in `ORDER`.

use super::{Finding, Source};

const DRIVER: &str = "crates/gateway/src/driver.rs";
const GATES: &str = "crates/pipeline/src/order.rs";

pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let text = |path: &str| {
        sources.iter().find(|source| source.path == path).map(|source| source.text.as_str())
    };
    let (Some(driver), Some(gates)) = (text(DRIVER), text(GATES)) else {
        return [DRIVER, GATES]
            .into_iter()
            .filter(|path| text(path).is_none())
            .map(|path| {
                Finding::new(path, 1, "the file is not there: `ORDER` and the driver are compared")
            })
            .collect();
    };
    compare(driver, &order(gates))
}

/// Each gate's usual code, as a number, in order. Variant names are turned into numbers by the table below, which the
/// room headings (`//! 4500 …`) are checked against elsewhere.
pub(crate) fn order(gates: &str) -> Vec<u16> {
    let usual = |line: &str| {
        let (_, refuses) = line.split_once(" refuses [")?;
        let first = refuses.split([',', ']']).next()?.trim();
        CODES.iter().find(|(name, _)| *name == first).map(|(_, code)| *code)
    };
    gates.lines().filter_map(usual).collect()
}

/// Walks the margins; one that is not the next gate's, or a later one's, is out of order. A gate may have several lines
/// (replay is asked for, then judged), and the module gates stand in another file.
pub(crate) fn compare(driver: &str, order: &[u16]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut at = 0;
    let margins: Vec<_> =
        driver.lines().enumerate().filter_map(|(n, line)| Some((n + 1, margin(line)?))).collect();
    for (line, code) in &margins {
        let ahead = order.iter().skip(at).position(|gate| gate == code);
        match ahead {
            Some(steps) => at += steps,
            None => findings.push(Finding::new(
                DRIVER,
                *line,
                format!("// {code} is not where `ORDER` has it ({GATES}): the gates are {order:?}"),
            )),
        }
    }
    // The gates before the call is sent are all the driver's own.
    for code in [4600, 6100, 4000, 4100, 4200, 4300, 4500, 4400, 5000, 5500, 5300] {
        if order.contains(&code) && !margins.iter().any(|(_, margin)| *margin == code) {
            findings.push(Finding::new(
                DRIVER,
                1,
                format!("no line has the margin `// {code}`: mark the gate's line"),
            ));
        }
    }
    findings
}

/// `…?; // 4500` and `…?; // 4500 replay`: four digits right after the slashes, behind some code.
fn margin(line: &str) -> Option<u16> {
    let (before, comment) = line.split_once("// ")?;
    if before.trim().is_empty() {
        return None;
    }
    let digits = comment.split([' ', ',', ':']).next()?;
    (digits.len() == 4).then(|| digits.parse().ok())?
}

pub(crate) const CODES: [(&str, u16); 16] = [
    ("InvalidParameter", 4000),
    ("AuthFailure", 4100),
    ("RequestExpired", 4200),
    ("AccessDenied", 4300),
    ("QuotaExceeded", 4400),
    ("ReplayAttack", 4500),
    ("ProtocolNotSupported", 4600),
    ("ResourceNotFound", 5000),
    ("OperationFailed", 5100),
    ("ResourceInsufficient", 5200),
    ("InsufficientBalance", 5300),
    ("PartialSuccess", 5400),
    ("UserQualificationAuditFailed", 5500),
    ("InternalError", 6000),
    ("VersionNotSupported", 6100),
    ("ServiceUnavailable", 6200),
];
