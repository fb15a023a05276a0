//! A world of its own for the rooms' tables: one module (compute), one account, one key, no I/O.
//!
//! [`World::walk`] is the driver without its awaits, so every row runs the gates in their real order.

use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::Bytes;
use faregate_catalog::{Catalog, Settings, Source};
use faregate_contract::Refusal;
use faregate_ledger::{Currency, Money};
use faregate_signing::{Algorithm, KeyId, Method, SecretKey, form, sign};

use crate::balance::Funded;
use crate::call::{Body, RawCall, RawMethod, fixture::raw};
use crate::facts::*;
use crate::replay::Prints;
use crate::time::Millis;
use crate::{
    authn, authz, availability, balance, ownership, parameters, protocol, quota, replay, routing,
    validity, verification,
};

pub(crate) const SECRET_ID: &str = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA";
pub(crate) const SECRET_KEY: &str = "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA";

/// What the gates are told; each row of a table breaks one thing.
pub(crate) struct World {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) account: Account,
    pub(crate) key_enabled: bool,
    pub(crate) key_ends_at: Option<Millis>,
    pub(crate) key_known: bool,
    pub(crate) token: Option<String>,
    pub(crate) sources: Vec<Network>,
    /// Texts of policies that the key is under.
    pub(crate) policies: Option<Vec<String>>,
    pub(crate) policy: authn::Policy,
    pub(crate) switches: Vec<Switch>,
    /// Those of the configuration.
    pub(crate) configured: Vec<Switch>,
    pub(crate) now: Millis,
    pub(crate) fence: Option<Millis>,
    pub(crate) claim: Claim,
    pub(crate) refused_for_s: Option<u32>,
    pub(crate) owner: Owner,
    pub(crate) hold: HoldOutcome,
    pub(crate) inquiry: Inquest,
}

/// Grants every search, and knows the other keys of the account.
#[derive(Debug)]
pub(crate) struct Inquest {
    pub(crate) is_granted: bool,
    pub(crate) others: Vec<SecretKey>,
    nobody: SecretKey,
}

impl authn::Inquiry for Inquest {
    fn granted(&self, _: &str) -> bool {
        self.is_granted
    }

    fn other_secrets(&self, account: &str, _: &str) -> Vec<SecretKey> {
        if account.is_empty() { Vec::new() } else { self.others.clone() }
    }

    fn nobody(&self) -> &SecretKey {
        &self.nobody
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let text = include_str!("../../../examples/compute/openapi.yaml");
        let sources = [Source { name: "openapi.yaml", text, upstream: None }];
        let loaded = Catalog::load(&sources, &Settings { base_domain: "api.qcloud.com" });
        Self {
            catalog: Arc::new(loaded.catalog.expect("compute's document is good")),
            account: Account {
                identity: Identity::Verified,
                ..Account::new("100000001", 1, "demo")
            },
            key_enabled: true,
            key_ends_at: None,
            key_known: true,
            token: None,
            sources: Vec::new(),
            policies: None,
            policy: authn::Policy { sandbox: false, weakest: MinSignature::V2Sha1 },
            switches: Vec::new(),
            configured: Vec::new(),
            now: raw().arrived,
            fence: None,
            claim: Claim::New,
            refused_for_s: None,
            owner: Owner::Account("100000001".to_owned()),
            hold: HoldOutcome::Held,
            inquiry: Inquest {
                is_granted: true,
                others: Vec::new(),
                nobody: SecretKey::new("f4Zr0kPq8sT2vXyB6nM1cLd3gHjWaE5u"),
            },
        }
    }

    /// All gates, as the driver calls them.
    pub(crate) fn walk(&self, raw: RawCall) -> Result<Funded, Refusal> {
        let key = Arc::new(Key {
            id: KeyId::new(SECRET_ID),
            enabled: self.key_enabled,
            secret: SecretKey::new(SECRET_KEY),
            token: self.token.clone(),
            user: None,
            expires_at: self.key_ends_at,
            used_at_ms: std::sync::atomic::AtomicI64::new(0),
            sources: self.sources.clone(),
            policies: self.policies.as_ref().map(|texts| {
                let read = |text: &String| authz::policy::read_kept("p", text).expect("a policy");
                authz::policy::Bundle::new(texts.iter().map(read).collect(), None)
            }),
            account: Arc::new(self.account.clone()),
        });
        let one = NonZeroU32::MIN;
        let cell = CellVerdict {
            name: "account",
            limit: Limit::Rate(Rate { per_second: one, burst: one }),
            window_s: 1,
            hidden: false,
            in_calls: false,
            remaining: 0,
            reset_s: 1,
            refused_for_s: self.refused_for_s,
        };
        let accepted = protocol::check(raw)?;
        let located = routing::domain(accepted, &self.catalog)?;
        let decoded = parameters::decode(located, &parameters::Limits::default())?;
        let routed = routing::action(decoded)?;
        let open = availability::check(routed, (&self.switches, &self.configured), self.now)?;
        let authenticated =
            authn::check(open, self.key_known.then_some(key), &self.policy, &self.inquiry)?;
        let fresh =
            validity::check(authenticated, self.now, self.fence, &validity::Policy::default())?;
        let permitted = authz::check(fresh)?;
        let request =
            replay::request(&permitted, &Prints::new([0; 16]), &replay::Policy::default());
        let claimed = replay::check(permitted, request.as_ref(), self.claim)?;
        let admitted =
            quota::check(claimed, &Verdict { cells: [cell].into_iter().collect(), place: None })?;
        let valid = parameters::validate(admitted)?;
        let wanted = ownership::wanted(&valid);
        let known = Known {
            owners: vec![self.owner.clone(); wanted.resources.len()],
            accounts: vec![true; wanted.accounts.len()],
        };
        let owned = ownership::check(valid, &wanted, &known, ownership::Mode::Enforce)?;
        let verified = verification::check(owned)?;
        let price = match balance::price(verified.operation(), verified.arguments())? {
            balance::Price::Known(price) => Some(price),
            balance::Price::Free | balance::Price::Asked(_, _) => None,
        };
        let bill = balance::Bill::Whole(balance::intent(&verified, price));
        balance::check(verified, &bill, std::slice::from_ref(&self.hold))
    }

    /// The reason of the refusal, if there is one.
    pub(crate) fn reason(&self, raw: RawCall) -> Option<(u16, &'static str)> {
        self.walk(raw).err().map(|refusal| (refusal.code.number(), refusal.reason.as_str()))
    }
}

/// A balance of 1.00, when a purchase wants more.
pub(crate) fn insufficient() -> HoldOutcome {
    let available = Money::parse("1.00", Currency::CNY).expect("money");
    HoldOutcome::Insufficient { available, credit: Money::zero(Currency::CNY) }
}

/// The pairs of a call that is signed for this method.
pub(crate) fn signed_pairs(
    method: Method,
    action: &str,
    parameters: &[(&str, &str)],
) -> Vec<(String, String)> {
    signed(method, Algorithm::HmacSha256, action, parameters)
}

/// A signed GET of `action`, with these parameters beside the common ones; one of the same name replaces it.
pub(crate) fn get(action: &str, parameters: &[(&str, &str)]) -> RawCall {
    get_by(Algorithm::HmacSha256, action, parameters)
}

/// The same, signed by this algorithm.
pub(crate) fn get_by(algorithm: Algorithm, action: &str, parameters: &[(&str, &str)]) -> RawCall {
    let query = form::encode(&signed(Method::Get, algorithm, action, parameters));
    RawCall { query: Some(query), ..raw() }
}

/// The same, as a POST.
pub(crate) fn post(action: &str, parameters: &[(&str, &str)]) -> RawCall {
    let body = form::encode(&signed(Method::Post, Algorithm::HmacSha256, action, parameters));
    RawCall { method: RawMethod::Post, query: None, body: Body::Whole(Bytes::from(body)), ..raw() }
}

fn signed(
    method: Method,
    algorithm: Algorithm,
    action: &str,
    parameters: &[(&str, &str)],
) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let common = [
        ("Action", action),
        ("SecretId", SECRET_ID),
        ("Timestamp", "1500000000"),
        ("Nonce", "11886"),
    ];
    for (name, value) in common.iter().chain(parameters) {
        pairs.retain(|(other, _)| other != name);
        pairs.push(((*name).to_owned(), (*value).to_owned()));
    }
    let secret = SecretKey::new(SECRET_KEY);
    sign::v2(method, &raw().host, &raw().path, &mut pairs, &secret, algorithm);
    pairs
}
