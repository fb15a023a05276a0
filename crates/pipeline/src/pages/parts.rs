//! The nine parts of a code's page, in their order, in both languages.

use super::Language;

/// One of the nine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What it means, in a sentence or two.
    Meaning,
    /// The reasons, most frequent first.
    Causes,
    /// What to do, client by client.
    Fix,
    /// Commands for a sandbox.
    Reproduce,
    /// Was anything executed or charged?
    Effect,
    /// May I retry, and how?
    Retry,
    /// What modules say with it.
    ModuleCodes,
    /// Where to read on.
    Related,
    /// The first version that has it.
    Since,
}

impl Part {
    /// All nine, in their order.
    pub const ALL: [Self; 9] = [
        Self::Meaning,
        Self::Causes,
        Self::Fix,
        Self::Reproduce,
        Self::Effect,
        Self::Retry,
        Self::ModuleCodes,
        Self::Related,
        Self::Since,
    ];

    /// Its name in addresses: the same in every language.
    #[must_use]
    pub const fn anchor(self) -> &'static str {
        match self {
            Self::Meaning => "meaning",
            Self::Causes => "causes",
            Self::Fix => "fix",
            Self::Reproduce => "reproduce",
            Self::Effect => "effect",
            Self::Retry => "retry",
            Self::ModuleCodes => "module-codes",
            Self::Related => "related",
            Self::Since => "since",
        }
    }

    /// Its heading.
    #[must_use]
    pub const fn heading(self, language: Language) -> &'static str {
        let (english, chinese) = match self {
            Self::Meaning => ("What it means", "含义"),
            Self::Causes => ("Likely causes", "可能的原因"),
            Self::Fix => ("How to fix it", "如何解决"),
            Self::Reproduce => ("Make it happen", "如何重现"),
            Self::Effect => ("Was anything executed or charged?", "是否已执行或扣费？"),
            Self::Retry => ("May I retry?", "可以重试吗？"),
            Self::ModuleCodes => ("Module codes", "模块错误码"),
            Self::Related => ("Related codes", "相关错误码"),
            Self::Since => ("Since", "起始版本"),
        };
        match language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }

    /// What a page says in this part, without its heading.
    #[must_use]
    pub fn of(self, page: &str, language: Language) -> Option<&str> {
        let heading = format!("\n## {}\n", self.heading(language));
        let (_, rest) = page.split_once(&heading)?;
        Some(rest.split_once("\n## ").map_or(rest, |(part, _)| part).trim())
    }
}
