//! Conditions as they are read: operators, keys, and the values that fit them.

use faregate_catalog::did_you_mean;
use serde_json::Value;

use super::condition::{Condition, IF_EXIST, Key, Kind, OPERATORS};
use super::read::Reader;
use super::values::Wanted;

impl Reader<'_> {
    pub(super) fn conditions(&mut self, value: Option<&Value>, at: &str) -> Vec<Condition> {
        let Some(value) = value else { return Vec::new() };
        let Some(object) = value.as_object() else {
            let fix =
                "write \"condition\": { \"ip_equal\": { \"qcs:ip\": \"10.0.0.0/8\" } }".to_owned();
            self.fault(at, "`condition` is an object of operators", fix);
            return Vec::new();
        };
        let mut conditions = Vec::new();
        for (written, keys) in object {
            let at = format!("{at}/{}", written.replace('~', "~0").replace('/', "~1"));
            let (name, if_exist) =
                written.strip_suffix(IF_EXIST).map_or((written.as_str(), false), |n| (n, true));
            let Some(operator) = OPERATORS.iter().find(|known| known.name == name) else {
                let names = OPERATORS.iter().map(|known| known.name);
                let fix = did_you_mean(name, names.clone()).unwrap_or_else(|| {
                    format!("the operators are {}", names.collect::<Vec<_>>().join(", "))
                });
                self.faults.push(self.text.error_at_key(
                    &at,
                    format!("there is no operator `{written}`"),
                    Some(fix),
                ));
                continue;
            };
            let Some(keys) = keys.as_object() else {
                let fix = format!("write \"{written}\": {{ \"qcs:region\": \"ap-guangzhou\" }}");
                self.fault(&at, "an operator has an object of keys", fix);
                continue;
            };
            for (key, values) in keys {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                let Some(key) = self.key(&at, key, operator.kind) else { continue };
                let values = self.values(&at, operator.kind, values);
                conditions.push(Condition { operator: *operator, if_exist, key, values });
            }
        }
        conditions
    }

    fn key(&mut self, at: &str, written: &str, kind: Kind) -> Option<Key> {
        const OWN: [&str; 3] = ["qcs:current_time", "qcs:ip", "qcs:region"];
        let (key, kinds, operators): (Key, &[Kind], &str) = match written {
            "qcs:ip" => (Key::Ip, &[Kind::Network], "`ip_equal` and `ip_not_equal`"),
            "qcs:current_time" => (Key::Time, &[Kind::Moment], "those that begin with `date_`"),
            "qcs:region" => {
                (Key::Region, &[Kind::Text, Kind::Like], "those that begin with `string_`")
            }
            _ => {
                let parts = written.split_once(':').filter(|(module, name)| {
                    !matches!(*module, "" | "qcs") && !name.is_empty() && !name.contains(':')
                });
                let Some((module, name)) = parts else {
                    let fix = did_you_mean(written, OWN.into_iter()).unwrap_or_else(|| {
                        "there are `qcs:ip`, `qcs:current_time`, `qcs:region`, and parameters like `cvm:goodsNum`"
                            .to_owned()
                    });
                    let what = format!(
                        "there is no key `{written}`: resources have no tags here, \
                                        and a call has no other facts"
                    );
                    self.faults.push(self.text.error_at_key(at, what, Some(fix)));
                    return None;
                };
                if let Some(names) = &self.names {
                    match names.module(module) {
                        Some(_) => {
                            let checked = names.parameter(module, name);
                            self.check(at, checked);
                        }
                        None => self.unknown_module(at, module),
                    }
                }
                let key = Key::Parameter { module: module.into(), name: name.into() };
                let kinds: &[Kind] = &[Kind::Text, Kind::Like, Kind::Number, Kind::Truth];
                (key, kinds, "those that begin with `string_` or `numeric_`, and `bool_equal`")
            }
        };
        if !kinds.contains(&kind) {
            let what = format!("this operator does not compare `{written}`");
            self.fault(at, what, format!("its operators are {operators}"));
            return None;
        }
        Some(key)
    }

    fn values(&mut self, at: &str, kind: Kind, value: &Value) -> Vec<Wanted> {
        let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        if items.is_empty() {
            let fix = "an empty list is met by nothing: leave the condition out".to_owned();
            self.fault(at, "there is nothing to compare with", fix);
        }
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            match Wanted::read(kind, item) {
                Ok(wanted) => values.push(wanted),
                Err(should) => {
                    self.fault(
                        at,
                        format!("`{item}` is not what this operator compares with"),
                        format!("write {should}"),
                    );
                }
            }
        }
        values
    }
}
