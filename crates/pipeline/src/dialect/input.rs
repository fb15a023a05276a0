//! `Input`: an action's own parameters, as they were sent.

use std::borrow::Cow;

use faregate_catalog::{Fault, Parameters};
use serde_json::{Map, Value};

use crate::parameters::{Pairs, is_common, is_shared};

/// The parameters of a call.
#[derive(Debug)]
pub enum Input {
    /// Texts, the common parameters among them.
    Mixed {
        /// All of them.
        pairs: Pairs,
        /// The names of file parts: no client signs them, so they are not read.
        files: Vec<String>,
    },
    /// Texts of the action alone: the common ones came in headers.
    Texts(Pairs),
    /// The members of a JSON object.
    Members(Map<String, Value>),
}

impl Input {
    /// Every text as it was signed; of a JSON body there is none.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let pairs = match self {
            Self::Mixed { pairs, .. } | Self::Texts(pairs) => pairs,
            Self::Members(_) => Pairs::NONE,
        };
        pairs.iter()
    }

    /// Were file parts sent that no signature covers.
    #[must_use]
    pub fn files(&self) -> &[String] {
        match self {
            Self::Mixed { files, .. } => files,
            Self::Texts(_) | Self::Members(_) => &[],
        }
    }

    /// Does the action get anything from its client.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first_name().is_none()
    }

    /// The name of some parameter of the action.
    #[must_use]
    pub fn first_name(&self) -> Option<&str> {
        match self {
            Self::Mixed { .. } | Self::Texts(_) => self.own().next().map(|(name, _)| name),
            Self::Members(members) => members.keys().next().map(String::as_str),
        }
    }

    /// The texts of the action alone.
    fn own(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let mixed = matches!(self, Self::Mixed { .. });
        self.pairs().filter(move |(name, _)| !(mixed && is_common(name) && !is_shared(name)))
    }

    /// A ClientToken or a DryRun, as text; an empty one is an absent one.
    pub(crate) fn shared(&self, name: &str) -> Option<Cow<'_, str>> {
        let text = match self {
            Self::Mixed { .. } | Self::Texts(_) => {
                Cow::Borrowed(self.pairs().find(|(sent, _)| *sent == name)?.1)
            }
            Self::Members(members) => {
                let value = members.get(name)?;
                value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed)
            }
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// What the call asks of its action, each parameter by its name: what makes two calls the same.
    pub(crate) fn asked(&self) -> Vec<(&str, Cow<'_, str>)> {
        let asked: Vec<(&str, Cow<'_, str>)> = match self {
            Self::Mixed { .. } | Self::Texts(_) => {
                self.own().map(|(name, value)| (name, value.into())).collect()
            }
            Self::Members(members) => members
                .iter()
                .map(|(name, value)| (name.as_str(), value.to_string().into()))
                .collect(),
        };
        asked.into_iter().filter(|(name, _)| !is_shared(name)).collect()
    }

    /// Reads them by the action's schema, every fault at once.
    pub(crate) fn read(&self, parameters: &Parameters) -> Result<Map<String, Value>, Vec<Fault>> {
        // A ClientToken and a DryRun are the gateway's; the action gets those that it declares itself.
        let declared =
            |name: &str| parameters.describe().iter().any(|own| is_spelt(&own.name, name));
        let is_theirs = |name: &str| !is_shared(name) || declared(name);
        match self {
            Self::Mixed { .. } | Self::Texts(_) => {
                parameters.read(self.own().filter(|(name, _)| is_theirs(name)))
            }
            Self::Members(members) => {
                let mut members = members.clone();
                members.retain(|name, _| is_theirs(name));
                parameters.read_json(members)
            }
        }
    }

    /// How many items of a list were sent, before anything is validated.
    #[must_use]
    pub fn count_items(&self, parameters: &Parameters, name: &str) -> usize {
        match self {
            Self::Mixed { .. } | Self::Texts(_) => parameters.count_items(name, self.pairs()),
            Self::Members(members) => members
                .iter()
                .filter(|(sent, _)| is_spelt(name, sent))
                .filter_map(|(_, value)| value.as_array())
                .map(Vec::len)
                .sum(),
        }
    }
}

/// As the document spells it, or as API 3.0 does.
fn is_spelt(declared: &str, sent: &str) -> bool {
    let rest = |text: &str| text.get(1..).map(str::to_owned);
    sent == declared
        || (sent.chars().next() == declared.chars().next().map(|c| c.to_ascii_uppercase())
            && rest(sent) == rest(declared))
}
