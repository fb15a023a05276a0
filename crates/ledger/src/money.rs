//! `Money`: a whole number of micro-units of one currency.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Micro-units in one unit.
const UNIT: u64 = 1_000_000;
/// Decimals that a micro-unit needs.
const DECIMALS: usize = 6;

/// An ISO 4217 code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Renminbi, the currency of the pages' examples.
    pub const CNY: Self = Self(*b"CNY");

    /// Reads `CNY`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 3] = text.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters))
    }

    /// The three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Currency {
    type Err = NotMoney;

    fn from_str(text: &str) -> Result<Self, NotMoney> {
        Self::parse(text).ok_or(NotMoney::Currency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not an amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotMoney {
    /// Something else than digits, one point and a leading minus.
    #[error("an amount is written in digits with at most one point between them, as in `30.00`")]
    Form,
    /// More decimals than money is kept in.
    #[error("an amount has at most 6 decimals")]
    Decimals,
    /// Beyond 64 bits of micro-units.
    #[error("an amount is at most 9223372036854.775807")]
    Range,
    /// Not an ISO 4217 code.
    #[error("a currency is three capital letters, as in `CNY`")]
    Currency,
}

/// An amount of one currency, exact, possibly negative.
///
/// Amounts of two currencies neither add nor compare: `partial_cmp` gives `None`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    micros: i64,
    currency: Currency,
}

impl Money {
    /// `micros` millionths of a unit.
    #[must_use]
    pub const fn from_micros(micros: i64, currency: Currency) -> Self {
        Self { micros, currency }
    }

    /// Nothing.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::from_micros(0, currency)
    }

    /// Reads a decimal string, `30`, `30.00` or `-0.000001`.
    ///
    /// # Errors
    /// The text is no such amount, or no amount that fits.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, NotMoney> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, part) = match digits.split_once('.') {
            None => (digits, None),
            Some((whole, part)) => (whole, Some(part)),
        };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !part.is_none_or(is_number) {
            return Err(NotMoney::Form);
        }
        let part = part.unwrap_or_default();
        if part.len() > DECIMALS {
            return Err(NotMoney::Decimals);
        }
        let sign = if negative { "-" } else { "" };
        let micros =
            format!("{sign}{whole}{part:0<DECIMALS$}").parse().map_err(|_| NotMoney::Range)?;
        Ok(Self { micros, currency })
    }

    /// Millionths of a unit.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.micros
    }

    /// Of which currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// More than nothing.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.micros > 0
    }

    /// Less than nothing.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.micros < 0
    }

    /// The sum; none if it does not fit or the currencies differ.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.micros.checked_add(other.micros))?
            .map(|micros| Self { micros, ..self })
    }

    /// The difference; none if it does not fit or the currencies differ.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.micros.checked_sub(other.micros))?
            .map(|micros| Self { micros, ..self })
    }

    /// `n` times the amount; none if it does not fit.
    #[must_use]
    pub fn checked_mul(self, n: i64) -> Option<Self> {
        self.micros.checked_mul(n).map(|micros| Self { micros, ..self })
    }
}

impl PartialOrd for Money {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.currency == other.currency).then(|| self.micros.cmp(&other.micros))
    }
}

/// The decimal string without the currency: two decimals, or as many as the amount needs.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.micros < 0 { "-" } else { "" };
        let size = self.micros.unsigned_abs();
        let (whole, part) =
            (size.checked_div(UNIT).unwrap_or(0), size.checked_rem(UNIT).unwrap_or(0));
        let part = format!("{part:0DECIMALS$}");
        let part = part.trim_end_matches('0');
        f.pad(&format!("{sign}{whole}.{part:0<2}"))
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {}", self.currency)
    }
}
