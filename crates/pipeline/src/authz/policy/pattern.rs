//! Patterns of actions and of resources, in which `*` is any text.

use faregate_signing::region;

/// A text with stars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Glob {
    /// `*`.
    Any,
    /// A text without stars.
    Exact(Box<str>),
    /// What stands before the first star, between stars, and after the last.
    Parts { first: Box<str>, middle: Box<[Box<str>]>, last: Box<str> },
}

impl Glob {
    pub(super) fn new(text: &str) -> Self {
        let Some((first, rest)) = text.split_once('*') else { return Self::Exact(text.into()) };
        let (between, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let middle = between.split('*').filter(|part| !part.is_empty()).map(Box::from).collect();
        if text.bytes().all(|byte| byte == b'*') {
            return Self::Any;
        }
        Self::Parts { first: first.into(), middle, last: last.into() }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => **exact == *text,
            Self::Parts { first, middle, last } => {
                let Some(mut rest) = text.strip_prefix(&**first) else { return false };
                for part in middle {
                    // The first place is as good as any: what follows only gets longer by it.
                    let Some((_, after)) = rest.split_once(&**part) else { return false };
                    rest = after;
                }
                rest.ends_with(&**last)
            }
        }
    }

    pub(super) fn exact(&self) -> Option<&str> {
        match self {
            Self::Exact(text) => Some(text),
            Self::Any | Self::Parts { .. } => None,
        }
    }
}

/// Which actions: of one module, or of any.
#[derive(Clone, Debug)]
pub(super) struct ActionPattern {
    /// None is any.
    pub(super) module: Option<Box<str>>,
    pub(super) action: Glob,
}

impl ActionPattern {
    pub(super) fn matches(&self, module: &str, action: &str) -> bool {
        self.module.as_deref().is_none_or(|own| own == module) && self.action.matches(action)
    }
}

/// Which resources of the account: `qcs::cvm:gz:uin/100000001:instance/*`, without what is the account's anyway.
#[derive(Clone, Debug)]
pub(super) struct ResourcePattern {
    /// None is any.
    pub(super) module: Option<Box<str>>,
    /// None is any; without a star it is the long name of a region.
    pub(super) region: Option<Glob>,
    pub(super) path: Glob,
}

impl ResourcePattern {
    /// `*`.
    pub(super) const ANYTHING: Self = Self { module: None, region: None, path: Glob::Any };

    pub(super) fn is_anything(&self) -> bool {
        self.module.is_none() && self.region.is_none() && self.path == Glob::Any
    }

    /// `region` is a long name, or empty where the call names none.
    pub(super) fn matches(&self, module: &str, region: &str, path: &str) -> bool {
        self.module.as_deref().is_none_or(|own| own == module)
            && self.region.as_ref().is_none_or(|own| own.matches(region))
            && self.path.matches(path)
    }
}

/// A region in the one spelling in which they are compared: a call that writes `gz` is not another region's.
pub(super) fn region_glob(text: &str) -> Option<Glob> {
    match Glob::new(text) {
        Glob::Any => None,
        Glob::Exact(exact) if exact.is_empty() => None,
        Glob::Exact(exact) => Some(Glob::Exact(region::long(&exact).into())),
        parts @ Glob::Parts { .. } => Some(parts),
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_star_is_any_text_and_all_else_is_itself() {
        for (pattern, text, is) in [
            ("*", "", true),
            ("**", "a", true),
            ("Describe*", "DescribeZones", true),
            ("Describe*", "Describe", true),
            ("Describe*", "describeZones", false),
            ("*Zones", "DescribeZones", true),
            ("*Zones", "DescribeZonesX", false),
            ("D*b*s", "DescribeZones", true),
            ("a*ab", "aab", true),
            ("a*ab", "ab", false),
            ("a*b*b", "ab", false),
            ("a**b", "a-b", true),
            ("*b*", "abc", true),
            ("*b*", "ac", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), is, "{pattern} on {text}");
        }
    }
}
