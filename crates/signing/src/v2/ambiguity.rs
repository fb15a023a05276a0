//! What a good tag cannot tell: one string to sign, two requests (PROTOCOL 1.4, RELIABILITY 1.1).
//!
//! Values are not escaped, so `Description="web&DryRun=true"` has the tag of `Description=web` with `DryRun=true`. That
//! direction, the merge, can be seen in what arrives and is refused. The other, the split, cannot be seen by anybody:
//! TLS, pins and marked actions cover it.

use std::cmp::Ordering;
use std::fmt;

use smallvec::SmallVec;

use super::string_to_sign::compare_dotted;
use crate::Pair;

/// A value that may once have been more than one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ambiguity<'a> {
    /// The parameter whose value it is.
    pub parameter: &'a str,
    /// The name that the value spells after an `&`.
    pub spells: &'a str,
}

impl fmt::Display for Ambiguity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parameter, spells } = self;
        write!(
            f,
            "the value of `{parameter}` spells `&{spells}=`: the same signature covers `{spells}` as a parameter"
        )
    }
}

/// The merge rule of RELIABILITY 1.3, rule 5: a value, cut at `&`, yields `name=` of a common parameter or of a declared
/// one, and the name can stand after the parameter in sorted order.
///
/// `declared` is asked for each such name in every spelling, with `.` or `_` between its parts, and for the names that it
/// is an index or member of (`Filters` for `Filters.0.Name`). Where the spelling that was sorted cannot be known, the
/// order counts as right: refusing an honest value is said and mended, delivering a merged one is not.
pub fn ambiguous<'a>(pairs: &[Pair<'a>], declared: impl Fn(&str) -> bool) -> Option<Ambiguity<'a>> {
    pairs.iter().filter(|(_, value)| value.contains('&')).find_map(|&(parameter, value)| {
        let names = value.split('&').skip(1).filter_map(|piece| piece.split_once('='));
        names
            .map(|(name, _)| name)
            .find(|name| can_follow(name, parameter) && is_known(name, &declared))
            .map(|spells| Ambiguity { parameter, spells })
    })
}

/// Two names that one signature cannot tell apart: `a_b` with `a.b`, or the same name twice (RELIABILITY 1.1).
#[must_use]
pub fn twins<'a>(pairs: &[Pair<'a>]) -> Option<(&'a str, &'a str)> {
    let mut names: SmallVec<[&str; 32]> = pairs.iter().map(|(name, _)| *name).collect();
    names.sort_unstable_by(|ours, theirs| compare_dotted(ours, theirs).then(ours.cmp(theirs)));
    let neighbours = names.iter().zip(names.iter().skip(1));
    let mut twins = neighbours.filter(|(ours, theirs)| compare_dotted(ours, theirs).is_eq());
    twins.next().map(|(&ours, &theirs)| (ours, theirs))
}

/// Whether some spelling of `name` sorts after some spelling of `parameter`. `.` is less than `_`, byte by byte, so the
/// dotted spelling is a name's least and the underscored its greatest.
fn can_follow(name: &str, parameter: &str) -> bool {
    let greatest = name.bytes().map(|byte| if byte == b'.' { b'_' } else { byte });
    let least = parameter.bytes().map(|byte| if byte == b'_' { b'.' } else { byte });
    greatest.cmp(least) == Ordering::Greater && compare_dotted(name, parameter).is_ne()
}

/// Whether the name, or one that it is an index or member of, is common or declared.
fn is_known(name: &str, declared: &impl Fn(&str) -> bool) -> bool {
    let ends = name.match_indices(SEPARATORS).map(|(at, _)| at).chain([name.len()]);
    let mut heads = ends.filter_map(|end| name.get(..end)).filter(|head| !head.is_empty());
    heads.any(|head| COMMON.contains(&head) || is_declared(head, declared))
}

/// Asks for every spelling of a name, since the string to sign does not tell which of its `.` were `_`. Runs only for
/// values that hold `&name=`, which are few, so it may allocate.
fn is_declared(name: &str, declared: &impl Fn(&str) -> bool) -> bool {
    let n_separators = name.matches(SEPARATORS).count();
    if n_separators > SEPARATORS_MAX {
        return true;
    }
    (0_u32..1 << n_separators).any(|underscores| {
        let mut separator_idx = 0;
        let respell = |letter| match letter {
            '.' | '_' => {
                separator_idx += 1;
                if underscores >> (separator_idx - 1) & 1 == 1 { '_' } else { '.' }
            }
            other => other,
        };
        declared(&name.chars().map(respell).collect::<String>())
    })
}

/// What stands between the parts of a flattened name (PROTOCOL 1.5); one character to the string to sign.
const SEPARATORS: [char; 2] = ['.', '_'];

/// A name with more separators than this counts as declared: its spellings are too many to ask for.
const SEPARATORS_MAX: usize = 6;

/// PROTOCOL 1.2 and RELIABILITY 1.3: the parameters that any call may have. `Signature` is not among them, since it is
/// never in the string to sign; presigned addresses in values spell it often.
const COMMON: [&str; 11] = [
    "Action",
    "Language",
    "Nonce",
    "Region",
    "RequestClient",
    "RequestSource",
    "SecretId",
    "SignatureMethod",
    "Timestamp",
    "Token",
    "Version",
];
