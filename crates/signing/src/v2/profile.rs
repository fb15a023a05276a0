//! The ways in which clients build the string to sign: PROTOCOL 1.3 rules A-D, `@` values, empty values, the host.
//!
//! Two habits of RELIABILITY 1.2 are not profiles. .NET cuts `&` from the end of the string: the value delivered would
//! not be the value signed. Node signs a number 0 as empty: a profile, but its zeros count as uncovered.

use std::borrow::Cow;
use std::fmt;
use std::iter;

use smallvec::SmallVec;

use crate::{Method, Pair};

/// How names are sorted and spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// Replace `_` by `.`, then sort: the documented rule; official Python.
    A,
    /// Sort the names as sent, then replace: qcloudcli, qcloudapi3, CMQ, Java, .NET.
    B,
    /// As B, but a name that starts with `_` is left as it is: PHP, Node.
    C,
    /// No replacement at all: qcloudapi 0.2, Go, tencentcloud Node.
    D,
}

/// Whether parameters whose value begins with `@` are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AtValues {
    /// Like any other: every client on GET; .NET, Go on POST.
    Signed,
    /// Left out, the file upload convention: most clients on POST.
    LeftOut,
}

/// What becomes of empty values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Empties {
    /// `name=` is signed: the documented rule.
    Kept,
    /// The parameter is left out: Go.
    LeftOut,
    /// `0` and `false` are signed as if they were empty: Node, which sends them as they are.
    ZeroToo,
}

/// Which spelling of the `Host` header is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostForm {
    /// As received, in lower case, with its port.
    LowerCase,
    /// As received, upper case too.
    AsSent,
    /// In lower case, without its port.
    WithoutPort,
}

/// One way to build the string to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// How names are sorted and spelled.
    pub order: Order,
    /// Whether `@` values are signed.
    pub at_values: AtValues,
    /// What becomes of empty values.
    pub empties: Empties,
    /// Which spelling of the host is signed.
    pub host: HostForm,
}

impl Profile {
    /// The documented rule, which is also what this product's own clients sign.
    pub const CANONICAL: Self = Self {
        order: Order::A,
        at_values: AtValues::Signed,
        empties: Empties::Kept,
        host: HostForm::LowerCase,
    };

    /// A stable name for metrics and for machines: the words of the reference verifier, `canonical` for nearly all.
    #[must_use]
    pub fn label(self) -> Cow<'static, str> {
        let order = match self.order {
            Order::A => "canonical",
            Order::B => "sort-then-replace",
            Order::C => "sort-then-replace,leading-underscore-kept",
            Order::D => "no-replace",
        };
        let extras = [
            match self.at_values {
                AtValues::Signed => "",
                AtValues::LeftOut => " at-values-unsigned",
            },
            match self.empties {
                Empties::Kept => "",
                Empties::LeftOut => " empties-unsigned",
                Empties::ZeroToo => " zeros-signed-empty",
            },
            match self.host {
                HostForm::LowerCase => "",
                HostForm::AsSent => " host-case-kept",
                HostForm::WithoutPort => " host-without-port",
            },
        ];
        if extras == ["", "", ""] {
            Cow::Borrowed(order)
        } else {
            Cow::Owned(iter::once(order).chain(extras).collect())
        }
    }

    /// Whether this profile does not put the value as received into the string.
    pub(super) fn leaves_out(self, value: &str) -> bool {
        let at = self.at_values == AtValues::LeftOut && value.starts_with('@');
        let empty = match self.empties {
            Empties::Kept => false,
            Empties::LeftOut => value.is_empty(),
            Empties::ZeroToo => is_zero(value),
        };
        at || empty
    }

    /// Indices of the pairs whose values this profile does not cover.
    pub(super) fn uncovered(self, pairs: &[Pair<'_>]) -> SmallVec<[usize; 2]> {
        let left_out = pairs.iter().enumerate().filter(|(_, (_, value))| self.leaves_out(value));
        left_out.map(|(idx, _)| idx).collect()
    }
}

/// For people: `sort-then-replace, @ left out, host without port`.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.order {
            Order::A => "canonical",
            Order::B => "sort-then-replace",
            Order::C => "sort-then-replace but for names that start with _",
            Order::D => "no replacement of _",
        })?;
        f.write_str(match self.at_values {
            AtValues::Signed => "",
            AtValues::LeftOut => ", @ left out",
        })?;
        f.write_str(match self.empties {
            Empties::Kept => "",
            Empties::LeftOut => ", empty values left out",
            Empties::ZeroToo => ", 0 and false signed as empty",
        })?;
        f.write_str(match self.host {
            HostForm::LowerCase => "",
            HostForm::AsSent => ", host in its own case",
            HostForm::WithoutPort => ", host without port",
        })
    }
}

/// What JavaScript's `value || ''` makes empty, as text.
pub(crate) fn is_zero(value: &str) -> bool {
    matches!(value, "0" | "false")
}

/// The profiles to try, canonical first. The request is looked through only when the first one is not enough.
pub(crate) fn candidates<'a>(
    method: Method,
    host: &'a str,
    pairs: &'a [Pair<'a>],
) -> impl Iterator<Item = Profile> + 'a {
    let others = iter::once_with(move || Shape::of(method, host, pairs)).flat_map(|shape| {
        let hosts = HOSTS.iter().filter(move |(_, needs)| shape.has(*needs));
        hosts.flat_map(move |&(host, _)| {
            let rules = RULES.iter().filter(move |(.., needs)| shape.has(*needs));
            rules.map(move |&(order, at_values, empties, _)| Profile {
                order,
                at_values,
                empties,
                host,
            })
        })
    });
    iter::once(Profile::CANONICAL).chain(others)
}

/// The rules that real clients follow, in the order tried, and what a request must have for one to differ from the
/// rules above it. Strings that come out equal all the same are found by comparing them. Those that cover every value
/// come first: a request with `_`, `@`, empty values and zeros has more strings than are tried, and what its rule leaves
/// unsigned is refused anyway.
const RULES: [(Order, AtValues, Empties, Shape); 10] = [
    (Order::A, AtValues::Signed, Empties::Kept, Shape::ANY),
    (Order::B, AtValues::Signed, Empties::Kept, Shape::UNDERSCORE),
    (Order::C, AtValues::Signed, Empties::Kept, Shape::LEADING),
    (Order::D, AtValues::Signed, Empties::Kept, Shape::UNDERSCORE),
    (Order::A, AtValues::LeftOut, Empties::Kept, Shape::AT),
    (Order::B, AtValues::LeftOut, Empties::Kept, Shape::UNDERSCORE.and(Shape::AT)),
    (Order::C, AtValues::LeftOut, Empties::Kept, Shape::LEADING.and(Shape::AT)),
    (Order::D, AtValues::Signed, Empties::LeftOut, Shape::EMPTY),
    (Order::C, AtValues::Signed, Empties::ZeroToo, Shape::ZERO),
    (Order::C, AtValues::LeftOut, Empties::ZeroToo, Shape::ZERO.and(Shape::AT)),
];

/// The host's spellings, in the order tried.
const HOSTS: [(HostForm, Shape); 3] = [
    (HostForm::LowerCase, Shape::ANY),
    (HostForm::AsSent, Shape::UPPER_HOST),
    (HostForm::WithoutPort, Shape::PORT),
];

/// A set of the traits of a request by which profiles come to differ.
#[derive(Clone, Copy)]
struct Shape(u8);

impl Shape {
    const ANY: Self = Self(0);
    /// A name has `_`.
    const UNDERSCORE: Self = Self(1);
    /// A name begins with `_`.
    const LEADING: Self = Self(2);
    /// A POST has a value that begins with `@`; on GET everybody signs them.
    const AT: Self = Self(4);
    /// A value is empty.
    const EMPTY: Self = Self(8);
    /// A value is `0` or `false`.
    const ZERO: Self = Self(16);
    /// The host has an upper case letter.
    const UPPER_HOST: Self = Self(32);
    /// The host has a port.
    const PORT: Self = Self(64);

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, needs: Self) -> bool {
        self.0 & needs.0 == needs.0
    }

    fn of(method: Method, host: &str, pairs: &[Pair<'_>]) -> Self {
        let post = method == Method::Post;
        let of_host =
            Self::when(host.bytes().any(|byte| byte.is_ascii_uppercase()), Self::UPPER_HOST)
                .and(Self::when(without_port(host).len() < host.len(), Self::PORT));
        pairs.iter().fold(of_host, |shape, (name, value)| {
            shape
                .and(Self::when(name.contains('_'), Self::UNDERSCORE))
                .and(Self::when(name.starts_with('_'), Self::LEADING))
                .and(Self::when(post && value.starts_with('@'), Self::AT))
                .and(Self::when(value.is_empty(), Self::EMPTY))
                .and(Self::when(is_zero(value), Self::ZERO))
        })
    }

    const fn when(holds: bool, then: Self) -> Self {
        if holds { then } else { Self::ANY }
    }
}

/// The host without `:port`; an IPv6 address keeps the colons that are its own.
pub(crate) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if !port.is_empty()
                && port.bytes().all(|byte| byte.is_ascii_digit())
                && (name.ends_with(']') || !name.contains(':')) =>
        {
            name
        }
        _ => host,
    }
}
