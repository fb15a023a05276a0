//! What the bench's programs share: the clock.

pub mod clock;
