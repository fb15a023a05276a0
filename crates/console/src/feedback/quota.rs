//! How many votes an address may send: a few at once, then one every few minutes; and all addresses together.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use faregate_pipeline::time::Millis;

/// One vote every five minutes, in the long run.
const EACH_MS: i64 = 300_000;
/// So many at once.
const BURST: i64 = 10;
/// All addresses together: one every four seconds, and so many at once. A disk that fills takes a day's notice.
const ALL_MS: i64 = 4_000;
const ALL_BURST: i64 = 200;
/// Addresses that are remembered; beyond, those that would be let through anyway are forgotten.
const ADDRESSES_MAX: usize = 10_000;

/// Counts votes by address. Nothing of it is stored.
#[derive(Debug, Default)]
pub struct VoteQuota {
    /// For each address, and for all together, the time at which the next vote would be due (GCRA).
    due: Mutex<(Millis, HashMap<IpAddr, Millis>)>,
}

impl VoteQuota {
    /// May this address vote now.
    ///
    /// # Errors
    /// After how many seconds it may.
    pub fn admit(&self, address: IpAddr, now: Millis) -> Result<(), u32> {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, by_address) = &mut *due;
        if by_address.len() >= ADDRESSES_MAX {
            by_address.retain(|_, due| *due > now);
        }
        let key = network(address);
        let own = by_address.get(&key).copied().unwrap_or(now).max(now);
        wait(own, now, EACH_MS, BURST)?;
        wait((*all).max(now), now, ALL_MS, ALL_BURST)?;
        by_address.insert(key, own.plus(EACH_MS));
        *all = (*all).max(now).plus(ALL_MS);
        Ok(())
    }
}

fn wait(due: Millis, now: Millis, every_ms: i64, burst: i64) -> Result<(), u32> {
    let over_ms = due.since(now) - every_ms * (burst - 1);
    if over_ms <= 0 {
        return Ok(());
    }
    Err(u32::try_from((over_ms + 999) / 1_000).unwrap_or(u32::MAX))
}

/// One customer has a whole /64 of IPv6 (RFC 6177), so that is one address here.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn an_address_has_ten_votes_then_one_every_five_minutes() {
        let quota = VoteQuota::default();
        let (here, there) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let start = Millis::new(1_000_000);
        for n in 0..10 {
            assert_eq!(quota.admit(here, start), Ok(()), "{n}");
        }
        assert_eq!(quota.admit(here, start), Err(300), "the eleventh");
        assert_eq!(quota.admit(there, start), Ok(()), "another address");
        assert_eq!(quota.admit(here, start.plus(1_000)), Err(299), "a second later");
        assert_eq!(quota.admit(here, start.plus(300_000)), Ok(()));
        assert_eq!(quota.admit(here, start.plus(300_001)), Err(300));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_all_together_have_an_end() {
        let quota = VoteQuota::default();
        let now = Millis::new(0);
        for n in 0..10 {
            let address: IpAddr = format!("2001:db8::{n}").parse().unwrap();
            assert_eq!(quota.admit(address, now), Ok(()));
        }
        assert!(quota.admit("2001:db8::ffff".parse().unwrap(), now).is_err());
        let admitted = (0..1_000_u32)
            .filter(|n| quota.admit(IpAddr::from(n.to_be_bytes()), now).is_ok())
            .count();
        assert_eq!(admitted, 190, "200 at once, 10 of them above");
    }
}
