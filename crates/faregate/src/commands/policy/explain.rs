//! `faregate policy explain`: which statement decides, and what would have to change.

use std::net::IpAddr;

use clap::Args;
use faregate_catalog::{Audience, Catalog, Operation, did_you_mean};
use faregate_pipeline::authz::policy::{self, Arguments, Context, Question};
use faregate_pipeline::facts::{Account, AccountState};
use faregate_pipeline::time::Millis;
use serde_json::{Map, Value, json};

use crate::commands::parameter;
use crate::exit::Failure;
use crate::output;
use crate::place::{Place, account_of};

/// Say whether a call is allowed, which statement decides, and the smallest change that would allow it
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  faregate policy explain alice cvm:StopInstances instance/ins-1\n  \
                   faregate policy explain alice/AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA cvm:RunInstances --with goodsNum=3"
)]
pub(crate) struct Explain {
    /// The account, by id or name; after a slash the SecretId of its key
    #[arg(value_name = "ACCOUNT[/SECRETID]")]
    who: String,
    /// MODULE:ACTION
    action: String,
    /// `instance/ins-1`, or in six segments; left out, what the action is about with these parameters
    resource: Option<String>,
    /// The Region of the call
    #[arg(long)]
    region: Option<String>,
    /// The address that it comes from
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    from: IpAddr,
    /// The moment, like 2026-11-24T08:00:00Z [default: now]
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Millis>,
    /// A parameter of the call; repeat for more
    #[arg(long = "with", value_name = "NAME=VALUE", value_parser = parameter)]
    with: Vec<(String, String)>,
    #[command(flatten)]
    place: Place,
}

fn moment(text: &str) -> Result<Millis, String> {
    policy::moment(text).ok_or_else(|| "write it as 2026-11-24T08:00:00Z".to_owned())
}

impl Explain {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let admin = self.place.open()?;
        let (account, key) =
            self.who.split_once('/').map_or((self.who.as_str(), None), |(a, k)| (a, Some(k)));
        let account = account_of(&admin, account)?;
        let (account, _) = admin.account(&account)?;
        let catalog = super::catalog(&self.place)?;
        let (module, action) =
            self.action.strip_prefix("name/").unwrap_or(&self.action).split_once(':').ok_or_else(
                || {
                    Failure::usage(format!(
                        "`{}`: write MODULE:ACTION, like cvm:StopInstances",
                        self.action
                    ))
                },
            )?;
        let known = catalog.module(module);
        let operation = known
            .and_then(|module| module.operation(action))
            .ok_or_else(|| unknown(&catalog, module, action))?;
        if let Some(key) = key
            && !admin.list_keys(Some(&account.id))?.iter().any(|own| own.id.as_str() == key)
        {
            return Err(Failure::usage(format!(
                "the account has no key `{key}`: `faregate key list --account {}` shows them",
                account.id
            )));
        }
        let bundle = key.map(|key| admin.policies_of_key(key)).transpose()?.flatten();
        let arguments = self.arguments();
        let resources = self.resources(operation, &arguments);
        let context = Context {
            peer: self.from,
            now: self.at.map_or_else(|| admin.now(), Ok)?,
            region: self.region.as_deref(),
            arguments: Arguments::Read(&arguments),
        };
        let question = Question { module, action, resources: &resources, context };
        let explained =
            bundle.as_ref().map(|bundle| policy::explain(bundle, &question, &account.id));
        let mut told = Told::of(&account, operation, self.from);
        match (&explained, key) {
            (Some(explained), _) => told.policies(explained),
            (None, Some(key)) => told.lines.push(format!(
                "{key} is under no policy: it may do all that its account may"
            )),
            (None, None) => told.lines.push(
                "the account's own keys may do all that the account may; a key under policies is named ACCOUNT/SECRETID"
                    .to_owned(),
            ),
        }
        let value = json!({
            "accountId": account.id,
            "action": format!("{module}:{action}"),
            "resources": resources,
            "allowed": told.allowed,
            "reason": told.reason,
            "policy": explained.as_ref().and_then(|e| e.deciding.as_ref()).map(|(policy, _)| policy.to_string()),
            "statement": explained.as_ref().and_then(|e| e.deciding.as_ref()).map(|(_, number)| number),
            "changes": explained.as_ref().map(|e| e.changes.iter().map(ToString::to_string).collect::<Vec<_>>()),
        });
        self.place.shape.write(&value, || {
            let word = if told.allowed { "allowed" } else { "refused with 4300" };
            let of = resources.join(", ");
            output::data(format_args!("{module}:{action} on {of}: {word}"));
            for line in &told.lines {
                output::data(format_args!("  {line}"));
            }
        });
        Ok(())
    }

    /// As texts, or as the JSON that they are.
    fn arguments(&self) -> Map<String, Value> {
        let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        self.with.iter().map(|(name, text)| (name.clone(), value(text))).collect()
    }

    fn resources(&self, operation: &Operation, arguments: &Map<String, Value>) -> Vec<String> {
        match &self.resource {
            Some(text) if text.starts_with("qcs:") => {
                vec![text.splitn(6, ':').last().unwrap_or("*").to_owned()]
            }
            Some(text) => vec![text.clone()],
            None => policy::asked(operation, arguments).resources,
        }
    }
}

/// Nothing has that name: the nearest that something has, or where the action is.
fn unknown(catalog: &Catalog, module: &str, action: &str) -> Failure {
    let all = || catalog.modules().iter().chain(catalog.own());
    let Some(known) = catalog.module(module) else {
        let near = did_you_mean(module, all().map(|it| it.name.as_str())).unwrap_or_default();
        return Failure::usage(format!("there is no module `{module}` here; {near}"));
    };
    let actions = known.operations().map(|it| it.action.as_str());
    let elsewhere = || {
        let of = all().find(|it| it.operation(action).is_some())?;
        Some(format!("did you mean `{}:{action}`?", of.name))
    };
    let near = did_you_mean(action, actions).or_else(elsewhere).unwrap_or_default();
    Failure::usage(format!("the module `{module}` has no action `{action}`; {near}"))
}

/// What decides, gate 7's questions in their order.
struct Told {
    allowed: bool,
    reason: Option<&'static str>,
    lines: Vec<String>,
}

impl Told {
    fn of(account: &Account, operation: &Operation, from: IpAddr) -> Self {
        let mut told = Self { allowed: true, reason: None, lines: Vec::new() };
        if account.state == AccountState::Suspended {
            told.refuse(
                "ACCOUNT_SUSPENDED",
                format!("the account is suspended: faregate account resume {}", account.id),
            );
        }
        if !account.sources.is_empty() && !account.sources.iter().any(|own| own.contains(from)) {
            told.refuse("SOURCE_NOT_ALLOWED", format!(
                "the account does not allow calls from {from}: faregate account set {} --source {from}",
                account.id
            ));
        }
        if let Audience::Groups(named) = &operation.audience
            && !named.iter().any(|name| *name == account.id || account.groups.contains(name))
        {
            let names = named.join(", ");
            told.refuse(
                "NOT_IN_USER_RANGE",
                format!(
                    "the action is open to {names}: faregate account set {} --group {}",
                    account.id,
                    named.first().map_or("GROUP", String::as_str)
                ),
            );
        }
        told
    }

    fn refuse(&mut self, reason: &'static str, line: String) {
        self.allowed = false;
        self.reason = self.reason.or(Some(reason));
        self.lines.push(line);
    }

    fn policies(&mut self, explained: &policy::Explanation) {
        let at = &explained.resource;
        match &explained.deciding {
            Some((policy, number)) if explained.allowed => {
                self.lines.push(format!("statement {number} of policy `{policy}` allows it"));
            }
            Some((policy, number)) => self.refuse(
                "DENIED_BY_POLICY",
                format!("statement {number} of policy `{policy}` denies it on {at}"),
            ),
            None => self.refuse(
                "NOT_ALLOWED_BY_POLICY",
                format!("no statement of its policies allows it on {at}"),
            ),
        }
        for change in &explained.changes {
            self.lines.push(format!("to allow it: {change}"));
        }
    }
}
