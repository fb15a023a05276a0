//! Who may, from where.

use crate::facts::{AccountState, Network};
use crate::fixture::{World, get};

#[test]
fn an_active_account_may_from_its_addresses_what_is_open_to_it() {
    let network = |text| vec![Network::parse(text).unwrap()];
    for (title, change, action, answer) in [
        ("an open action", &(|_: &mut World| {}) as &dyn Fn(&mut World), "DescribeZones", None),
        (
            "suspended",
            &|w| w.account.state = AccountState::Suspended,
            "DescribeZones",
            Some("ACCOUNT_SUSPENDED"),
        ),
        ("an action for staff", &|_| {}, "DescribeInternalUsage", Some("NOT_IN_USER_RANGE")),
        ("as staff", &|w| w.account.groups.push("staff".into()), "DescribeInternalUsage", None),
        (
            "from a listed address",
            &|w| w.account.sources = network("127.0.0.0/8"),
            "DescribeZones",
            None,
        ),
        (
            "from elsewhere",
            &|w| w.account.sources = network("10.0.0.0/8"),
            "DescribeZones",
            Some("SOURCE_NOT_ALLOWED"),
        ),
    ] {
        let mut world = World::new();
        change(&mut world);
        assert_eq!(world.reason(get(action, &[])).map(|(_, reason)| reason), answer, "{title}");
    }
}

#[test]
fn networks_contain_their_addresses_in_either_spelling() {
    for (network, address, inside) in [
        ("10.0.0.0/8", "10.255.0.1", true),
        ("10.0.0.0/8", "11.0.0.1", false),
        ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3", "10.1.2.4", false),
        ("0.0.0.0/0", "1.2.3.4", true),
        ("10.0.0.0/8", "::ffff:10.0.0.1", true),
        ("10.0.0.0/8", "::1", false),
        ("fd00::/8", "fd12::1", true),
    ] {
        let network = Network::parse(network).unwrap();
        assert_eq!(network.contains(address.parse().unwrap()), inside, "{network:?} {address}");
    }
    for text in ["", "10.0.0.0/33", "::/129", "10.0.0", "10.0.0.0/-1", "10.0.0.0/a"] {
        assert_eq!(Network::parse(text), None, "{text}");
    }
}
