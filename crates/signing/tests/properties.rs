//! What holds of whatever clients send: no client's own rule is refused, and no two different requests pass with one
//! signature. A thousand cases a rule and some thousand pairs; ten thousand and a million under `FAREGATE_SOAK`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper that fails is a test that fails, and the seed is printed"
)]

use faregate_signing::{Algorithm, Method, Pair, SecretKey, Tag, v2};

const HOST: &str = "cvm.api.qcloud.com";
const PATH: &str = "/v2/index.php";

fn secret() -> SecretKey {
    SecretKey::new("Gu5t9xGARNpq86cd98joQYCN3Cozk1qA")
}

fn soak() -> bool {
    std::env::var_os("FAREGATE_SOAK").is_some()
}

/// splitmix64: what is drawn depends on the printed seed alone.
struct Dice(u64);

impl Dice {
    fn from_environment() -> Self {
        let seed = std::env::var("FAREGATE_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or(20_180_614);
        println!("FAREGATE_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(n).unwrap()).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        *of.get(self.below(of.len())).unwrap()
    }

    fn in_a_hundred(&mut self, n: usize) -> bool {
        self.below(100) < n
    }
}

type Pairs = Vec<(String, String)>;

const WORDS: [&str; 14] = [
    "a", "ab", "aB", "A", "name", "Zone", "zone", "disk", "Filters", "ids", "limit", "x1", "é",
    "名",
];
const SPECIAL: [char; 16] =
    [' ', '&', '=', '+', '%', '?', '#', '_', '.', '\n', '"', 'é', '你', '😀', '\u{301}', '~'];

/// A name of a schema: words, indices, now and then an underscore.
fn name(dice: &mut Dice) -> String {
    let mut name = dice.one(&WORDS).to_string();
    for _ in 0..dice.below(3) {
        let separator = if dice.in_a_hundred(25) { "_" } else { "." };
        name.push_str(separator);
        if dice.in_a_hundred(50) {
            name.push_str(&dice.below(12).to_string());
        } else {
            name.push_str(dice.one(&WORDS));
        }
    }
    if dice.in_a_hundred(2) { format!("_{name}") } else { name }
}

fn value(dice: &mut Dice) -> String {
    match dice.below(20) {
        0 => String::new(),
        1 => "0".to_owned(),
        2 => "@file".to_owned(),
        3 => dice.one(&["true", "false", "False", "null"]).to_string(),
        _ => {
            let n_letters = dice.below(12);
            (0..n_letters)
                .map(|_| {
                    if dice.in_a_hundred(30) {
                        dice.one(&SPECIAL)
                    } else {
                        dice.one(&['a', 'b', 'Z', '7'])
                    }
                })
                .collect()
        }
    }
}

fn request(dice: &mut Dice, algorithm: Algorithm) -> Pairs {
    let mut pairs: Pairs = vec![
        ("Action".to_owned(), "RunInstances".to_owned()),
        ("Timestamp".to_owned(), "1528934400".to_owned()),
        ("Nonce".to_owned(), dice.below(65_536).to_string()),
        ("SecretId".to_owned(), "AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA".to_owned()),
    ];
    if algorithm == Algorithm::HmacSha256 {
        pairs.push(("SignatureMethod".to_owned(), "HmacSHA256".to_owned()));
    }
    for _ in 0..dice.below(10) {
        let name = name(dice);
        if !pairs.iter().any(|(known, _)| known.replace('_', ".") == name.replace('_', ".")) {
            pairs.push((name, value(dice)));
        }
    }
    pairs
}

/// A client's rule, written from its own source (PROTOCOL 1.3, RELIABILITY 1.2), not from this crate.
struct Client {
    called: &'static str,
    /// Names are sorted after they are respelled.
    sorts_after: bool,
    respells: fn(&str) -> String,
    leaves_out: fn(Method, &str) -> bool,
    writes: fn(&str) -> &str,
}

fn all(name: &str) -> String {
    name.replace('_', ".")
}

fn none(name: &str) -> String {
    name.to_owned()
}

fn but_leading(name: &str) -> String {
    if name.starts_with('_') { name.to_owned() } else { name.replace('_', ".") }
}

fn at_on_post(method: Method, value: &str) -> bool {
    method == Method::Post && value.starts_with('@')
}

fn nothing(_: Method, _: &str) -> bool {
    false
}

fn as_is(value: &str) -> &str {
    value
}

fn zero_is_empty(value: &str) -> &str {
    if matches!(value, "0" | "false") { "" } else { value }
}

const CLIENTS: [Client; 8] = [
    Client {
        called: "qcloudapi-sdk-python",
        sorts_after: true,
        respells: all,
        leaves_out: at_on_post,
        writes: as_is,
    },
    Client {
        called: "qcloudcli, CMQ, Java",
        sorts_after: false,
        respells: all,
        leaves_out: at_on_post,
        writes: as_is,
    },
    Client {
        called: "PHP",
        sorts_after: false,
        respells: but_leading,
        leaves_out: at_on_post,
        writes: as_is,
    },
    Client {
        called: "Node",
        sorts_after: false,
        respells: but_leading,
        leaves_out: at_on_post,
        writes: zero_is_empty,
    },
    Client {
        called: ".NET",
        sorts_after: false,
        respells: all,
        leaves_out: nothing,
        writes: as_is,
    },
    Client {
        called: "tencentcloud-sdk-python",
        sorts_after: true,
        respells: all,
        leaves_out: nothing,
        writes: as_is,
    },
    Client {
        called: "Go",
        sorts_after: false,
        respells: none,
        leaves_out: |_, value| value.is_empty(),
        writes: as_is,
    },
    Client {
        called: "tencentcloud-sdk-nodejs, qcloudapi",
        sorts_after: false,
        respells: none,
        leaves_out: nothing,
        writes: as_is,
    },
];

impl Client {
    /// Whether every value is signed as it is sent.
    fn covers(&self, method: Method, pairs: &Pairs) -> bool {
        let mut values = pairs.iter().map(|(_, value)| value);
        values.all(|value| !(self.leaves_out)(method, value) && (self.writes)(value) == value)
    }

    fn signs(&self, method: Method, pairs: &Pairs) -> String {
        let mut signed: Vec<(String, String)> = pairs.clone();
        signed.retain(|(_, value)| !(self.leaves_out)(method, value));
        if !self.sorts_after {
            signed.sort();
        }
        for (name, value) in &mut signed {
            *name = (self.respells)(name);
            *value = (self.writes)(value).to_owned();
        }
        if self.sorts_after {
            signed.sort();
        }
        let joined: Vec<String> =
            signed.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{method}{HOST}{PATH}?{}", joined.join("&"))
    }
}

fn verify(
    method: Method,
    pairs: &[Pair<'_>],
    algorithm: Algorithm,
    tag: &Tag,
) -> Result<v2::Verified, v2::Mismatch> {
    v2::verify(&v2::Request { method, host: HOST, path: PATH, pairs, algorithm, tag }, &secret())
}

fn borrowed(pairs: &Pairs) -> Vec<Pair<'_>> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[test]
fn no_client_is_refused_for_signing_by_its_own_rule() {
    let mut dice = Dice::from_environment();
    let n_cases = if soak() { 10_000 } else { 1_000 };
    for client in &CLIENTS {
        let (mut n_refused, mut n_uncovered, mut n_beyond) = (0_usize, 0_usize, 0_usize);
        for _ in 0..n_cases {
            let algorithm = dice.one(&[Algorithm::HmacSha1, Algorithm::HmacSha256]);
            let method = dice.one(&[Method::Get, Method::Post]);
            let pairs = request(&mut dice, algorithm);
            let text = client.signs(method, &pairs);
            let tag = Tag::of(algorithm, &secret(), &text);
            match verify(method, &borrowed(&pairs), algorithm, &tag) {
                Ok(verified) => n_uncovered += usize::from(!verified.uncovered.is_empty()),
                // What the rule leaves unsigned is refused anyway: beyond six strings it is not looked for.
                Err(_) if !client.covers(method, &pairs) => n_beyond += 1,
                Err(_) => {
                    n_refused += 1;
                    println!("{}: {method} {pairs:?}", client.called);
                }
            }
        }
        println!(
            "{}: {n_cases} requests, {n_refused} refused, {n_uncovered} with an unsigned value, {n_beyond} such beyond the strings that are tried",
            client.called
        );
        assert_eq!(n_refused, 0, "{}", client.called);
        assert!(n_beyond * 50 <= n_cases, "{}: {n_beyond}", client.called);
    }
}

/// What the gateway accepts: the rooms of form and signature, in their order.
fn accepted(
    method: Method,
    pairs: &Pairs,
    algorithm: Algorithm,
    tag: &Tag,
    declared: &[String],
) -> bool {
    let sent = borrowed(pairs);
    let known = |name: &str| declared.iter().any(|other| other == name);
    let common = |name: &str| {
        matches!(name, "Action" | "Timestamp" | "Nonce" | "SecretId" | "SignatureMethod")
    };
    // RELIABILITY 1.3 rule 1: the form of names; gate 10: nothing undeclared is delivered.
    let named = |name: &str| {
        name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    sent.iter().all(|(name, _)| named(name) && (common(name) || known(name)))
        && v2::twins(&sent).is_none()
        && verify(method, &sent, algorithm, tag).is_ok_and(|verified| verified.uncovered.is_empty())
        && v2::ambiguous(&sent, known).is_none()
}

/// Another reading of one string to sign: some of its `&` become part of a value, its names are spelled in another way.
fn read_otherwise(dice: &mut Dice, text: &str) -> Option<Pairs> {
    let (_, query) = text.split_once('?')?;
    let mut pairs: Pairs = Vec::new();
    for piece in query.split('&') {
        let merged = dice.in_a_hundred(15);
        match (piece.split_once('='), pairs.last_mut()) {
            (None, Some((_, value))) => *value = format!("{value}&{piece}"),
            (Some(_), Some((_, value))) if merged => *value = format!("{value}&{piece}"),
            (Some((name, value)), _) => {
                let name = if dice.in_a_hundred(20) {
                    name.replacen('.', "_", 1)
                } else {
                    name.to_owned()
                };
                pairs.push((name, value.to_owned()));
            }
            (None, None) => return None,
        }
    }
    if dice.in_a_hundred(10) {
        pairs.push(("role".to_owned(), "@admin".to_owned()));
    }
    if dice.in_a_hundred(5) {
        pairs.push(("region_hint".to_owned(), String::new()));
    }
    Some(pairs)
}

/// What reaches a module: names in their one declared spelling.
fn delivered(pairs: &Pairs) -> Pairs {
    let mut delivered: Pairs =
        pairs.iter().map(|(name, value)| (name.replace('_', "."), value.clone())).collect();
    delivered.sort();
    delivered
}

#[test]
fn no_two_different_requests_pass_with_one_signature() {
    let mut dice = Dice::from_environment();
    let n_pairs = if soak() { 1_000_000 } else { 5_000 };
    let (mut n_equal, mut n_both, mut n_first, mut n_second) = (0_usize, 0_usize, 0_usize, 0_usize);
    while n_equal < n_pairs {
        let algorithm = dice.one(&[Algorithm::HmacSha1, Algorithm::HmacSha256]);
        let method = dice.one(&[Method::Get, Method::Post]);
        let mut ours = request(&mut dice, algorithm);
        ours.retain(|(name, _)| name.is_ascii());
        // Values that spell parameters are what this is about, so that they are common here.
        if let Some((_, value)) = ours.last_mut().filter(|_| dice.in_a_hundred(40)) {
            let spelled = name(&mut dice);
            *value = format!("{value}&{spelled}={}", dice.below(9));
        }
        let client = &CLIENTS[dice.below(CLIENTS.len())];
        let text = client.signs(method, &ours);
        let Some(theirs) = read_otherwise(&mut dice, &text) else { continue };
        if delivered(&theirs) == delivered(&ours) {
            continue;
        }
        n_equal += 1;
        let tag = Tag::of(algorithm, &secret(), &text);
        // The action has every parameter that either of them names: nothing is refused for being unknown.
        let mut declared: Vec<String> =
            ours.iter().chain(&theirs).map(|(name, _)| name.clone()).collect();
        for (_, value) in ours.iter().chain(&theirs) {
            declared.extend(
                value
                    .split('&')
                    .skip(1)
                    .filter_map(|piece| Some(piece.split_once('=')?.0.to_owned())),
            );
        }
        let first = accepted(method, &ours, algorithm, &tag, &declared);
        let second = accepted(method, &theirs, algorithm, &tag, &declared);
        n_first += usize::from(first);
        n_second += usize::from(second);
        n_both += usize::from(first && second);
        assert!(!(first && second), "{method} {ours:?}\n{theirs:?}\n{text}");
    }
    println!(
        "{n_equal} pairs of one string: {n_both} both accepted ({n_first} and {n_second} alone)"
    );
    assert!(
        n_first > n_pairs / 10 && n_second > n_pairs / 100,
        "{n_first} {n_second}: nothing was tried"
    );
}
