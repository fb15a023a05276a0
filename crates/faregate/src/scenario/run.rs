//! Plays a scenario, step by step, and takes back what it did to the cloud.

use std::collections::BTreeMap;
use std::time::Duration;

use faregate_client::{Answered, Api3, CallError, Credentials, Prepared};
use faregate_contract::Dialect;
use faregate_pipeline::facts::{Switch, SwitchState};
use faregate_stores::{AdminError, NewFault};
use serde_json::{Map, Value};

use super::cloud::Cloud;
use super::expect::{Captured, differences, filled, text, value};
use super::{Act, Call, Expect, Fault, Maintenance, Outage, Scenario, Step, Times};

/// What a call of TC3 is signed with, beside its `X-TC-` headers.
const SIGNED: [&str; 2] = ["Authorization", "Content-Type"];

/// How long the gateway may take to follow what was written.
const FOLLOWS_WITHIN: Duration = Duration::from_secs(5);

/// What came of a scenario.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) steps: Vec<Outcome>,
}

impl Played {
    pub(crate) fn n_failed(&self) -> usize {
        self.steps.iter().filter(|step| !step.failures.is_empty()).count()
    }
}

/// What came of a step.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// What was not as expected; nothing if all was.
    pub(crate) failures: Vec<String>,
    /// The last answer's bytes, for whoever asks why.
    pub(crate) answer: Option<String>,
    pub(crate) took: Duration,
}

/// One answer, or that there was none.
struct Heard {
    failures: Vec<String>,
    body: Value,
    answer: Option<String>,
}

/// What was done to the cloud, to be taken back.
#[derive(Default)]
struct Done {
    faults: Vec<i64>,
    switches: Vec<(String, Option<String>)>,
    is_ahead: bool,
}

struct Player<'a> {
    cloud: &'a mut Cloud,
    captured: Captured,
    /// What each call sent last, by its place, and how it travelled.
    sent: Vec<Option<Sent>>,
    done: Done,
}

#[derive(Clone)]
struct Sent {
    prepared: Prepared,
    account: String,
    is_plain: bool,
}

/// Plays it to its end, whatever fails on the way.
pub(crate) async fn run(scenario: &Scenario, cloud: &mut Cloud) -> Played {
    let mut player =
        Player { cloud, captured: Captured::new(), sent: Vec::new(), done: Done::default() };
    let mut steps = Vec::with_capacity(scenario.steps.len());
    for step in &scenario.steps {
        steps.push(player.step(step).await);
    }
    if let Err(why) = player.take_back() {
        let failures = vec![format!("what the scenario changed could not be taken back: {why}")];
        let name = "afterwards".to_owned();
        steps.push(Outcome { name, line: 1, failures, answer: None, took: Duration::ZERO });
    }
    Played { file: scenario.file.clone(), name: scenario.name.clone(), steps }
}

impl Player<'_> {
    async fn step(&mut self, step: &Step) -> Outcome {
        let began = crate::clock::monotonic();
        self.sent.push(None);
        let heard = match &step.act {
            Act::Call(call) => self.calls(call, &step.expect).await.map(Some),
            Act::Again(place, headers) => self.again(*place, headers, &step.expect).await.map(Some),
            Act::Clock(ms) => self.clock(*ms).map(|()| None),
            Act::Fault(fault) => self.fault(fault).map(|()| None),
            Act::Maintenance(maintenance) => self.maintenance(maintenance).map(|()| None),
            Act::Wait(time) => {
                tokio::time::sleep(*time).await;
                Ok(None)
            }
        };
        let (mut failures, answer) = match heard {
            Ok(Some(heard)) => {
                let missing = self.capture(step, &heard.body);
                (heard.failures.into_iter().chain(missing).collect(), heard.answer)
            }
            Ok(None) => (Vec::new(), None),
            Err(why) => (vec![why], None),
        };
        failures.dedup();
        let (name, line) = (step.name.clone(), step.line);
        Outcome { name, line, failures, answer, took: began.elapsed() }
    }

    fn capture(&mut self, step: &Step, body: &Value) -> Vec<String> {
        let mut missing = Vec::new();
        for (name, path) in &step.capture {
            match path.query(body).first() {
                Some(value) => drop(self.captured.insert(name.clone(), value.clone())),
                None => missing.push(format!("nothing to capture as `{name}`")),
            }
        }
        missing
    }

    async fn calls(&mut self, call: &Call, expect: &Expect) -> Result<Heard, String> {
        let (n, until) = match call.times {
            Times::Each(n) => (n, false),
            Times::Until(n) => (n, true),
        };
        let mut heard = self.call(call, expect).await?;
        for _ in 1..n {
            if heard.failures.is_empty() == until {
                break;
            }
            heard = self.call(call, expect).await?;
        }
        Ok(heard)
    }

    async fn call(&mut self, call: &Call, expect: &Expect) -> Result<Heard, String> {
        let mut prepared = self.prepare(call)?;
        // A `Content-Type` of the step's own takes the place of the one that is signed.
        let own = self.headers(&call.headers)?;
        prepared.headers.retain(|(name, _)| !own.iter().any(|(o, _)| o.eq_ignore_ascii_case(name)));
        prepared.headers.extend(own);
        let sent = Sent { prepared, account: call.account.clone(), is_plain: call.is_plain };
        if let Some(last) = self.sent.last_mut() {
            *last = Some(sent.clone());
        }
        self.send(&sent, expect).await
    }

    fn prepare(&self, call: &Call) -> Result<Prepared, String> {
        let now = self.cloud.admin.now().map_err(|e| e.to_string())?;
        let stamp = now.as_secs().saturating_add(call.stamped_s);
        let nonce = getrandom::u64().map_err(|e| e.to_string())? >> 1;
        let (host, action) = (self.cloud.domain(&call.module), call.action.as_str());
        let credentials = self.cloud.credentials(&call.account)?;
        let mut params = call.params.clone();
        if call.dialect.is_api3() {
            params.entry("Version").or_insert_with(|| self.cloud.version(&call.module).into());
        }
        if call.dialect == Dialect::Tc3 {
            return tc3(params, call, host, &self.captured, &credentials, stamp);
        }
        let (mut pairs, stamp) = (Vec::new(), (stamp, nonce));
        flatten("", &params, &self.captured, &mut pairs)?;
        let signed = if call.dialect == Dialect::RootV1 {
            Prepared::sign_v1(call.method, host, action, &pairs, &credentials, stamp)
        } else {
            Prepared::sign(call.method, host, action, &pairs, &credentials, stamp)
        };
        signed.map_err(|e| e.to_string())
    }

    fn headers(&self, headers: &BTreeMap<String, String>) -> Result<Vec<(String, String)>, String> {
        let fill =
            |(name, value): (&String, &String)| Ok((name.clone(), filled(value, &self.captured)?));
        headers.iter().map(fill).collect()
    }

    async fn again(
        &mut self,
        place: usize,
        headers: &BTreeMap<String, String>,
        expect: &Expect,
    ) -> Result<Heard, String> {
        let sent = self.sent.get(place).cloned().flatten();
        let mut sent = sent.ok_or_else(|| "the step that it repeats was not sent".to_owned())?;
        // The headers that are signed are sent again with it.
        let own = self.headers(headers)?;
        sent.prepared
            .headers
            .retain(|(name, _)| name.starts_with("X-TC-") || SIGNED.contains(&name.as_str()));
        sent.prepared.headers.extend(own);
        self.send(&sent, expect).await
    }

    async fn send(&mut self, sent: &Sent, expect: &Expect) -> Result<Heard, String> {
        let client = self.cloud.client(&sent.account, sent.is_plain)?;
        let answered: Answered = match client.send(&sent.prepared).await {
            Ok(answered) => answered,
            Err(CallError::Lost { .. }) if expect.is_cut => {
                return Ok(Heard { failures: Vec::new(), body: Value::Null, answer: None });
            }
            Err(other) => return Err(other.to_string()),
        };
        let answer = Some(String::from_utf8_lossy(&answered.body).into_owned());
        let Ok(body) = serde_json::from_slice::<Value>(&answered.body) else {
            let failures = vec!["the answer is no JSON".to_owned()];
            return Ok(Heard { failures, body: Value::Null, answer });
        };
        let failures = differences(expect, &answered, &body, &self.captured);
        Ok(Heard { failures, body, answer })
    }

    fn clock(&mut self, ms: i64) -> Result<(), String> {
        let said = self.cloud.admin.advance_clock(ms).map(|_| ());
        self.done.is_ahead = true;
        self.followed(said)
    }

    fn fault(&mut self, fault: &Fault) -> Result<(), String> {
        let account = fault.account.as_deref().map(|name| self.cloud.account_id(name));
        let new = NewFault {
            module: fault.module.clone(),
            action: fault.action.clone(),
            account: account.transpose()?,
            effect: fault.effect.to_string(),
            rate_ppm: fault.rate_ppm,
            times: fault.times,
        };
        let said = self.cloud.admin.add_fault(new);
        self.done.faults.extend(said.as_ref().ok().map(|added| added.id));
        self.followed(said.map(drop))
    }

    fn maintenance(&mut self, maintenance: &Maintenance) -> Result<(), String> {
        let state = match maintenance.state {
            Outage::For(ms) => {
                let now = self.cloud.admin.now().map_err(|e| e.to_string())?;
                SwitchState::Until(now.plus(ms))
            }
            Outage::Forever(state) => state,
        };
        let (module, action) = (maintenance.module.clone(), maintenance.action.clone());
        let message = maintenance.message.clone();
        let what = (module.clone(), action.clone());
        let (from, testers) = (None, Vec::new());
        let switch = Switch { module, action, state, from, message, testers };
        let said = self.cloud.admin.put_switch(&switch);
        if !self.done.switches.contains(&what) {
            self.done.switches.push(what);
        }
        self.followed(said)
    }

    /// Waits until the gateway has taken it up, so that the next step meets it.
    fn followed(&self, said: Result<(), AdminError>) -> Result<(), String> {
        said.map_err(|e| e.to_string())?;
        match self.cloud.admin.followed_within(FOLLOWS_WITHIN) {
            Ok(true) => Ok(()),
            Ok(false) => Err("the gateway does not take it up".to_owned()),
            Err(why) => Err(why.to_string()),
        }
    }

    fn take_back(&mut self) -> Result<(), String> {
        let (done, admin) = (std::mem::take(&mut self.done), &mut self.cloud.admin);
        let mut said = Ok(());
        for id in &done.faults {
            said = said.and(admin.remove_fault(*id));
        }
        for (module, action) in &done.switches {
            said = said.and(admin.remove_switch(module, action.as_deref()));
        }
        if done.is_ahead {
            said = said.and(admin.reset_clock());
        }
        self.followed(said)
    }
}

/// A call of TC3: the common parameters become headers, the others are the body's JSON, with the types that the file has.
fn tc3(
    mut params: Map<String, Value>,
    call: &Call,
    host: String,
    captured: &Captured,
    credentials: &Credentials,
    stamp: i64,
) -> Result<Prepared, String> {
    let mut common = |name: &str| params.remove(name).map(|value| text(&value));
    let (version, region) = (common("Version").unwrap_or_default(), common("Region"));
    let json = fill(&Value::Object(params), captured)?.to_string();
    let (service, region) = (call.module.as_str(), region.as_deref());
    let api3 = Api3 { service, version: &version, region };
    Prepared::sign_tc3(host, &call.action, json, api3, credentials, stamp)
        .map_err(|e| e.to_string())
}

/// Every text with what was captured filled in.
fn fill(template: &Value, captured: &Captured) -> Result<Value, String> {
    Ok(match template {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| Ok((name.clone(), fill(value, captured)?)))
                .collect::<Result<_, String>>()?,
        ),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill(item, captured)).collect::<Result<_, _>>()?)
        }
        Value::String(template) => value(template, captured)?,
        Value::Null | Value::Bool(_) | Value::Number(_) => template.clone(),
    })
}

/// `{"a": ["x"]}` is `a.0=x` (PROTOCOL 1.5).
fn flatten(
    prefix: &str,
    params: &Map<String, Value>,
    captured: &Captured,
    into: &mut Vec<(String, String)>,
) -> Result<(), String> {
    for (key, value) in params {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Object(members) => flatten(&name, members, captured, into)?,
            Value::Array(items) => {
                let numbered = items.iter().enumerate();
                let members = numbered.map(|(n, item)| (n.to_string(), item.clone())).collect();
                flatten(&name, &members, captured, into)?;
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                into.push((name, filled(&text(value), captured)?));
            }
        }
    }
    Ok(())
}
