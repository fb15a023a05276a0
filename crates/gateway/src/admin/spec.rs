//! Who may ask what of the desk, and what is told of others' things.

use faregate_ledger::Currency;
use faregate_stores::{NewAccount, Stores};

use super::*;

struct Office {
    _folder: tempfile::TempDir,
    admin: Admin,
    ann: String,
    bob: String,
}

impl Office {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Stores::create(&data).unwrap();
        let mut admin = Admin::open(&data).unwrap();
        let mut account = |name: &str| {
            let (id, groups, currency) = (None, Vec::new(), Currency::CNY);
            admin
                .create_account(NewAccount { id, name: name.to_owned(), groups, currency })
                .unwrap()
                .id
        };
        let (ann, bob) = (account("ann"), account("bob"));
        Self { _folder: folder, admin, ann, bob }
    }

    fn ask(&mut self, by: &Caller, action: &str, arguments: Value) -> Result<Value, Refused> {
        let Value::Object(arguments) = arguments else { panic!("no object") };
        answer(&mut self.admin, by, action, arguments, None)
    }
}

fn of_account(id: &str) -> Caller {
    Caller { account: Some(id.to_owned()), operator: false, ..Caller::LOCAL }
}

#[test]
fn what_belongs_to_another_account_is_told_as_what_does_not_exist() {
    let mut office = Office::open();
    let (ann, bob) = (of_account(&office.ann), office.bob.clone());
    let theirs = office.ask(&Caller::LOCAL, "CreateKey", json!({ "accountId": bob })).unwrap();
    let key = theirs["secretId"].as_str().unwrap();
    for (action, foreign, absent) in [
        ("DescribeBalance", json!({ "accountId": bob }), json!({ "accountId": "1" })),
        ("DescribeLedger", json!({ "accountId": bob }), json!({ "accountId": "1" })),
        ("DescribeUsage", json!({ "accountId": bob }), json!({ "accountId": "1" })),
        ("DescribeRequests", json!({ "accountId": bob }), json!({ "accountId": "1" })),
        ("DescribeAccounts", json!({ "accountId": bob }), json!({ "accountId": "1" })),
        ("CreateKey", json!({ "accountId": bob }), json!({ "accountId": "1" })),
        ("DescribeKeys", json!({ "accountId": bob }), json!({ "accountId": "1" })),
        ("DisableKey", json!({ "keyId": key }), json!({ "keyId": "AKIDnobody" })),
        ("EnableKey", json!({ "keyId": key }), json!({ "keyId": "AKIDnobody" })),
        ("DeleteKey", json!({ "keyId": key }), json!({ "keyId": "AKIDnobody" })),
    ] {
        let told = |answered: Result<Value, Refused>| answered.unwrap_err().to_string();
        let foreign = told(office.ask(&ann, action, foreign));
        assert_eq!(foreign, told(office.ask(&ann, action, absent)), "{action}");
        assert!(foreign.starts_with("there is no such"), "{action}: {foreign}");
    }
    let keys = office.ask(&Caller::LOCAL, "DescribeKeys", json!({ "accountId": bob })).unwrap();
    assert_eq!(keys["keys"][0]["enabled"], true, "nothing was done to it");
}

#[test]
fn an_account_lists_what_is_its_own_and_an_operator_all() {
    let mut office = Office::open();
    let (ann, operator) =
        (of_account(&office.ann), Caller { account: Some(office.bob.clone()), ..Caller::LOCAL });
    for id in [office.ann.clone(), office.bob.clone()] {
        office.ask(&operator, "CreateKey", json!({ "accountId": id })).unwrap();
    }
    for (action, list) in [("DescribeAccounts", "accounts"), ("DescribeKeys", "keys")] {
        let count = |answered: Value| answered[list].as_array().unwrap().len();
        assert_eq!(count(office.ask(&ann, action, json!({})).unwrap()), 1, "{action}");
        assert_eq!(count(office.ask(&operator, action, json!({})).unwrap()), 2, "{action}");
    }
    let own = office.ask(&ann, "DescribeBalance", json!({})).unwrap();
    assert_eq!(own["balance"]["accountId"], office.ann.as_str());
}

#[test]
fn an_action_of_operators_is_closed_behind_the_gate_as_well() {
    let mut office = Office::open();
    let ann = of_account(&office.ann);
    for entry in all().filter(|entry| entry.open_to == For::Operators) {
        let refused = office.ask(&ann, entry.action, json!({})).unwrap_err();
        assert!(matches!(refused, Refused::Down(_)), "{}: {refused}", entry.action);
    }
}

#[test]
fn nobody_locks_out_the_account_that_asks() {
    let mut office = Office::open();
    let operator = Caller { account: Some(office.bob.clone()), ..Caller::LOCAL };
    for action in ["SuspendAccount", "CloseAccount"] {
        let own = json!({ "accountId": office.bob });
        let refused = office.ask(&operator, action, own).unwrap_err();
        assert!(matches!(refused, Refused::Not(NOT_POSSIBLE, _)), "{action}: {refused}");
        let other = json!({ "accountId": office.ann });
        office.ask(&operator, action, other).unwrap();
    }
    let resumed = office.ask(&operator, "ResumeAccount", json!({ "accountId": office.ann }));
    assert!(matches!(resumed.unwrap_err(), Refused::Not(NOT_POSSIBLE, _)), "closed is closed");
}

#[test]
fn a_key_under_policies_makes_no_key_that_is_under_none() {
    let mut office = Office::open();
    for operator in [false, true] {
        let free = Caller { account: Some(office.ann.clone()), operator, ..Caller::LOCAL };
        let limited = Caller { limited: true, ..free.clone() };
        let refused = office.ask(&limited, "CreateKey", json!({})).unwrap_err();
        assert!(matches!(refused, Refused::Not(NOT_POSSIBLE, _)), "{operator}: {refused}");
        office.ask(&free, "CreateKey", json!({})).unwrap();
    }
    let keys =
        office.ask(&Caller::LOCAL, "DescribeKeys", json!({ "accountId": office.ann })).unwrap();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2, "those of the account's own key");
}
