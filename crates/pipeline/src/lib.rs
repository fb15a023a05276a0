//! The life of a call, in sixteen rooms and one order.
//!
//! A call arrives as a [`call::RawCall`] and passes the gates of [`order::ORDER`]. Each gate takes the
//! witness that the one before it made and gives its own, so a forgotten check does not compile:
//! `replay::check` cannot be called without the [`authz::Permitted`] that only `authz::check` makes.
//! The first gate that refuses answers. What is left is an [`faregate_contract::Answer`], by
//! [`conclusion::conclude`].
//!
//! Nothing here awaits, reads a clock, or touches a socket or a file: time, randomness and the
//! outcomes of stores come in as arguments ([`facts`]).

macro_rules! owns {
    ($this:ident => $previous:ty) => {
        /// Everything that earlier gates found.
        impl std::ops::Deref for $this {
            type Target = $previous;

            fn deref(&self) -> &$previous {
                &self.of
            }
        }
    };
}

pub mod call;
pub mod dialect;
pub mod facts;
pub mod order;
pub mod time;

pub mod protocol;
pub mod routing;

pub mod availability;
pub mod parameters;

pub mod authn;
pub mod validity;

pub mod authz;
pub mod replay;

pub mod quota;

pub mod ownership;
pub mod verification;

pub mod balance;
pub mod purchase;

pub mod batch;
pub mod operation;

pub mod conclusion;
pub mod fault;
pub mod pages;
pub mod saved;

#[cfg(test)]
mod cost;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod precedence;
