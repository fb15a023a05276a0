//! `Bucket`: the prints that were claimed for one second of stamps, in about 8 bytes each.
//!
//! A line of 64 bytes holds nine prints of 56 bits and a flag; a table is as many lines as it needs,
//! and grows by an eighth at most. A table that would take long to grow is cut in two by a bit of its
//! prints, so that no call waits while many prints are moved.
//!
//! How often is an honest call taken for a copy? It must meet, in the bucket of its own second, one
//! of n prints with the same 56 bits: n / 2^56 a call. Below 1e-12 for up to 72,000 calls stamped with
//! one and the same second; 1e-13 at 7,000 calls a second, which are 50 million live nonces in a
//! window of two hours. The second itself is compared exactly, and costs no bit of a print.

/// The part of a claim's keyed print that is kept: 56 bits, never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print(u64);

const PRINT_BYTES: usize = 7;
const MASK: u64 = (1 << 56) - 1;
/// No print is 0, so this is an empty place.
const EMPTY: u64 = 0;

impl Print {
    pub(crate) fn of(print: u128) -> Self {
        let [_, _, _, _, _, _, _, _, bytes @ ..] = print.to_be_bytes();
        Self::from_bits(u64::from_be_bytes(bytes))
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(if bits & MASK == EMPTY { 1 } else { bits & MASK })
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    /// The bit that chooses a half at this depth, from the top; the home line comes from the bottom.
    fn half(self, depth: u32) -> usize {
        usize::from(self.0 >> 55_u32.saturating_sub(depth) & 1 == 1)
    }
}

const LINE_BYTES: usize = 64;
const PRINTS_IN_LINE: usize = 9;
/// The last byte of a line says that a print which belongs here was put further on.
const FLAG: usize = LINE_BYTES - 1;

#[derive(Clone, Copy, Debug)]
struct Line([u8; LINE_BYTES]);

impl Line {
    const NEW: Self = Self([0; LINE_BYTES]);

    /// Eight bytes are read and one is masked: the ninth print ends before the flag.
    fn at(&self, place: usize) -> u64 {
        let bytes = self.0.get(place * PRINT_BYTES..place * PRINT_BYTES + 8);
        let bytes = bytes.and_then(|bytes| bytes.first_chunk()).copied();
        bytes.map_or(EMPTY, u64::from_le_bytes) & MASK
    }

    fn find(&self, bits: u64) -> Option<usize> {
        (0..PRINTS_IN_LINE).find(|place| self.at(*place) == bits)
    }

    fn put(&mut self, place: usize, bits: u64) {
        let [bytes @ .., _] = bits.to_le_bytes();
        if let Some(slot) = self.0.get_mut(place * PRINT_BYTES..(place + 1) * PRINT_BYTES) {
            slot.copy_from_slice(&bytes);
        }
    }

    fn goes_on(&self) -> bool {
        self.0.get(FLAG).is_some_and(|flag| *flag != 0)
    }

    fn go_on(&mut self) {
        if let Some(flag) = self.0.get_mut(FLAG) {
            *flag = 1;
        }
    }

    fn prints(&self) -> impl Iterator<Item = u64> {
        (0..PRINTS_IN_LINE).map(|place| self.at(place)).filter(|bits| *bits != EMPTY)
    }
}

/// A table is at most 92 of 100 full: beyond, the ways get long.
const FULL_HUNDREDTHS: usize = 92;
/// 128 KiB: its 17,000 prints move in a fifth of a millisecond.
const LINES_MAX: usize = 2_048;

#[derive(Debug, Default)]
pub(crate) struct Table {
    lines: Vec<Line>,
    n_prints: usize,
}

impl Table {
    fn with_lines(n_lines: usize) -> Self {
        Self { lines: vec![Line::NEW; n_lines], n_prints: 0 }
    }

    /// Where the way of `bits` begins: their lowest word scaled to the number of lines, so that any
    /// number of lines will do.
    fn home(&self, bits: u64) -> usize {
        let n_lines = u64::try_from(self.lines.len()).unwrap_or(0);
        usize::try_from(((bits & 0xffff_ffff) * n_lines) >> 32).unwrap_or(0)
    }

    fn next(&self, line_idx: usize) -> usize {
        if line_idx + 1 < self.lines.len() { line_idx + 1 } else { 0 }
    }

    /// Line and place of a print.
    fn find(&self, bits: u64) -> Option<(usize, usize)> {
        let mut line_idx = self.home(bits);
        for _ in 0..self.lines.len() {
            let line = self.lines.get(line_idx)?;
            if let Some(place) = line.find(bits) {
                return Some((line_idx, place));
            }
            if !line.goes_on() {
                return None;
            }
            line_idx = self.next(line_idx);
        }
        None
    }

    /// Puts a print that is not there. There is an empty place: the table is never quite full.
    fn put(&mut self, bits: u64) {
        let mut line_idx = self.home(bits);
        for _ in 0..self.lines.len() {
            let next = self.next(line_idx);
            let Some(line) = self.lines.get_mut(line_idx) else { return };
            if let Some(place) = line.find(EMPTY) {
                line.put(place, bits);
                self.n_prints += 1;
                return;
            }
            line.go_on();
            line_idx = next;
        }
    }

    fn is_full(&self) -> bool {
        (self.n_prints + 1) * 100 > self.lines.len() * PRINTS_IN_LINE * FULL_HUNDREDTHS
    }

    /// Grows by a step, or at once to what is sure to be needed.
    fn grow(&mut self, n_sure: usize) {
        let n_lines = next_size(self.lines.len()).max(size_below(n_sure));
        let mut grown = Self::with_lines(n_lines.min(LINES_MAX));
        self.prints().for_each(|bits| grown.put(bits));
        *self = grown;
    }

    fn prints(&self) -> impl Iterator<Item = u64> {
        self.lines.iter().flat_map(Line::prints)
    }
}

/// The sizes 8 to 15 times a power of two: an allocator has the very same ones, so nothing is lost
/// between what is asked for and what is given.
fn next_size(n_lines: usize) -> usize {
    let step = n_lines.checked_ilog2().map_or(0, |log| log.saturating_sub(3));
    n_lines + (1 << step)
}

/// The size that `n_prints` fill up.
fn size_below(n_prints: usize) -> usize {
    let n_lines = n_prints * 100 / (PRINTS_IN_LINE * FULL_HUNDREDTHS);
    let step = n_lines.checked_ilog2().map_or(0, |log| log.saturating_sub(3));
    n_lines >> step << step
}

/// The spent prints of one second of stamps.
#[derive(Debug)]
pub(crate) enum Bucket {
    Table(Table),
    Halves(Box<[Bucket; 2]>),
}

impl Default for Bucket {
    fn default() -> Self {
        Self::Table(Table::default())
    }
}

impl Bucket {
    pub(crate) fn contains(&self, print: Print) -> bool {
        let (mut bucket, mut depth) = (self, 0);
        loop {
            match bucket {
                Self::Table(table) => return table.find(print.0).is_some(),
                Self::Halves(halves) => {
                    let Some(half) = halves.get(print.half(depth)) else { return false };
                    (bucket, depth) = (half, depth + 1);
                }
            }
        }
    }

    /// Is there a place for one more without growing?
    pub(crate) fn has_room(&self) -> bool {
        match self {
            Self::Table(table) => !table.is_full(),
            Self::Halves(_) => true,
        }
    }

    /// Grows. The second before held `n_before`: three quarters as many are sure to come, and need not
    /// be moved again and again until they are there.
    pub(crate) fn make_room(&mut self, n_before: usize) {
        if let Self::Table(table) = self
            && table.lines.len() < LINES_MAX
        {
            table.grow(n_before / 4 * 3);
        }
    }

    /// Puts a print that [`Self::contains`] just did not find.
    pub(crate) fn put(&mut self, print: Print) {
        self.put_at(print, 0);
    }

    fn put_at(&mut self, print: Print, depth: u32) {
        match self {
            Self::Halves(halves) => {
                if let Some(half) = halves.get_mut(print.half(depth)) {
                    half.put_at(print, depth + 1);
                }
            }
            Self::Table(table) if !table.is_full() => table.put(print.0),
            Self::Table(table) if table.lines.len() < LINES_MAX => {
                table.grow(0);
                table.put(print.0);
            }
            Self::Table(table) => {
                *self = halved(table, depth);
                self.put_at(print, depth);
            }
        }
    }

    /// False if it was not there.
    pub(crate) fn remove(&mut self, print: Print) -> bool {
        let (mut bucket, mut depth) = (self, 0);
        loop {
            match bucket {
                Self::Table(table) => return table.remove(print.0),
                Self::Halves(halves) => {
                    let Some(half) = halves.get_mut(print.half(depth)) else { return false };
                    (bucket, depth) = (half, depth + 1);
                }
            }
        }
    }

    pub(crate) fn n_prints(&self) -> usize {
        match self {
            Self::Table(table) => table.n_prints,
            Self::Halves(halves) => halves.iter().map(Self::n_prints).sum(),
        }
    }

    pub(crate) fn for_each(&self, act: &mut impl FnMut(Print)) {
        match self {
            Self::Table(table) => table.prints().map(Print).for_each(act),
            Self::Halves(halves) => halves.iter().for_each(|half| half.for_each(act)),
        }
    }

    #[cfg(test)]
    fn n_bytes(&self) -> usize {
        match self {
            Self::Table(table) => table.lines.len() * LINE_BYTES,
            Self::Halves(halves) => halves.iter().map(Self::n_bytes).sum(),
        }
    }
}

impl Table {
    /// Empties the print's place. The flags stay, so that no way breaks off; growing clears them.
    fn remove(&mut self, bits: u64) -> bool {
        let Some((line_idx, place)) = self.find(bits) else { return false };
        if let Some(line) = self.lines.get_mut(line_idx) {
            line.put(place, EMPTY);
            self.n_prints -= 1;
        }
        true
    }
}

fn halved(table: &Table, depth: u32) -> Bucket {
    let half = || Bucket::Table(Table::with_lines(next_size(LINES_MAX / 2)));
    let mut halves = Box::new([half(), half()]);
    for bits in table.prints() {
        if let Some(half) = halves.get_mut(Print(bits).half(depth)) {
            half.put_at(Print(bits), depth + 1);
        }
    }
    Bucket::Halves(halves)
}

#[cfg(test)]
mod spec {
    use proptest::prelude::*;

    use super::*;

    fn nth(n: u64) -> Print {
        Print::from_bits(
            n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29)
                .wrapping_mul(0xbf58_476d_1ce4_e5b9),
        )
    }

    #[test]
    fn a_nonce_takes_at_most_10_bytes_once_a_second_has_a_few_hundred_and_12_at_its_worst() {
        let (mut bucket, mut sum, mut worst) = (Bucket::default(), 0.0, 0.0_f64);
        let counted = 400..60_000_u64;
        for n in 0..counted.end {
            assert!(!bucket.contains(nth(n)));
            bucket.put(nth(n));
            if counted.contains(&n) {
                let bytes = bucket.n_bytes() as f64 / bucket.n_prints() as f64;
                (sum, worst) = (sum + bytes, worst.max(bytes));
            }
        }
        let mean = sum / (counted.end - counted.start) as f64;
        assert!(mean <= 9.0 && worst <= 12.0, "{mean} bytes a nonce, {worst} at worst");
        assert!((0..counted.end).all(|n| bucket.contains(nth(n))));
        assert!(matches!(bucket, Bucket::Halves(_)), "so many are cut in two");
    }

    #[test]
    fn zero_is_a_print_like_any_other() {
        let mut bucket = Bucket::default();
        let zero = Print::of(1 << 56);
        assert!(!bucket.contains(zero));
        bucket.put(zero);
        assert!(bucket.contains(zero));
    }

    proptest! {
        #[test]
        fn a_bucket_is_a_set(ops in proptest::collection::vec((0..4_u8, 0..600_u64), 0..2_000)) {
            let (mut bucket, mut naive) = (Bucket::default(), std::collections::HashSet::new());
            // Two homes for all, at the beginning and at the end: ways collide and wrap.
            let print = |n: u64| Print::from_bits(n << 33 | if n.is_multiple_of(2) { 0xffff_fff0 } else { 7 });
            for (op, n) in ops {
                prop_assert_eq!(bucket.contains(print(n)), naive.contains(&n));
                if op == 0 {
                    prop_assert_eq!(bucket.remove(print(n)), naive.remove(&n));
                } else if naive.insert(n) {
                    bucket.put(print(n));
                }
                prop_assert_eq!(bucket.n_prints(), naive.len());
            }
            let mut all = std::collections::HashSet::new();
            bucket.for_each(&mut |print| { all.insert(print.bits() >> 33); });
            prop_assert_eq!(all, naive);
        }
    }
}
