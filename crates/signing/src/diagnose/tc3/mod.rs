//! Mistakes of TC3: what the header, the canonical request, the string to sign and the key may have been.

mod canonicals;
mod draft;
mod lenient;
mod lines;

use self::draft::{Draft, Lines};
use super::search::Search;
use super::{Diagnosis, Mistake, received};
use crate::tc3::{self, Authorization, Header, UNSIGNED_PAYLOAD, hash, signing_key};
use crate::{Method, SecretKey};

/// A TC3 request as received, with what helps to guess.
#[derive(Clone, Copy, Debug)]
pub struct Tc3<'a> {
    /// The HTTP method.
    pub method: Method,
    /// The path, without the query.
    pub path: &'a str,
    /// The raw query string.
    pub query: &'a str,
    /// The `Host` header.
    pub host: &'a str,
    /// The headers.
    pub headers: &'a [Header<'a>],
    /// The bytes of the body.
    pub body: &'a [u8],
    /// `X-TC-Timestamp`.
    pub timestamp: &'a str,
    /// The `Authorization` header, well formed or not.
    pub authorization: &'a str,
    /// Hosts that the installation has.
    pub hosts: &'a [&'a str],
}

impl<'a> Tc3<'a> {
    fn header(&self, name: &str) -> Option<&'a str> {
        let found = self.headers.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }

    fn payload_hash(&self) -> String {
        if self.header("x-tc-content-sha256") == Some(UNSIGNED_PAYLOAD) {
            hash(UNSIGNED_PAYLOAD.as_bytes())
        } else {
            hash(self.body)
        }
    }

    fn with<'b>(&'b self, authorization: &'b Authorization<'b>) -> tc3::Request<'b> {
        let Self { method, path, query, host, headers, body, timestamp, .. } = *self;
        tc3::Request { method, path, query, host, headers, body, timestamp, authorization }
    }
}

/// A canonical request written otherwise, and what that would mean.
type Edited = super::Edited<Draft>;

pub(super) fn diagnose(
    request: &Tc3<'_>,
    secret: &SecretKey,
    others: &[&SecretKey],
) -> Option<Diagnosis> {
    let Some(read) = lenient::read(request.authorization) else {
        let error = Authorization::parse(request.authorization).err()?;
        return Some(Diagnosis::likely(
            Mistake::AuthorizationMalformed,
            Some(error.to_string()),
            0,
        ));
    };
    let Some((tag, spelling)) = received::tc3(read.signature) else {
        let error = Authorization::parse(request.authorization).err()?;
        return Some(Diagnosis::likely(
            Mistake::AuthorizationMalformed,
            Some(error.to_string()),
            0,
        ));
    };
    let spelling = spelling.or(read.mistake);
    let names = read.signed_headers.to_ascii_lowercase();
    let authorization = Authorization {
        secret_id: read.secret_id,
        date: read.date,
        service: read.service,
        signed_headers: &names,
        tag: tag.clone(),
    };
    let key = signing_key(secret, read.date, read.service);
    let mut finder =
        Finder { request, authorization: &authorization, search: Search::new(tag, &key) };
    finder.search.pay(3);
    if let Some(found) = finder.good(spelling) {
        return found;
    }
    let found = finder.find(secret, others).unwrap_or_else(|| finder.likely(spelling));
    Some(found.spelled(spelling))
}

struct Finder<'a> {
    request: &'a Tc3<'a>,
    authorization: &'a Authorization<'a>,
    search: Search<'a>,
}

impl Finder<'_> {
    fn drafts(&self) -> Vec<Draft> {
        let request = self.request.with(self.authorization);
        let profiles = tc3::candidates(&request);
        profiles.map(|profile| Draft::of(self.request, self.authorization, profile)).collect()
    }

    /// Where the tag is right after all: the header's spelling is the mistake, or its date, or there is none.
    fn good(&mut self, spelling: Option<Mistake>) -> Option<Option<Diagnosis>> {
        let texts = self.drafts();
        let mut texts = texts.iter().map(|draft| self.text(draft)).collect::<Vec<_>>().into_iter();
        let text = texts.find(|text| self.search.signs(text.as_bytes()))?;
        let exact = |mistake, subject| {
            Some(Diagnosis::exact(mistake, subject, text.as_bytes(), self.search.n_macs()))
        };
        if let Some(mistake) = spelling {
            let error = Authorization::parse(self.request.authorization).err();
            return Some(exact(mistake, error.map(|error| error.to_string())));
        }
        if tc3::utc_date(self.request.timestamp).is_none_or(|date| date != self.authorization.date)
        {
            return Some(exact(Mistake::ScopeDateLocal, Some(self.authorization.date.to_owned())));
        }
        Some(None)
    }

    fn text(&self, draft: &Draft) -> String {
        Lines::of(self.request, self.authorization, &draft.text()).text()
    }

    fn hit(&mut self, mistake: Mistake, subject: Option<String>, text: &str) -> Option<Diagnosis> {
        let signs = self.search.signs(text.as_bytes());
        signs.then(|| Diagnosis::exact(mistake, subject, text.as_bytes(), self.search.n_macs()))
    }

    fn find(&mut self, secret: &SecretKey, others: &[&SecretKey]) -> Option<Diagnosis> {
        let drafts = self.drafts();
        let keys = lines::keys(self.authorization, secret, others);
        self.search.pay(3 * keys.len());
        drafts
            .iter()
            .find_map(|draft| self.keys(draft, &keys))
            .or_else(|| drafts.iter().find_map(|draft| self.canonicals(draft)))
            .or_else(|| drafts.iter().find_map(|draft| self.texts(draft)))
            .or_else(|| self.scopes(&drafts, secret))
            .or_else(|| drafts.first().and_then(|draft| self.stamps(draft)))
            .or_else(|| drafts.first().and_then(|draft| self.two(draft, &keys)))
    }

    fn keys(&mut self, draft: &Draft, keys: &[(Mistake, SecretKey)]) -> Option<Diagnosis> {
        let text = self.text(draft);
        let found = keys.iter().find(|(_, key)| self.search.signs_with(key, text.as_bytes()));
        found.map(|(mistake, _)| {
            Diagnosis::exact(*mistake, None, text.as_bytes(), self.search.n_macs())
        })
    }

    fn edited(&self, draft: &Draft) -> Vec<Edited> {
        let mut found = canonicals::beginnings(draft, self.request);
        found.extend(canonicals::ends(draft, self.request));
        found.extend(canonicals::headers(draft, self.request));
        found
    }

    fn canonicals(&mut self, draft: &Draft) -> Option<Diagnosis> {
        if self.search.is_spent() {
            return None;
        }
        let mut edited = self.edited(draft);
        edited.extend(canonicals::bodies(draft, self.request));
        edited.into_iter().find_map(|Edited { mistake, subject, draft }| {
            let text = self.text(&draft);
            let found = self.hit(mistake, subject, &text)?;
            Some(Diagnosis { their_canonical: Some(draft.text()), ..found })
        })
    }

    fn texts(&mut self, draft: &Draft) -> Option<Diagnosis> {
        let texts = lines::texts(self.request, self.authorization, draft);
        texts.into_iter().find_map(|(mistake, subject, text)| self.hit(mistake, subject, &text))
    }

    fn stamps(&mut self, draft: &Draft) -> Option<Diagnosis> {
        let texts = lines::stamps(self.request, self.authorization, draft);
        texts.into_iter().find_map(|(mistake, subject, text)| self.hit(mistake, subject, &text))
    }

    fn scopes(&mut self, drafts: &[Draft], secret: &SecretKey) -> Option<Diagnosis> {
        let scopes = lines::Scopes::of(self.request, self.authorization, secret);
        self.search.pay(2 * scopes.rows.len());
        drafts.iter().find_map(|draft| {
            let lines = Lines::of(self.request, self.authorization, &draft.text());
            scopes.rows.iter().find_map(|(mistake, subject, scope, key)| {
                let text = Lines { scope: scope.clone(), ..lines.clone() }.text();
                let signs = self.search.signs_with(key, text.as_bytes());
                let n_macs = self.search.n_macs();
                signs.then(|| {
                    Diagnosis::exact(*mistake, Some(subject.clone()), text.as_bytes(), n_macs)
                })
            })
        })
    }

    /// Two changes at once: another canonical request with another string or key.
    fn two(&mut self, draft: &Draft, keys: &[(Mistake, SecretKey)]) -> Option<Diagnosis> {
        for Edited { mistake, subject, draft } in self.edited(draft) {
            if self.search.is_spent() {
                break;
            }
            let texts = lines::texts(self.request, self.authorization, &draft);
            for (also, _, text) in texts.into_iter().take(TEXTS) {
                if let Some(found) = self.hit(mistake, subject.clone(), &text) {
                    return Some(Diagnosis { also: Some(also), ..found });
                }
            }
            let text = self.text(&draft);
            let found = keys.iter().find(|(_, key)| self.search.signs_with(key, text.as_bytes()));
            if let Some((also, _)) = found {
                let n_macs = self.search.n_macs();
                let found = Diagnosis::exact(mistake, subject, text.as_bytes(), n_macs);
                return Some(Diagnosis { also: Some(*also), ..found });
            }
        }
        None
    }

    /// What can be seen, where nothing was proven.
    fn likely(&self, spelling: Option<Mistake>) -> Diagnosis {
        let n_macs = self.search.n_macs();
        let likely =
            |mistake, subject: &str| Diagnosis::likely(mistake, Some(subject.to_owned()), n_macs);
        let once = |name: &str| {
            let sent = self.request.headers.iter();
            name == "host" || sent.filter(|(sent, _)| sent.eq_ignore_ascii_case(name)).count() == 1
        };
        if let Some(name) = self.authorization.names().find(|name| !once(name)) {
            return likely(Mistake::HeaderMissing, name);
        }
        if let Some(mistake) = spelling {
            return Diagnosis::likely(mistake, None, n_macs);
        }
        if tc3::utc_date(self.request.timestamp).is_some_and(|date| date != self.authorization.date)
        {
            return likely(Mistake::ScopeDateLocal, self.authorization.date);
        }
        Diagnosis::likely(Mistake::SecretDiffers, None, n_macs)
    }
}

/// How many whole strings are tried together with another canonical request.
const TEXTS: usize = 4;
