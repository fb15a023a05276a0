//! Objects: who may name what, by a table that is made from compute's own document.

mod batch;
mod cloud;
mod documents;
mod filter;
mod import;
mod matrix;
mod timing;
