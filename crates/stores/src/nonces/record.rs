//! `Record`: one line of the nonce journal, 44 bytes.
//!
//! ```text
//!  0      4      5          8     16          24      32           44
//!  ├ crc ─┼ kind ┼ offset ms ┼ seq ┼ key print ┼ nonce ┼ print (96) ┤   big-endian
//! ```
//! The offset counts from the segment's first stamp. The CRC covers all that follows it, and the
//! segment's number, so that a record copied into another segment is not one.

use super::bucket::Print;

/// Bytes of a record.
pub(crate) const RECORD_BYTES: usize = 44;

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
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Claim => 1,
            Self::BackTo => 2,
            Self::BackToNone => 3,
            Self::Back => 4,
        }
    }

    const fn of(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Claim),
            2 => Some(Self::BackTo),
            3 => Some(Self::BackToNone),
            4 => Some(Self::Back),
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
    pub(crate) fn encode(&self, segment: i64) -> [u8; RECORD_BYTES] {
        let [_, offset @ ..] = self.offset_ms.to_be_bytes();
        let mut bytes = [0; RECORD_BYTES];
        let fields = [self.kind.byte()]
            .into_iter()
            .chain(offset)
            .chain(self.seq.to_be_bytes())
            .chain(self.key_print.to_be_bytes())
            .chain(self.nonce.to_be_bytes())
            .chain(self.print.to_bytes());
        bytes.iter_mut().skip(4).zip(fields).for_each(|(place, byte)| *place = byte);
        if let Some((crc, body)) = bytes.split_first_chunk_mut::<4>() {
            *crc = checksum(body, segment).to_be_bytes();
        }
        bytes
    }

    /// None if the bytes are not a record of this segment.
    pub(crate) fn decode(bytes: &[u8], segment: i64) -> Option<Self> {
        let (crc, body) = bytes.split_first_chunk::<4>()?;
        if u32::from_be_bytes(*crc) != checksum(body, segment) {
            return None;
        }
        let (&[kind, a, b, c], rest) = body.split_first_chunk::<4>()?;
        let (seq, rest) = rest.split_first_chunk::<8>()?;
        let (key_print, rest) = rest.split_first_chunk::<8>()?;
        let (nonce, print) = rest.split_first_chunk::<8>()?;
        Some(Self {
            kind: Kind::of(kind)?,
            offset_ms: u32::from_be_bytes([0, a, b, c]),
            seq: u64::from_be_bytes(*seq),
            key_print: u64::from_be_bytes(*key_print),
            nonce: u64::from_be_bytes(*nonce),
            print: Print::from_bytes(print.try_into().ok()?),
        })
    }
}

fn checksum(body: &[u8], segment: i64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&segment.to_be_bytes());
    hasher.update(body);
    hasher.finalize()
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_record_comes_back_and_no_flipped_bit_passes() {
        for kind in [Kind::Claim, Kind::BackTo, Kind::BackToNone, Kind::Back] {
            let record = Record {
                kind,
                offset_ms: 599_999,
                seq: 77,
                key_print: u64::MAX,
                nonce: 1,
                print: Print::of(u128::MAX - 5),
            };
            let bytes = record.encode(2_940_000);
            assert_eq!(Record::decode(&bytes, 2_940_000), Some(record));
            assert_eq!(Record::decode(&bytes, 2_940_001), None, "another segment's");
            for bit in 0..RECORD_BYTES * 8 {
                let mut flipped = bytes;
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Record::decode(&flipped, 2_940_000), None, "bit {bit}");
            }
        }
        assert_eq!(Record::decode(&[0; RECORD_BYTES], 0), None, "zeroes are no record");
    }
}
