//! The form of `faregate.toml`: every syntax error, unknown key, value of a wrong kind and missing key.
//!
//! serde stops at its first error. So the keys are compared with this list first, and what is wrong is told
//! and taken out; serde then reads what is left, and its values are checked in the same run.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::raw::RawConfig;
use super::{Fault, Faults};

/// What a key holds.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Texts,
    Number,
    Switch,
    Table(&'static [Key]),
    Tables(&'static [Key]),
}

#[derive(Clone, Copy)]
struct Key {
    name: &'static str,
    kind: Kind,
    is_required: bool,
}

const fn key(name: &'static str, kind: Kind) -> Key {
    Key { name, kind, is_required: false }
}

const fn required(name: &'static str, kind: Kind) -> Key {
    Key { name, kind, is_required: true }
}

const ROOT: &[Key] = &[
    required("base_domain", Kind::Text),
    key("api3_domain", Kind::Text),
    key("data", Kind::Text),
    key("stores", Kind::Table(STORES)),
    key("support", Kind::Text),
    key("sandbox", Kind::Switch),
    key("faults", Kind::Table(&[key("seed", Kind::Number)])),
    key("compat", Kind::Switch),
    key("min_signature", Kind::Text),
    required("listen", Kind::Table(LISTEN)),
    key("pages", Kind::Table(&[key("url", Kind::Text), key("counts", Kind::Switch)])),
    key("tls", Kind::Table(TLS)),
    key("replay", Kind::Table(REPLAY)),
    key("validity", Kind::Table(&[key("period_s", Kind::Number)])),
    key("quota", Kind::Table(QUOTA)),
    key("maintenance", Kind::Tables(MAINTENANCE)),
    key("limits", Kind::Table(LIMITS)),
    key("money", Kind::Table(&[key("in_doubt_s", Kind::Number)])),
    key("log", Kind::Table(&[key("access", Kind::Text)])),
    key("shutdown", Kind::Table(&[key("deadline_s", Kind::Number)])),
    key("modules", Kind::Tables(MODULES)),
];

const STORES: &[Key] = &[
    key("postgres", Kind::Text),
    key("postgres_password_file", Kind::Text),
    key("redis", Kind::Text),
    key("redis_password_file", Kind::Text),
    key("ca_file", Kind::Text),
];

const LISTEN: &[Key] = &[
    key("https", Kind::Text),
    key("http", Kind::Text),
    key("proxy", Kind::Text),
    key("pages", Kind::Text),
    key("admin", Kind::Text),
];

const MODULES: &[Key] = &[
    required("document", Kind::Text),
    key("upstream", Kind::Text),
    key("upstreams", Kind::Texts),
    key("ownership", Kind::Text),
];

const MAINTENANCE: &[Key] = &[
    required("module", Kind::Text),
    key("action", Kind::Text),
    key("from", Kind::Text),
    key("until", Kind::Text),
    key("withdrawn", Kind::Switch),
    key("message", Kind::Text),
    key("testers", Kind::Texts),
];

const TLS: &[Key] = &[
    key("certificate", Kind::Text),
    key("key", Kind::Text),
    key("certificates", Kind::Tables(CERTIFICATES)),
];

const CERTIFICATES: &[Key] = &[required("certificate", Kind::Text), required("key", Kind::Text)];

const REPLAY: &[Key] = &[
    key("window_s", Kind::Number),
    key("identity", Kind::Text),
    key("refuse_last_nonce", Kind::Switch),
    key("durability", Kind::Text),
];

const QUOTA: &[Key] = &[
    key("per_second", Kind::Number),
    key("burst", Kind::Number),
    key("account", Kind::Table(SCOPE)),
    key("action", Kind::Table(SCOPE)),
    key("key", Kind::Table(SCOPE)),
    key("address", Kind::Table(SCOPE)),
];

const SCOPE: &[Key] = &[
    key("per_second", Kind::Number),
    key("burst", Kind::Number),
    key("day", Kind::Number),
    key("month", Kind::Number),
    key("at_once", Kind::Number),
    key("counts", Kind::Text),
    key("hidden", Kind::Switch),
];

const LIMITS: &[Key] = &[
    key("header_timeout_s", Kind::Number),
    key("body_timeout_s", Kind::Number),
    key("idle_timeout_s", Kind::Number),
    key("head_bytes_max", Kind::Number),
    key("headers_max", Kind::Number),
    key("body_bytes_max", Kind::Number),
    key("query_bytes_max", Kind::Number),
    key("parameters_max", Kind::Number),
    key("connections_max", Kind::Number),
    key("connections_per_address_max", Kind::Number),
    key("calls_in_flight_max", Kind::Number),
    key("workers", Kind::Number),
];

impl Kind {
    /// What it is, and how it is written.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("a text", "write it in quotes"),
            Self::Texts => ("a list of texts", "write each in quotes, in brackets"),
            Self::Number => ("a whole number", "write it without quotes and without a point"),
            Self::Switch => ("true or false", "write it without quotes"),
            Self::Table(_) => ("a table", "write its name in brackets, and its keys below"),
            Self::Tables(_) => ("a list of tables", "write its name in double brackets"),
        }
    }
}

/// Reads the form; none if what serde needs is not there, and then there is a fault.
pub(super) fn read(name: &str, text: &str, faults: &mut Faults) -> Option<RawConfig> {
    let (mut table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        faults.push(Fault::at(name, text, span, error.message(), Some("the file is TOML 1.0")));
    }
    if !errors.is_empty() {
        return None;
    }
    // The whole file is no place to underline: what is missing at the top is missing at its start.
    let mut form = Form { name, text, faults };
    form.table(table.get_mut(), ROOT, "", &(0..0));
    match RawConfig::deserialize(Deserializer::from(table)) {
        Ok(raw) => Some(raw),
        Err(error) => {
            if faults.is_empty() {
                let span = error.span().unwrap_or(0..0);
                faults.push(Fault::at(name, text, span, error.message(), None));
            }
            None
        }
    }
}

struct Form<'a> {
    name: &'a str,
    text: &'a str,
    faults: &'a mut Faults,
}

impl Form<'_> {
    fn fault(&mut self, span: Range<usize>, sentence: &str, help: &str) {
        self.faults.push(Fault::at(self.name, self.text, span, sentence, Some(help)));
    }

    /// Takes out of a table what it may not have, and tells of it.
    fn table(&mut self, table: &mut DeTable<'_>, keys: &[Key], path: &str, place: &Range<usize>) {
        let is_written =
            |key: &&Key| table.keys().any(|written| written.as_ref().as_ref() == key.name);
        let missing: Vec<&Key> =
            keys.iter().filter(|key| key.is_required && !is_written(key)).collect();
        for key in missing {
            let sentence = format!("`{path}{}` is missing", key.name);
            self.fault(place.clone(), &sentence, "`faregate init` writes a file that has it");
        }
        let mut entries: Vec<_> = std::mem::take(table).into_iter().collect();
        entries.sort_by_key(|(written, _)| written.span().start);
        for (written, mut value) in entries {
            let full = format!("{path}{}", written.as_ref());
            let Some(known) = keys.iter().find(|key| written.as_ref().as_ref() == key.name) else {
                let names: Vec<_> = keys.iter().map(|key| format!("`{}`", key.name)).collect();
                let help = format!("the keys here are {}", names.join(", "));
                self.fault(written.span(), &format!("there is no key `{full}`"), &help);
                continue;
            };
            if self.value(&mut value, known.kind, &full) {
                table.insert(written, value);
            } else {
                let (what, how) = known.kind.words();
                self.fault(value.span(), &format!("`{full}` is {what}"), how);
            }
        }
    }

    /// Is the value of that kind; its own keys are told of on the way.
    fn value(&mut self, value: &mut Spanned<DeValue<'_>>, kind: Kind, full: &str) -> bool {
        let place = value.span();
        match (kind, value.get_mut()) {
            (Kind::Text, DeValue::String(_))
            | (Kind::Number, DeValue::Integer(_))
            | (Kind::Switch, DeValue::Boolean(_)) => true,
            (Kind::Texts, DeValue::Array(array)) => {
                array.iter().all(|item| matches!(item.get_ref(), DeValue::String(_)))
            }
            (Kind::Table(keys), DeValue::Table(table)) => {
                self.table(table, keys, &format!("{full}."), &place);
                true
            }
            (Kind::Tables(keys), DeValue::Array(array)) => array.iter_mut().all(|item| {
                let place = item.span();
                let DeValue::Table(table) = item.get_mut() else { return false };
                self.table(table, keys, &format!("{full}."), &place);
                true
            }),
            (
                Kind::Text
                | Kind::Texts
                | Kind::Number
                | Kind::Switch
                | Kind::Table(_)
                | Kind::Tables(_),
                _,
            ) => false,
        }
    }
}
