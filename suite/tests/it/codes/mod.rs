//! Every code by its real cause, through the official Python SDK and again by `faregate call`.

mod operations;
mod platform;
mod replay;
mod requests;
