//! `Receipt`: what became of one call, and its bytes on disk.
//!
//! ```text
//! length u32 | crc32 u32 | body          all numbers little-endian
//! body: version, id, code, gate, flags, times, status, [charge], [replay of], marks, texts
//! ```
//! A receipt borrows: it is written from what the call holds, and read from the bytes it was found in,
//! so that neither way copies a text.

use faregate_contract::RequestId;
use faregate_ledger::{Currency, Money};
use smallvec::SmallVec;

/// The first byte of a body.
const VERSION: u8 = 1;

/// Bytes before a body.
pub(super) const HEAD: usize = 8;

/// The longest text that is kept; what is longer is cut at a character.
const TEXT_BYTES_MAX: usize = 2_000;

const NO_GATE: u8 = u8::MAX;
const NO_TEXT: u16 = u16::MAX;

/// How many texts a receipt has.
const N_TEXTS: usize = 9;

/// How the money of a call ended, as far as its receipt knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeState {
    /// Spent.
    Committed,
    /// Given back.
    Released,
    /// Held, and nobody knows yet.
    InDoubt,
    /// Given back of what was paid for earlier.
    Refunded,
}

impl ChargeState {
    const ALL: [Self; 4] = [Self::Committed, Self::Released, Self::InDoubt, Self::Refunded];

    /// Its name, as clients and operators read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Released => "released",
            Self::InDoubt => "in-doubt",
            Self::Refunded => "refunded",
        }
    }
}

/// What a call cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The price.
    pub amount: Money,
    /// What became of it.
    pub state: ChargeState,
}

/// What became of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt<'a> {
    /// Names the call; its first 48 bits are the time of arrival.
    pub request_id: RequestId,
    /// The code of the answer.
    pub code: u16,
    /// The place in the order of the gate that refused; none if none did.
    pub gate: Option<u8>,
    /// From the first gate to the answer, in microseconds.
    pub took_us: u32,
    /// Of that, waiting for the module.
    pub upstream_us: u32,
    /// The module's HTTP status.
    pub upstream_status: Option<u16>,
    /// What it cost.
    pub charge: Option<Charge>,
    /// The call whose saved answer this one was given.
    pub replay_of: Option<RequestId>,
    /// When each gate was reached, in tenths of a microsecond since the first, in the order of the
    /// gates. It ends with the last gate that was reached.
    pub marks: SmallVec<[u32; 16]>,
    /// Who called.
    pub account: Option<&'a str>,
    /// What was called.
    pub module: Option<&'a str>,
    /// What was called.
    pub action: Option<&'a str>,
    /// The client's address.
    pub peer: Option<&'a str>,
    /// The module's own code.
    pub module_code: Option<&'a str>,
    /// The cause within the code.
    pub reason: Option<&'a str>,
    /// How the string to sign was made.
    pub profile: Option<&'a str>,
    /// What the client was told.
    pub message: Option<&'a str>,
    /// What only the operator may read.
    pub detail: Option<&'a str>,
}

impl<'a> Receipt<'a> {
    /// A receipt that says nothing but which call and which code.
    #[must_use]
    pub fn new(request_id: RequestId, code: u16) -> Self {
        Self {
            request_id,
            code,
            gate: None,
            took_us: 0,
            upstream_us: 0,
            upstream_status: None,
            charge: None,
            replay_of: None,
            marks: SmallVec::new(),
            account: None,
            module: None,
            action: None,
            peer: None,
            module_code: None,
            reason: None,
            profile: None,
            message: None,
            detail: None,
        }
    }

    /// Is it of a later settlement, and not of the call itself, which has reached a gate at least.
    #[must_use]
    pub fn is_settlement(&self) -> bool {
        self.marks.is_empty()
    }

    const fn texts(&self) -> [Option<&'a str>; N_TEXTS] {
        let (who, what) = (self.account, (self.module, self.action));
        let (peer, own, reason) = (self.peer, self.module_code, self.reason);
        [who, what.0, what.1, peer, own, reason, self.profile, self.message, self.detail]
    }

    /// Appends the record.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        out.extend_from_slice(&[0; HEAD]);
        self.body(out);
        let Some(record) = out.get_mut(begin..) else { return };
        let Some((head, body)) = record.split_at_mut_checked(HEAD) else { return };
        let length = u32::try_from(body.len()).unwrap_or_default().to_le_bytes();
        let crc = crc32fast::hash(body).to_le_bytes();
        for (place, byte) in head.iter_mut().zip(length.into_iter().chain(crc)) {
            *place = byte;
        }
    }

    fn body(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend_from_slice(self.request_id.as_bytes());
        out.extend_from_slice(&self.code.to_le_bytes());
        out.push(self.gate.unwrap_or(NO_GATE));
        out.push(u8::from(self.charge.is_some()) | u8::from(self.replay_of.is_some()) << 1);
        out.extend_from_slice(&self.took_us.to_le_bytes());
        out.extend_from_slice(&self.upstream_us.to_le_bytes());
        out.extend_from_slice(&self.upstream_status.unwrap_or_default().to_le_bytes());
        if let Some(Charge { amount, state }) = &self.charge {
            out.extend_from_slice(&amount.micros().to_le_bytes());
            let currency = amount.currency();
            let mut letters = currency.as_str().bytes();
            out.extend(
                [letters.next(), letters.next(), letters.next()].map(Option::unwrap_or_default),
            );
            let place = ChargeState::ALL.iter().position(|known| known == state);
            out.push(place.and_then(|place| u8::try_from(place).ok()).unwrap_or_default());
        }
        if let Some(first) = &self.replay_of {
            out.extend_from_slice(first.as_bytes());
        }
        out.push(u8::try_from(self.marks.len()).unwrap_or_default());
        let mut before = 0;
        for mark in &self.marks {
            varint(out, mark.saturating_sub(before));
            before = *mark;
        }
        for text in self.texts() {
            let Some(text) = text else {
                out.extend_from_slice(&NO_TEXT.to_le_bytes());
                continue;
            };
            let most = text.len().min(TEXT_BYTES_MAX);
            let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
            let text = text.get(..end.unwrap_or_default()).unwrap_or_default();
            out.extend_from_slice(&u16::try_from(text.len()).unwrap_or_default().to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
    }

    /// Reads a body whose checksum was right; none if it is of another version, or not a body.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut rest = Rest(body);
        let [VERSION] = rest.take()? else { return None };
        let mut receipt =
            Self::new(RequestId::from_bytes(rest.take()?), u16::from_le_bytes(rest.take()?));
        let [gate, flags] = rest.take()?;
        receipt.gate = (gate != NO_GATE).then_some(gate);
        receipt.took_us = u32::from_le_bytes(rest.take()?);
        receipt.upstream_us = u32::from_le_bytes(rest.take()?);
        let status = u16::from_le_bytes(rest.take()?);
        receipt.upstream_status = (status != 0).then_some(status);
        if flags & 1 != 0 {
            let micros = i64::from_le_bytes(rest.take()?);
            let letters: [u8; 3] = rest.take()?;
            let currency = Currency::parse(std::str::from_utf8(&letters).ok()?)?;
            let [state] = rest.take()?;
            let state = *ChargeState::ALL.get(usize::from(state))?;
            receipt.charge = Some(Charge { amount: Money::from_micros(micros, currency), state });
        }
        if flags & 2 != 0 {
            receipt.replay_of = Some(RequestId::from_bytes(rest.take()?));
        }
        let [n_marks] = rest.take()?;
        let mut mark = 0_u32;
        for _ in 0..n_marks {
            mark = mark.saturating_add(rest.varint()?);
            receipt.marks.push(mark);
        }
        let mut texts = [None; N_TEXTS];
        for text in &mut texts {
            *text = rest.text()?;
        }
        let [account, module, action, peer, module_code, reason, profile, message, detail] = texts;
        let receipt = Self { account, module, action, peer, module_code, ..receipt };
        Some(Self { reason, profile, message, detail, ..receipt })
    }
}

fn varint(out: &mut Vec<u8>, mut number: u32) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn varint(&mut self) -> Option<u32> {
        let mut number = 0_u32;
        for shift in (0..32).step_by(7) {
            let [byte] = self.take()?;
            number |= u32::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<Option<&'a str>> {
        let length = u16::from_le_bytes(self.take()?);
        if length == NO_TEXT {
            return Some(None);
        }
        let (text, rest) = self.0.split_at_checked(usize::from(length))?;
        self.0 = rest;
        std::str::from_utf8(text).ok().map(Some)
    }
}

/// The records of a file's beginning, each with its offset, up to the first that is torn or is none.
pub(super) struct Records<'a> {
    bytes: &'a [u8],
    pub(super) offset: usize,
}

impl<'a> Records<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.offset;
        let body = body_at(self.bytes, at)?;
        self.offset = at.checked_add(HEAD)?.checked_add(body.len())?;
        Some((at, body))
    }
}

/// The body of the record that begins there, if there is one and its checksum is right.
pub(super) fn body_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let mut rest = Rest(bytes.get(at..)?);
    let length = usize::try_from(u32::from_le_bytes(rest.take()?)).ok()?;
    let crc = u32::from_le_bytes(rest.take()?);
    let body = rest.0.get(..length)?;
    (length > 0 && crc32fast::hash(body) == crc).then_some(body)
}

/// The id in a body.
pub(super) fn id_of(body: &[u8]) -> Option<[u8; 16]> {
    body.get(1..17)?.try_into().ok()
}
