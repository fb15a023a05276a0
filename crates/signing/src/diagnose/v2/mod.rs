//! Mistakes of v2: what the parameters, their order, the beginning and the key may have been.

mod draft;
mod edits;
mod pairs;

use self::draft::{Draft, Pairs, Text};
use super::search::Search;
use super::{Diagnosis, Mistake, TEXT_BYTES_MAX, received, secrets};
use crate::v2::{Order, Profile, candidates, compare_dotted};
use crate::{Algorithm, Method, Pair, SecretKey, Tag};

/// A v2 request as received, with what helps to guess.
#[derive(Clone, Copy, Debug)]
pub struct V2<'a> {
    /// The HTTP method.
    pub method: Method,
    /// The `Host` header.
    pub host: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// All parameters but `Signature`, decoded, in the order received.
    pub pairs: &'a [Pair<'a>],
    /// The `Signature`, decoded as a parameter, in whatever spelling.
    pub signature: &'a str,
    /// The query or the form body as sent, where it is text.
    pub raw: Option<&'a str>,
    /// Hosts that the installation has: the client may have signed another of them.
    pub hosts: &'a [&'a str],
    /// Parameters that the action has: the client may have signed and not sent one.
    pub declared: &'a [&'a str],
}

impl<'a> V2<'a> {
    /// With nothing that helps to guess.
    #[must_use]
    pub const fn new(
        method: Method,
        host: &'a str,
        path: &'a str,
        pairs: &'a [Pair<'a>],
        signature: &'a str,
    ) -> Self {
        Self { method, host, path, pairs, signature, raw: None, hosts: &[], declared: &[] }
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        self.pairs.iter().find(|(sent, _)| *sent == name).map(|&(_, value)| value)
    }
}

/// A string written otherwise, and what that would mean.
type Edited = super::Edited<Draft>;

pub(super) fn diagnose(
    request: &V2<'_>,
    secret: &SecretKey,
    others: &[&SecretKey],
) -> Option<Diagnosis> {
    let said = Algorithm::of(request.value("SignatureMethod"));
    let Some((tag, spelling)) = received::v2(request.signature) else {
        return unreadable(request.signature);
    };
    let mut finder = Finder::new(request, tag, secret);
    let used = finder.search.algorithm();
    let wrong = (used != said).then_some(Mistake::WrongAlgorithm);
    let spelled = spelling.or(wrong);
    if finder.is_long() {
        return spelled.map(|mistake| Diagnosis::likely(mistake, Some(used.name().to_owned()), 0));
    }
    if let Some(text) = finder.good() {
        // The string is right: what is wrong is how the signature was made or written, or nothing is.
        let mut found = Diagnosis::exact(
            spelled?,
            Some(used.name().to_owned()),
            text.as_bytes(),
            finder.search.n_macs(),
        );
        found.also = spelling.and(wrong);
        return Some(found);
    }
    if let Some(found) = finder.find(others) {
        return Some(found.spelled(spelled));
    }
    Some(finder.likely(spelled, used))
}

/// A signature that is none: its length may still say what it is.
fn unreadable(signature: &str) -> Option<Diagnosis> {
    let odd = |name: &str| Diagnosis::likely(Mistake::WrongAlgorithm, Some(name.to_owned()), 0);
    match signature.trim_end_matches('=').len() {
        22 | 32 => Some(odd("HmacMD5")),
        64 | 96 => Some(odd("HmacSHA384")),
        86 | 128 => Some(odd("HmacSHA512")),
        _ => None,
    }
}

struct Finder<'a> {
    request: &'a V2<'a>,
    search: Search<'a>,
    pairs: Pairs,
    profiles: Vec<Profile>,
}

impl<'a> Finder<'a> {
    fn new(request: &'a V2<'a>, tag: Tag, secret: &'a SecretKey) -> Self {
        let mut pairs: Pairs =
            request.pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        // What is sorted already is sorted again in one pass.
        pairs.sort_by(|(ours, _), (theirs, _)| compare_dotted(ours, theirs));
        let mut finder =
            Self { request, search: Search::new(tag, secret), pairs, profiles: Vec::new() };
        let mut texts: Vec<String> = Vec::new();
        for profile in candidates(request.method, request.host, request.pairs) {
            let text = finder.draft(&finder.pairs, profile).text();
            if !texts.contains(&text) {
                texts.push(text);
                finder.profiles.push(profile);
            }
        }
        finder.profiles.truncate(crate::v2::STRINGS_MAX);
        finder
    }

    fn is_long(&self) -> bool {
        let n_bytes: usize = self.pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
        n_bytes > TEXT_BYTES_MAX || self.pairs.len() > PAIRS_MAX
    }

    fn draft(&self, pairs: &[(Text, Text)], profile: Profile) -> Draft {
        let V2 { method, host, path, .. } = *self.request;
        Draft::of((method.as_str(), host, path), pairs, profile)
    }

    fn drafts(&self) -> Vec<Draft> {
        self.profiles.iter().map(|profile| self.draft(&self.pairs, *profile)).collect()
    }

    /// The string of the profile that matches after all.
    fn good(&mut self) -> Option<String> {
        let texts: Vec<String> = self.drafts().iter().map(Draft::text).collect();
        texts.into_iter().find(|text| self.search.signs(text.as_bytes()))
    }

    /// One change after the other, the commonest first; then two changes at once.
    fn find(&mut self, others: &[&SecretKey]) -> Option<Diagnosis> {
        let drafts = self.drafts();
        let (pairs, request) = (self.pairs.clone(), self.request);
        let keys = secrets::variants(
            self.search.secret,
            self.request.value("SecretId").unwrap_or_default(),
            others,
        );
        drafts
            .iter()
            .find_map(|draft| self.keys(draft, &keys))
            .or_else(|| self.lists(pairs::kinds(&pairs).into_iter()))
            .or_else(|| drafts.iter().find_map(|draft| self.edits(draft)))
            .or_else(|| drafts.iter().find_map(|draft| self.wholes(draft)))
            .or_else(|| self.lists(pairs::near(&pairs, request)))
            .or_else(|| self.times())
            .or_else(|| self.lists(pairs::changed(&pairs)))
            .or_else(|| self.lists(pairs::added_two(&pairs)))
            .or_else(|| drafts.first().and_then(|draft| self.two(draft, &keys)))
    }

    fn hit(&mut self, mistake: Mistake, subject: Option<String>, text: &[u8]) -> Option<Diagnosis> {
        let signs = self.search.signs(text);
        signs.then(|| Diagnosis::exact(mistake, subject, text, self.search.n_macs()))
    }

    fn keys(&mut self, draft: &Draft, keys: &[(Mistake, SecretKey)]) -> Option<Diagnosis> {
        let text = draft.text();
        let bytes = text.as_bytes();
        let found = keys.iter().find(|(_, key)| self.search.signs_with(key, bytes));
        let found = found.map(|(mistake, _)| *mistake).or_else(|| self.odd_keys(bytes));
        found.map(|mistake| Diagnosis::exact(mistake, None, bytes, self.search.n_macs()))
    }

    /// The key of TC3 in v2, and what is no HMAC.
    fn odd_keys(&mut self, text: &[u8]) -> Option<Mistake> {
        let secret = self.search.secret;
        let keyed = secrets::prefixed("TC3", secret);
        if self.search.signs_with(&keyed, text) {
            return Some(Mistake::KeyOfOtherScheme);
        }
        if self.search.signs_with(&SecretKey::new(text), secret.as_bytes()) {
            return Some(Mistake::KeyAndTextSwapped);
        }
        let algorithm = self.search.algorithm();
        let joined = [[secret.as_bytes(), text].concat(), [text, secret.as_bytes()].concat()];
        let joined = joined.into_iter().chain([text.to_vec()]);
        let mut hashes = joined.map(|bytes| hash(algorithm, &bytes));
        hashes.find(|hash| self.search.is(hash)).map(|_| Mistake::PlainHash)
    }

    fn edits(&mut self, draft: &Draft) -> Option<Diagnosis> {
        let request = self.request;
        let kinds: [fn(&Draft, &V2<'_>) -> Vec<Edited>; 4] =
            [edits::beginnings, edits::values, edits::orders, edits::names];
        for kind in kinds {
            if self.search.is_spent() {
                break;
            }
            for Edited { mistake, subject, draft } in kind(draft, request) {
                let found = self.hit(mistake, subject, draft.text().as_bytes());
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    fn wholes(&mut self, draft: &Draft) -> Option<Diagnosis> {
        if self.search.is_spent() {
            return None;
        }
        let wholes = edits::wholes(draft, self.request);
        wholes.into_iter().find_map(|(mistake, text)| self.hit(mistake, None, &text))
    }

    /// Other lists of parameters, sorted anew under each profile.
    fn lists(&mut self, changed: impl Iterator<Item = pairs::Changed>) -> Option<Diagnosis> {
        let profiles = self.profiles.clone();
        for (mistake, subject, pairs) in changed {
            if self.search.is_spent() {
                break;
            }
            for profile in &profiles {
                let respelled =
                    matches!(mistake, Mistake::UnderscoreFirstOnly | Mistake::DotsReplaced);
                let order = if respelled { Order::D } else { profile.order };
                let text = self.draft(&pairs, Profile { order, ..*profile }).text();
                let found = self.hit(mistake, subject.clone(), text.as_bytes());
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// Other stamps and nonces. Their place in the order stays.
    fn times(&mut self) -> Option<Diagnosis> {
        let profile = self.profiles.first().copied().unwrap_or(Profile::CANONICAL);
        let pairs = self.pairs.clone();
        let rows = [
            ("Timestamp", Mistake::TimestampChanged, pairs::stamps as fn(&str) -> Vec<String>),
            ("Nonce", Mistake::NonceChanged, pairs::nonces),
        ];
        rows.into_iter().find_map(|(name, mistake, variants)| {
            let others = variants(self.request.value(name)?);
            others.into_iter().find_map(|other| {
                let pairs = pairs::with(&pairs, name, &other);
                let text = self.draft(&pairs, profile).text();
                self.hit(mistake, Some(other), text.as_bytes())
            })
        })
    }

    /// Two changes at once: an end, a beginning or a key with other values or another order.
    fn two(&mut self, draft: &Draft, keys: &[(Mistake, SecretKey)]) -> Option<Diagnosis> {
        if self.search.is_spent() {
            return None;
        }
        let orders = edits::orders(draft, self.request).into_iter().take(SORTS);
        let seconds: Vec<Edited> =
            edits::values(draft, self.request).into_iter().chain(orders).collect();
        for Edited { mistake, draft, .. } in &seconds {
            for (also, text) in edits::ends(draft) {
                if let Some(found) = self.hit(*mistake, None, text.as_bytes()) {
                    return Some(Diagnosis { also: Some(also), ..found });
                }
            }
        }
        // The beginning does not change what follows it: each part is written once.
        let queries: Vec<(Mistake, String)> =
            seconds.iter().map(|edited| (edited.mistake, edited.draft.query())).collect();
        let mut beginnings = edits::beginnings(draft, self.request);
        let hosts = beginnings.split_off(edits::N_NEAR.min(beginnings.len()));
        self.begun(&beginnings, &queries)
            .or_else(|| self.keyed(&draft.prefix(), &queries, keys))
            .or_else(|| self.begun(&hosts, &queries))
    }

    fn begun(&mut self, firsts: &[Edited], queries: &[(Mistake, String)]) -> Option<Diagnosis> {
        for first in firsts {
            let prefix = first.draft.prefix();
            for (also, query) in queries {
                let text = [prefix.as_str(), query].concat();
                if let Some(found) = self.hit(first.mistake, first.subject.clone(), text.as_bytes())
                {
                    return Some(Diagnosis { also: Some(*also), ..found });
                }
            }
            if self.search.is_spent() {
                break;
            }
        }
        None
    }

    fn keyed(
        &mut self,
        prefix: &str,
        queries: &[(Mistake, String)],
        keys: &[(Mistake, SecretKey)],
    ) -> Option<Diagnosis> {
        for (mistake, query) in queries {
            let text = [prefix, query].concat();
            let found = keys.iter().find(|(_, key)| self.search.signs_with(key, text.as_bytes()));
            if let Some((also, _)) = found {
                let n_macs = self.search.n_macs();
                let found = Diagnosis::exact(*mistake, None, text.as_bytes(), n_macs);
                return Some(Diagnosis { also: Some(*also), ..found });
            }
        }
        None
    }

    /// What can be seen, where nothing was proven.
    fn likely(&self, spelled: Option<Mistake>, used: Algorithm) -> Diagnosis {
        let n_macs = self.search.n_macs();
        if let Some(mistake) = spelled {
            return Diagnosis::likely(mistake, Some(used.name().to_owned()), n_macs);
        }
        let escaped = |value: &str| {
            let mut parts = value.split('%').skip(1);
            parts.any(|part| {
                part.get(..2).is_some_and(|digits| u8::from_str_radix(digits, 16).is_ok())
            })
        };
        if let Some((name, _)) = self.request.pairs.iter().find(|(_, value)| escaped(value)) {
            return Diagnosis::likely(
                Mistake::ValuesEncodedTwice,
                Some((*name).to_owned()),
                n_macs,
            );
        }
        Diagnosis::likely(Mistake::SecretDiffers, None, n_macs)
    }
}

fn hash(algorithm: Algorithm, bytes: &[u8]) -> Vec<u8> {
    use sha2::Digest;
    match algorithm {
        Algorithm::HmacSha1 => sha1::Sha1::digest(bytes).to_vec(),
        Algorithm::HmacSha256 => sha2::Sha256::digest(bytes).to_vec(),
    }
}

/// More parameters than this are not searched.
const PAIRS_MAX: usize = 200;
/// The orders that are tried together with another mistake: all but the moves of single parameters.
const SORTS: usize = 8;
