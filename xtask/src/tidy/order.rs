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

/// The codes of each gate, the usual one first, in order.
pub(crate) fn order(gates: &str) -> Vec<Vec<u16>> {
    let number = |name: &str| {
        let (_, code) = CODES.iter().find(|(known, _)| *known == name.trim())?;
        Some(*code)
    };
    let codes = |line: &str| {
        let (_, refuses) = line.split_once(" refuses [")?;
        let (names, _) = refuses.split_once("];")?;
        Some(names.split(',').filter_map(number).collect::<Vec<_>>())
    };
    gates.lines().filter_map(codes).filter(|codes| !codes.is_empty()).collect()
}

/// Walks the margins. Each is the usual code of a gate not passed yet, or else another code of the gate that the walk is
/// at: `routing::action` and `availability::check` are one gate.
pub(crate) fn compare(driver: &str, order: &[Vec<u16>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut at = 0;
    let margins: Vec<_> =
        driver.lines().enumerate().filter_map(|(n, line)| Some((n + 1, margin(line)?))).collect();
    for (line, code) in &margins {
        let ahead = order.iter().skip(at).position(|codes| codes.first() == Some(code));
        match ahead {
            Some(steps) => at += steps,
            None if order.get(at).is_some_and(|codes| codes.contains(code)) => {}
            None => {
                let say = format!(
                    "// {code} stands after a gate that comes later: {GATES} has the order"
                );
                findings.push(Finding::new(DRIVER, *line, say));
            }
        }
    }
    // Outcome is read where the module's answers are, in another file.
    let usual = order.iter().filter_map(|codes| codes.first()).filter(|code| **code != 5400);
    for code in usual {
        if !margins.iter().any(|(_, margin)| margin == code) {
            let say = format!("no line has the margin `// {code}`: mark the gate's line");
            findings.push(Finding::new(DRIVER, 1, say));
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
