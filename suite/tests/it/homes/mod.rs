//! The shared home: two gateways on one PostgreSQL and one Redis are one gateway to the world.

mod away;
mod cluster;
mod codes;
mod copy;
mod once;
mod operators;
#[path = "../../../../crates/stores/src/conformance/servers.rs"]
mod servers;
