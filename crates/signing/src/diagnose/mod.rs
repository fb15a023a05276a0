//! Which mistake made this signature: recomputes the tag under the mistakes that clients are known to make.
//!
//! The verifier holds the secret, so a guess can be proven: where the tag of a mistaken string equals the one received,
//! the client signed that string ([`Certainty::Exact`]). What can only be seen, a signature in hexadecimal for example,
//! is [`Certainty::Likely`]. The work is bounded: [`MACS_MAX`] MACs over [`BYTES_MAX`],
//! and no search in texts beyond [`TEXT_BYTES_MAX`].
//! Never: tells the expected signature. A diagnosis tells of the secret only what the client did with it.
//!
//! ```
//! use faregate_signing::diagnose::{Certainty, Evidence, Mistake, V2, diagnose};
//! use faregate_signing::{Algorithm, Method, SecretKey, Tag};
//!
//! let secret = SecretKey::new("Gu5t9xGARNpq86cd98joQYCN3Cozk1qA");
//! let theirs = "GETcvm.api.qcloud.com/v2/index.php?Action=DescribeZones&Timestamp=1";
//! let signature = Tag::of(Algorithm::HmacSha1, &secret, theirs).encode();
//! let pairs = [("Action", "DescribeZones"), ("Timestamp", "1")];
//! let sent = V2::new(Method::Post, "cvm.api.qcloud.com", "/v2/index.php", &pairs, &signature);
//! let found = diagnose(&Evidence::V2(sent), &secret, &[]).ok_or("nothing found")?;
//! assert_eq!((found.mistake, found.certainty), (Mistake::MethodDiffers, Certainty::Exact));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod difference;
mod encoding;
mod hosts;
mod json;
mod mistake;
mod received;
mod search;
mod secrets;
#[cfg(test)]
mod spec;
mod tc3;
mod v2;
mod values;

use serde::Serialize;

pub use self::difference::{Difference, first_difference, shown};
pub use self::mistake::Mistake;
pub use self::search::{BYTES_MAX, MACS_MAX, TEXT_BYTES_MAX};
pub use self::tc3::Tc3;
pub use self::v2::V2;
use crate::SecretKey;

/// A request whose signature does not match, as received.
#[derive(Clone, Copy, Debug)]
pub enum Evidence<'a> {
    /// Signed by parameters: v2 and the signature of version 1 of API 3.0.
    V2(V2<'a>),
    /// Signed by headers.
    Tc3(Tc3<'a>),
}

/// How sure a diagnosis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// The tag of the mistaken string is the tag received: this is what was signed.
    Exact,
    /// The request looks so; no string was found that gives the tag.
    Likely,
}

/// What a client did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The mistake.
    pub mistake: Mistake,
    /// A second one, made together with the first.
    pub also: Option<Mistake>,
    /// How sure this is.
    pub certainty: Certainty,
    /// What it was found at: a parameter's name, a host, a date.
    pub subject: Option<String>,
    /// The string that the client signed, where it is known and is text.
    pub theirs: Option<String>,
    /// The canonical request that they hashed, where that is what differs.
    pub their_canonical: Option<String>,
    /// How many MACs were computed to find it.
    pub n_macs: usize,
}

impl Diagnosis {
    /// What was done, in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let subject = self.subject.as_deref().filter(|subject| !subject.is_empty());
        let subject: String =
            subject.unwrap_or("nothing").chars().take(SUBJECT_CHARS_MAX).collect();
        self.mistake.says().replace("{}", &shown(&subject))
    }

    /// What to do instead.
    #[must_use]
    pub const fn fix(&self) -> &'static str {
        self.mistake.fix()
    }

    /// Where the client's string leaves ours, if it is known what they signed: in the canonical request where that is
    /// what differs, in the string to sign otherwise.
    #[must_use]
    pub fn difference(
        &self,
        string_to_sign: Option<&str>,
        canonical_request: Option<&str>,
    ) -> Option<Difference> {
        match canonical_request.zip(self.their_canonical.as_deref()) {
            Some((ours, theirs)) => first_difference(ours, theirs),
            None => first_difference(string_to_sign?, self.theirs.as_deref()?),
        }
    }

    fn exact(mistake: Mistake, subject: Option<String>, theirs: &[u8], n_macs: usize) -> Self {
        let theirs = str::from_utf8(theirs).ok().map(str::to_owned);
        Self {
            mistake,
            also: None,
            certainty: Certainty::Exact,
            subject,
            theirs,
            their_canonical: None,
            n_macs,
        }
    }

    fn likely(mistake: Mistake, subject: Option<String>, n_macs: usize) -> Self {
        Self {
            mistake,
            also: None,
            certainty: Certainty::Likely,
            subject,
            theirs: None,
            their_canonical: None,
            n_macs,
        }
    }

    /// With the mistake in the signature's spelling, by which it was read at all.
    fn spelled(mut self, spelling: Option<Mistake>) -> Self {
        if self.mistake != Mistake::SecretDiffers {
            self.also = self.also.or(spelling);
        }
        self
    }
}

/// Finds the mistake behind a signature that does not match. `others` are the secrets of the account's other keys; give
/// none of anybody else. `None` where the signature is good after all, or nothing can be said.
#[must_use]
pub fn diagnose(
    evidence: &Evidence<'_>,
    secret: &SecretKey,
    others: &[&SecretKey],
) -> Option<Diagnosis> {
    match evidence {
        Evidence::V2(request) => v2::diagnose(request, secret, others),
        Evidence::Tc3(request) => tc3::diagnose(request, secret, others),
    }
}

/// How much of a client's own text a sentence repeats.
const SUBJECT_CHARS_MAX: usize = 200;

/// What a client may have signed in place of what was sent, and what that would mean.
#[derive(Clone)]
struct Edited<D> {
    mistake: Mistake,
    subject: Option<String>,
    draft: D,
}

impl<D> Edited<D> {
    fn of(mistake: Mistake, draft: D) -> Self {
        Self { mistake, subject: None, draft }
    }

    fn at(mistake: Mistake, subject: &str, draft: D) -> Self {
        Self { mistake, subject: Some(subject.to_owned()), draft }
    }
}
