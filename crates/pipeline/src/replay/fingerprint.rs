//! What makes two calls the same, in a fixed width and under a key.
//!
//! Keyed, so that nobody can make calls of his own collide with a victim's; fixed, so that a nonce costs
//! the same memory whatever its key is called (CRATES 6: SipHash-128, 16 ns).

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

/// Makes prints under this deployment's key.
#[derive(Clone)]
pub struct Prints {
    key: [u8; 16],
}

impl std::fmt::Debug for Prints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prints(***)")
    }
}

impl Prints {
    /// Prints under `key`, which the nonce store keeps.
    #[must_use]
    pub const fn new(key: [u8; 16]) -> Self {
        Self { key }
    }

    /// The print of (SecretId, Timestamp, Nonce): the replay identity (DESIGN 2).
    #[must_use]
    pub fn of_call(&self, secret_id: &str, timestamp: i64, nonce: u64) -> u128 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(&timestamp.to_le_bytes());
        hasher.write(&nonce.to_le_bytes());
        // Last, so that its end is the end: no length is needed between fields of fixed width.
        hasher.write(secret_id.as_bytes());
        hasher.finish128().as_u128()
    }

    /// The print of a signature, in a dialect that has no Nonce: the same bytes have the same tag.
    #[must_use]
    pub fn of_tag(&self, secret_id: &str, timestamp: i64, tag: &[u8]) -> u128 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(b"tag:");
        hasher.write(&timestamp.to_le_bytes());
        hasher.write(tag);
        hasher.write(secret_id.as_bytes());
        hasher.finish128().as_u128()
    }

    /// The print of a key whose calls have no Nonce: they leave its last nonce alone.
    #[must_use]
    pub fn of_nonceless_key(&self, secret_id: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(b"nonceless:");
        hasher.write(secret_id.as_bytes());
        hasher.finish()
    }

    /// The print of a parameter: two calls are compared by it, and what was sent is kept nowhere.
    #[must_use]
    pub fn of_parameter(&self, name: &str, value: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(b"parameter:");
        hasher.write(name.as_bytes());
        hasher.write(b"=");
        hasher.write(value.as_bytes());
        hasher.finish()
    }

    /// The print of a key alone: whose last nonce.
    #[must_use]
    pub fn of_key(&self, secret_id: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(b"key:");
        hasher.write(secret_id.as_bytes());
        hasher.finish()
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_print_differs_with_each_part_and_with_the_deployments_key() {
        let prints = Prints::new([1; 16]);
        let print = prints.of_call("AKID1", 1, 2);
        assert_eq!(print, prints.of_call("AKID1", 1, 2));
        for other in [
            prints.of_call("AKID2", 1, 2),
            prints.of_call("AKID1", 2, 2),
            prints.of_call("AKID1", 1, 3),
            prints.of_call("AKID1", 2, 1),
            Prints::new([2; 16]).of_call("AKID1", 1, 2),
        ] {
            assert_ne!(print, other);
        }
        assert_ne!(prints.of_key("AKID1"), prints.of_nonceless_key("AKID1"));
        let tag = prints.of_tag("AKID1", 1, &[1; 32]);
        for other in [
            prints.of_tag("AKID2", 1, &[1; 32]),
            prints.of_tag("AKID1", 2, &[1; 32]),
            prints.of_tag("AKID1", 1, &[2; 32]),
        ] {
            assert_ne!(tag, other);
        }
    }
}
