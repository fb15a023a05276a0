//! `Record`: one line of the nonce journal, 40 bytes.
//!
//! ```text
//!  0      4      5          8     16          24      32      40
//!  ├ crc ─┼ kind ┼ offset ms ┼ seq ┼ key print ┼ nonce ┼ print ┤   big-endian
//! ```
//! The offset counts from the segment's first stamp. The CRC covers all that follows it, and the
//! segment's seed (its number and whose store it is), so that a record of another one is none.

use super::bucket::Print;

/// Bytes of a record.
pub(crate) const RECORD_BYTES: usize = 40;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A claim; its nonce is the key's last one now.
    Claim,
    /// Given back; the key's last nonce is `nonce` again.
    BackTo,
    /// Given back; the key has no last nonce again.
    BackToNone,
    /// Given back; the key went on meanwhile, and its last nonce stays.
    Back,
    /// Spent; nobody knows any more by whom. Written when a segment is made anew from memory.
    Kept,
    /// Nothing is claimed: the key's last nonce is `nonce`. Written beside what was kept.
    Last,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Claim => 1,
            Self::BackTo => 2,
            Self::BackToNone => 3,
            Self::Back => 4,
            Self::Kept => 5,
            Self::Last => 6,
        }
    }

    const fn of(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Claim),
            2 => Some(Self::BackTo),
            3 => Some(Self::BackToNone),
            4 => Some(Self::Back),
            5 => Some(Self::Kept),
            6 => Some(Self::Last),
            _ => None,
        }
    }
}

/// A claim, or its taking back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    /// Milliseconds between the segment's first stamp and this one's; fits in 24 bits.
    pub(crate) offset_ms: u32,
    /// Order of writing over all segments: which nonce of a key was the last.
    pub(crate) seq: u64,
    pub(crate) key_print: u64,
    pub(crate) nonce: u64,
    pub(crate) print: Print,
}

impl Record {
    pub(crate) fn encode(&self, seed: u32) -> [u8; RECORD_BYTES] {
        let [_, a, b, c] = self.offset_ms.to_be_bytes();
        let mut bytes = [0; RECORD_BYTES];
        let words = [
            u64::from_be_bytes([0, 0, 0, 0, self.kind.byte(), a, b, c]),
            self.seq,
            self.key_print,
            self.nonce,
            self.print.bits(),
        ];
        let (places, _) = bytes.as_chunks_mut::<8>();
        places.iter_mut().zip(words).for_each(|(place, word)| *place = word.to_be_bytes());
        if let Some((crc, body)) = bytes.split_first_chunk_mut::<4>() {
            *crc = checksum(body, seed).to_be_bytes();
        }
        bytes
    }

    /// None if the bytes are not a record of this segment.
    pub(crate) fn decode(bytes: &[u8; RECORD_BYTES], seed: u32) -> Option<Self> {
        let (crc, body) = bytes.split_first_chunk::<4>()?;
        if u32::from_be_bytes(*crc) != checksum(body, seed) {
            return None;
        }
        let (words, _) = bytes.as_chunks::<8>();
        let &[[_, _, _, _, kind, a, b, c], seq, key_print, nonce, print] = words.first_chunk()?;
        Some(Self {
            kind: Kind::of(kind)?,
            offset_ms: u32::from_be_bytes([0, a, b, c]),
            seq: u64::from_be_bytes(seq),
            key_print: u64::from_be_bytes(key_print),
            nonce: u64::from_be_bytes(nonce),
            print: Print::from_bits(u64::from_be_bytes(print)),
        })
    }
}

/// What a segment's records are checked with, beside themselves.
pub(crate) fn seed(store_id: u64, segment: i64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&store_id.to_be_bytes());
    hasher.update(&segment.to_be_bytes());
    hasher.finalize()
}

fn checksum(body: &[u8], seed: u32) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(body);
    hasher.finalize()
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_record_comes_back_and_no_flipped_bit_passes() {
        let ours = seed(7, 2_940_000);
        for kind in
            [Kind::Claim, Kind::BackTo, Kind::BackToNone, Kind::Back, Kind::Kept, Kind::Last]
        {
            let record = Record {
                kind,
                offset_ms: 599_999,
                seq: 77,
                key_print: u64::MAX,
                nonce: 1,
                print: Print::of(u128::MAX - 5),
            };
            let bytes = record.encode(ours);
            assert_eq!(Record::decode(&bytes, ours), Some(record));
            assert_eq!(Record::decode(&bytes, seed(7, 2_940_001)), None, "another segment's");
            assert_eq!(Record::decode(&bytes, seed(8, 2_940_000)), None, "another store's");
            for bit in 0..RECORD_BYTES * 8 {
                let mut flipped = bytes;
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Record::decode(&flipped, ours), None, "bit {bit}");
            }
        }
        assert_eq!(Record::decode(&[0; RECORD_BYTES], ours), None, "zeroes are no record");
    }
}
