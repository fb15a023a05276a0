//! 5200 Failed to purchase resource: the module has none left, or not in this configuration.
//!
//! Made from the module's answer, because only the module knows its stock; by then the price is held, and
//! this refusal gives it back.
//! Invariant: a 5200 charges nothing. Never: made before the module was asked.

use faregate_contract::{Code, Effect, ModuleError, Origin, Public, Reason, Refusal};

/// The reasons of this room.
pub const REASONS: &[Reason] = &[NOT_SOLD];
const NOT_SOLD: Reason = Reason::new("NOT_SOLD");

/// Why the module does not sell.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// In the module's words.
    NotSold {
        /// What it says.
        message: String,
        /// Its own code.
        module: Option<ModuleError>,
    },
}

impl From<Refused> for Refusal {
    fn from(Refused::NotSold { message, module }: Refused) -> Self {
        let say = format!("{}.", message.trim_end_matches('.'));
        let refusal =
            Refusal::new(Code::ResourceInsufficient, NOT_SOLD, Origin::Module, Public::new(say))
                .effect(Effect::NotCharged);
        match module {
            Some(module) => refusal.module(module),
            None => refusal,
        }
    }
}

/// 5200 as the module said it; asked for by `operation`.
#[must_use]
pub fn refused_by_upstream(message: &str, module: Option<ModuleError>) -> Refusal {
    Refused::NotSold { message: message.to_owned(), module }.into()
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_sold_out_module_speaks_for_itself_and_nothing_is_charged() {
        let module = ModuleError::new("200001", "sold out").unwrap();
        let refusal = refused_by_upstream("sold out", Some(module));
        assert_eq!(
            (refusal.code, refusal.message().as_str()),
            (Code::ResourceInsufficient, "(200001) sold out")
        );
        let plain = refused_by_upstream("no stock.", None).message();
        assert_eq!(plain, "Failed to purchase resource: no stock. Nothing was charged.");
    }
}
