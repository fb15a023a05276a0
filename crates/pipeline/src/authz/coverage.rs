//! Every action of every module is refused to whom it is not open: by a key that nobody knows, of a suspended account,
//! at another's resources, under policies that do not speak of it; and let be under one that does.

use std::sync::Arc;

use faregate_catalog::{Module, Operation};
use faregate_contract::Refusal;
use faregate_signing::{Algorithm, Method, SecretKey, form, sign};
use serde_json::Map;

use crate::balance::Funded;
use crate::call::RawCall;
use crate::call::fixture::raw;
use crate::facts::{AccountState, Owner};
use crate::fixture::{SECRET_KEY, World, signed_pairs};

/// All actions, and whether they name resources, whose owner is then asked for. A new action is written down here by
/// somebody who has thought of it.
const ACTIONS: &[(&str, bool)] = &[
    ("account:AdjustBalance", false),
    ("account:AnswerFeedback", false),
    ("account:CloseAccount", false),
    ("account:CreateAccount", false),
    ("account:CreateGroup", false),
    ("account:CreateKey", false),
    ("account:CreateUser", false),
    ("account:DeleteGroup", false),
    ("account:DeleteKey", false),
    ("account:DeleteMaintenance", false),
    ("account:DeleteUser", false),
    ("account:DescribeAccounts", false),
    ("account:DescribeAudit", false),
    ("account:DescribeBalance", false),
    ("account:DescribeErrorCodes", false),
    ("account:DescribeFeedback", false),
    ("account:DescribeGroups", false),
    ("account:DescribeHolds", false),
    ("account:DescribeKeys", false),
    ("account:DescribeLedger", false),
    ("account:DescribeMaintenance", false),
    ("account:DescribeModules", false),
    ("account:DescribeRequest", false),
    ("account:DescribeRequests", false),
    ("account:DescribeUsage", false),
    ("account:DescribeUsers", false),
    ("account:DisableKey", false),
    ("account:EnableKey", false),
    ("account:PutMaintenance", false),
    ("account:PutModule", false),
    ("account:ResumeAccount", false),
    ("account:RollbackModule", false),
    ("account:RotateKey", false),
    ("account:SetCredit", false),
    ("account:SetDailyCap", false),
    ("account:SetIdentity", false),
    ("account:SettleHold", false),
    ("account:SuspendAccount", false),
    ("account:TopUp", false),
    ("account:UpdateAccount", false),
    ("account:UpdateGroup", false),
    ("account:UpdateUser", false),
    ("cvm:CreateProject", false),
    ("cvm:DescribeInstances", true),
    ("cvm:DescribeInternalUsage", false),
    ("cvm:DescribeProject", false),
    ("cvm:DescribePurchase", false),
    ("cvm:DescribeZones", false),
    ("cvm:InquiryInstancePrice", false),
    ("cvm:ModifyInstanceProject", true),
    ("cvm:RenewInstance", true),
    ("cvm:RenewInstances", true),
    ("cvm:RestartInstances", true),
    ("cvm:ReturnInstance", true),
    ("cvm:ReturnInstances", true),
    ("cvm:RunInstances", false),
    ("cvm:ShareInstances", true),
    ("cvm:StartInstances", true),
    ("cvm:StopInstances", true),
    ("cvm:TransferInstances", true),
    ("sts:AssumeRole", false),
    ("sts:GetFederationToken", false),
];

/// A call as the pages show it, with an id for each resource that it may name.
fn call(module: &Module, operation: &Operation) -> RawCall {
    let mut object = Map::new();
    for parameter in operation.parameters.describe() {
        let named = operation.resources.iter().any(|bound| bound.parameter == parameter.name);
        if parameter.in_example || named {
            object.insert(parameter.name.clone(), parameter.example.clone());
        }
    }
    let pairs = faregate_catalog::Parameters::flatten(&object);
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let mut pairs = signed_pairs(Method::Get, &operation.action, &pairs);
    pairs.retain(|(name, _)| name != "Signature");
    let (secret, raw) = (SecretKey::new(SECRET_KEY), raw());
    let host = module.domains.first().unwrap();
    sign::v2(Method::Get, host, &raw.path, &mut pairs, &secret, Algorithm::HmacSha256);
    RawCall { host: host.clone(), query: Some(form::encode(&pairs)), ..raw }
}

fn world() -> World {
    let mut world = World::new();
    world.account.groups = vec!["staff".into(), "operators".into()];
    world
}

fn allows(action: &str) -> Vec<String> {
    let text =
        r#"{"version":"2.0","statement":[{"effect":"allow","action":"ACTION","resource":"*"}]}"#;
    vec![text.replace("ACTION", action)]
}

#[test]
fn every_action_of_every_module_is_covered_and_answers_each_question() {
    let mut world = world();
    let catalog = Arc::clone(&world.catalog);
    let own = world.owner.clone();
    let modules = catalog.modules().iter().chain(catalog.own());
    let mut found = Vec::new();
    for module in modules {
        for operation in module.operations() {
            let name = format!("{}:{}", module.name, operation.action);
            let mut answer = |change: &dyn Fn(&mut World)| {
                change(&mut world);
                let answer = world.walk(call(module, operation));
                world.key_known = true;
                world.account.state = AccountState::Active;
                world.policies = None;
                world.owner = own.clone();
                answer
            };
            let reason = |answer: Result<Funded, Refusal>| {
                answer.err().map(|refusal| (refusal.code.number(), refusal.reason.as_str()))
            };
            let unknown = reason(answer(&|world| world.key_known = false));
            assert_eq!(unknown.map(|(code, _)| code), Some(4100), "{name}: unknown");
            let suspended = reason(answer(&|world| world.account.state = AccountState::Suspended));
            assert_eq!(suspended, Some((4300, "ACCOUNT_SUSPENDED")), "{name}: suspended");
            let without = reason(answer(&|world| world.policies = Some(allows("cvm:None"))));
            assert_eq!(without, Some((4300, "NOT_ALLOWED_BY_POLICY")), "{name}: without");
            let with = reason(answer(&|world| world.policies = Some(allows(&name))));
            assert_eq!(with, reason(answer(&|_| ())), "{name}: with a policy as without any");
            assert!(with.is_none_or(|(code, _)| code != 4300), "{name}: {with:?}");
            // Of a batch each item is judged by itself, and refused.
            let asks = match answer(&|world| world.owner = Owner::Account("100000002".into())) {
                Ok(funded) => {
                    let items = operation.batch_items(funded.arguments());
                    !items.is_empty() && items.iter().all(|id| funded.is_refused(id))
                }
                Err(refusal) => refusal.code.number() == 5000,
            };
            found.push((name, asks));
        }
    }
    found.sort();
    let found: Vec<(&str, bool)> =
        found.iter().map(|(name, asks)| (name.as_str(), *asks)).collect();
    assert_eq!(
        found, ACTIONS,
        "an action is missing here, or asks for its owner otherwise than it did"
    );
}
