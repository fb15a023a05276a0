//! A string to sign in its parts, so that one part can be written otherwise.

use std::rc::Rc;

use crate::v2::{
    AtValues, Empties, HostForm, Order, Profile, compare_dotted, is_zero, without_port,
};

/// A name or a value: thousands of lists are made of the same few texts.
pub(super) type Text = Rc<str>;

/// Parameters, names and values.
pub(super) type Pairs = Vec<(Text, Text)>;

/// A string to sign that is not joined yet.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) method: String,
    pub(super) host: String,
    pub(super) path: String,
    /// What stands between method and host, host and path, path and parameters.
    pub(super) gaps: [&'static str; 3],
    pub(super) joiner: &'static str,
    pub(super) equals: &'static str,
    /// Names as they are signed, values as they are signed, in the order in which they are signed.
    pub(super) pairs: Pairs,
}

impl Draft {
    /// As a client of this profile has it.
    pub(super) fn of(
        (method, host, path): (&str, &str, &str),
        pairs: &[(Text, Text)],
        profile: Profile,
    ) -> Self {
        let host = match profile.host {
            HostForm::LowerCase => host.to_ascii_lowercase(),
            HostForm::AsSent => host.to_owned(),
            HostForm::WithoutPort => without_port(host).to_ascii_lowercase(),
        };
        let mut sorted: Vec<&(Text, Text)> = pairs.iter().collect();
        sorted.sort_by(|(ours, _), (theirs, _)| match profile.order {
            Order::A => compare_dotted(ours, theirs),
            Order::B | Order::C | Order::D => ours.cmp(theirs),
        });
        let signed = sorted.into_iter().filter_map(|(name, value)| {
            let at = profile.at_values == AtValues::LeftOut && value.starts_with('@');
            let value = match profile.empties {
                Empties::LeftOut if value.is_empty() => return None,
                Empties::ZeroToo if is_zero(value) => Rc::from(""),
                Empties::Kept | Empties::LeftOut | Empties::ZeroToo => Rc::clone(value),
            };
            (!at).then(|| (spelled(name, profile.order), value))
        });
        Self {
            method: method.to_owned(),
            host,
            path: path.to_owned(),
            gaps: ["", "", "?"],
            joiner: "&",
            equals: "=",
            pairs: signed.collect(),
        }
    }

    /// The parameters, joined.
    pub(super) fn query(&self) -> String {
        let n_bytes: usize = self.pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
        let mut out = String::with_capacity(n_bytes + 8 * self.pairs.len());
        for (idx, (name, value)) in self.pairs.iter().enumerate() {
            if idx > 0 {
                out.push_str(self.joiner);
            }
            out.push_str(name);
            out.push_str(self.equals);
            out.push_str(value);
        }
        out
    }

    /// What stands before the parameters.
    pub(super) fn prefix(&self) -> String {
        let [method, host, path] = self.gaps;
        [&self.method, method, &self.host, host, &self.path, path].concat()
    }

    pub(super) fn text(&self) -> String {
        self.prefix() + &self.query()
    }

    /// With every value written by `with`.
    pub(super) fn values(&self, with: impl Fn(&str) -> String) -> Self {
        let pairs = self.pairs.iter().map(|(name, value)| (Rc::clone(name), with(value).into()));
        Self { pairs: pairs.collect(), ..self.clone() }
    }

    /// With every name written by `with`.
    pub(super) fn names(&self, with: impl Fn(&str) -> String) -> Self {
        let pairs = self.pairs.iter().map(|(name, value)| (with(name).into(), Rc::clone(value)));
        Self { pairs: pairs.collect(), ..self.clone() }
    }

    /// In another order.
    pub(super) fn sorted(
        &self,
        by: impl FnMut(&(Text, Text), &(Text, Text)) -> std::cmp::Ordering,
    ) -> Self {
        let mut other = self.clone();
        other.pairs.sort_by(by);
        other
    }
}

/// A name as this order signs it.
fn spelled(name: &Text, order: Order) -> Text {
    let kept = match order {
        Order::A | Order::B => false,
        Order::C => name.starts_with('_'),
        Order::D => true,
    };
    if kept || !name.contains('_') { Rc::clone(name) } else { name.replace('_', ".").into() }
}
