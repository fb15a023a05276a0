//! Was anything executed, was anything charged.

/// What a refused call did before it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing was executed, nothing was charged.
    Nothing,
    /// The module saw the call and refused it; nothing was charged.
    NotCharged,
    /// Part of the call was executed.
    Partly,
    /// It is not known whether the module executed the call; what it may cost stays held.
    Unknown,
}

impl Effect {
    /// The sentence that ends the message, where one is true.
    #[must_use]
    pub const fn sentence(self) -> Option<&'static str> {
        match self {
            Self::Nothing => Some("Nothing was executed, nothing was charged."),
            Self::NotCharged => Some("Nothing was charged."),
            Self::Partly => None,
            Self::Unknown => Some(
                "It is not known whether the call was executed: look before you repeat it. \
                 What it costs stays held until that is settled.",
            ),
        }
    }
}
