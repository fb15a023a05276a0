//! The edge, the driver and the upstream: one call, top to bottom.
//!
//! Start with [`driver`]. [`Gateway::start`] binds the listeners and starts a worker a core; each reads
//! requests (`edge`), walks them through the gates (`driver`), sends what passed (`perform`, `upstream`).

pub mod admin;
mod alarm;
mod batches;
mod begun;
mod builtin;
pub mod clock;
pub mod config;
mod desk;
mod doubts;
pub mod driver;
mod dry_run;
mod echo;
mod edge;
mod gateway;
mod hold;
mod ids;
mod in_flight;
mod inquiries;
mod lifetime;
mod lots;
pub mod modules;
mod objects;
pub mod ops;
mod perform;
mod quotes;
pub mod reload;
pub mod sandbox;
pub mod shared;
pub mod tokens;
mod upstream;

pub use config::Config;
pub use edge::pages::{PageFuture, PageReply, PageRequest, Pages, Submission};
pub use gateway::{Gateway, Running, StartError};
