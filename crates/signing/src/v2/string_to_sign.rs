//! The string to sign, line by line as PROTOCOL 1.3 has it.
//!
//! `METHOD + host + path + "?" + join("&", name "=" value)`, with raw, decoded values and no separator between the first
//! three parts.

use std::cmp::Ordering;

use smallvec::SmallVec;

use super::STRINGS_MAX;
use super::profile::{self, Empties, HostForm, Order, Profile};
use crate::{Method, Pair};

/// The string that a client of this profile signs. `Signature` must not be among the pairs; `@` values are left out if
/// the profile says so, whatever the method.
#[must_use]
pub fn string_to_sign<N: AsRef<str>, V: AsRef<str>>(
    method: Method,
    host: &str,
    path: &str,
    pairs: &[(N, V)],
    profile: Profile,
) -> String {
    let borrowed: SmallVec<[Pair<'_>; 16]> =
        pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
    let mut strings = Strings::of(method, host, path, &borrowed);
    strings.add(profile);
    strings.text
}

/// The different strings to sign of one request, one after the other in one buffer: a string that is already there is
/// not tried again.
pub(super) struct Strings<'a> {
    method: Method,
    host: &'a str,
    path: &'a str,
    pairs: &'a [Pair<'a>],
    by_dotted_name: Option<Sorted<'a>>,
    by_sent_name: Option<Sorted<'a>>,
    text: String,
    ends: SmallVec<[usize; STRINGS_MAX]>,
}

type Sorted<'a> = SmallVec<[Pair<'a>; 16]>;

impl<'a> Strings<'a> {
    pub(super) fn of(method: Method, host: &'a str, path: &'a str, pairs: &'a [Pair<'a>]) -> Self {
        let of_pairs: usize = pairs.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
        let bytes = method.as_str().len() + host.len() + path.len() + 1 + of_pairs;
        Self {
            method,
            host,
            path,
            pairs,
            by_dotted_name: None,
            by_sent_name: None,
            text: String::with_capacity(bytes),
            ends: SmallVec::new(),
        }
    }

    /// How many different strings there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The string of this profile, unless it was there before.
    pub(super) fn add(&mut self, profile: Profile) -> Option<&str> {
        let start = self.text.len();
        self.write(profile);
        let (earlier, latest) = self.text.split_at_checked(start)?;
        let mut begin = 0;
        for &end in &self.ends {
            if earlier.get(begin..end) == Some(latest) {
                self.text.truncate(start);
                return None;
            }
            begin = end;
        }
        self.ends.push(self.text.len());
        self.text.get(start..)
    }

    fn write(&mut self, profile: Profile) {
        let pairs = self.pairs;
        let sorted = match profile.order {
            Order::A => self.by_dotted_name.get_or_insert_with(|| sorted(pairs, by_dotted_name)),
            Order::B | Order::C | Order::D => {
                self.by_sent_name.get_or_insert_with(|| sorted(pairs, by_sent_name))
            }
        };
        let out = &mut self.text;
        // "METHOD upper case"
        out.push_str(self.method.as_str());
        // "host: exactly what the client calls the host. With a non-default port the port is part of it"
        match profile.host {
            HostForm::LowerCase => push_lower_case(out, self.host),
            HostForm::AsSent => out.push_str(self.host),
            HostForm::WithoutPort => push_lower_case(out, profile::without_port(self.host)),
        }
        out.push_str(self.path);
        out.push('?');
        let mut separator = "";
        for (name, value) in sorted.iter().copied() {
            let value = match (profile.leaves_out(value), profile.empties) {
                (false, _) => value,
                (true, Empties::ZeroToo) if profile::is_zero(value) => "",
                (true, _) => continue,
            };
            out.push_str(separator);
            separator = "&";
            push_name(out, name, profile.order);
            out.push('=');
            out.push_str(value);
        }
    }
}

fn sorted<'a>(pairs: &'a [Pair<'a>], by: fn(&Pair<'_>, &Pair<'_>) -> Ordering) -> Sorted<'a> {
    let mut sorted = Sorted::from_slice(pairs);
    sorted.sort_unstable_by(by);
    sorted
}

/// "Order: ascending by name, byte/code-point order, case-sensitive"
fn by_sent_name(ours: &Pair<'_>, theirs: &Pair<'_>) -> Ordering {
    ours.0.cmp(theirs.0)
}

fn by_dotted_name(ours: &Pair<'_>, theirs: &Pair<'_>) -> Ordering {
    compare_dotted(ours.0, theirs.0)
}

/// Compares two names as if every `_` in them were a `.`.
pub(crate) fn compare_dotted(ours: &str, theirs: &str) -> Ordering {
    dotted(ours).cmp(dotted(theirs))
}

fn dotted(name: &str) -> impl Iterator<Item = u8> + '_ {
    name.bytes().map(|byte| if byte == b'_' { b'.' } else { byte })
}

/// "Names: every `_` becomes `.`", but for the orders that keep some.
fn push_name(out: &mut String, name: &str, order: Order) {
    let kept = match order {
        Order::A | Order::B => false,
        Order::C => name.starts_with('_'),
        Order::D => true,
    };
    if kept {
        out.push_str(name);
        return;
    }
    let mut separator = "";
    for piece in name.split('_') {
        out.push_str(separator);
        separator = ".";
        out.push_str(piece);
    }
}

fn push_lower_case(out: &mut String, host: &str) {
    let start = out.len();
    out.push_str(host);
    if let Some(pushed) = out.get_mut(start..) {
        pushed.make_ascii_lowercase();
    }
}
