//! `Dialect`: how a client speaks, and so which envelope it can read (PROTOCOL, the table at the top).

use crate::envelope::Format;

/// How a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// API 2.0: `/v2/index.php`, a signature among the parameters.
    V2,
    /// API 2.0 with `Version`: signed the same, answered in the envelope of API 3.0.
    V2Versioned,
    /// API 3.0 with the signature of API 2.0 ("v1"), on `/`.
    RootV1,
    /// API 3.0: TC3-HMAC-SHA256, in the headers, on `/`.
    Tc3,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::V2, Self::V2Versioned, Self::RootV1, Self::Tc3];

    /// Its name in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V2Versioned => "v2-versioned",
            Self::RootV1 => "api3-v1",
            Self::Tc3 => "api3-tc3",
        }
    }

    /// Does it name parameters and members as API 3.0 does, with a capital first letter?
    #[must_use]
    pub const fn is_api3(self) -> bool {
        match self {
            Self::V2 => false,
            Self::V2Versioned | Self::RootV1 | Self::Tc3 => true,
        }
    }

    /// The one path that it is spoken on.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::V2 | Self::V2Versioned => "/v2/index.php",
            Self::RootV1 | Self::Tc3 => "/",
        }
    }
}

impl From<Dialect> for Format {
    fn from(dialect: Dialect) -> Self {
        if dialect.is_api3() { Self::Api3 } else { Self::V2 }
    }
}
