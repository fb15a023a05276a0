//! `faregate-compute DATA [PORT]`: the service by itself, until its standard input closes.

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let data = arguments.next().map(PathBuf::from).ok_or("usage: faregate-compute DATA [PORT]")?;
    let port = match arguments.next() {
        Some(port) => port.into_string().map_err(|_| "PORT must be a number")?.parse()?,
        None => 0,
    };
    Ok(faregate_compute::run_at(&data, port)?)
}
