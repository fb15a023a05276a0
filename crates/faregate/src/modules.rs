//! The modules whose codes `explain` knows: those of a configuration, else the demo's.

use std::path::Path;

use faregate_catalog::Catalog;

use crate::exit::Failure;

/// The catalog of this configuration, of `./faregate.toml` if it is there, else the demo's.
pub(crate) fn of(config: Option<&Path>) -> Result<Catalog, Failure> {
    let usual = Path::new("faregate.toml");
    match config.or_else(|| usual.exists().then_some(usual)) {
        Some(path) => crate::commands::check::load(path).map(|loaded| loaded.catalog),
        None => demo(),
    }
}

/// The catalog of the demo.
#[cfg(feature = "demo")]
pub(crate) fn demo() -> Result<Catalog, Failure> {
    use faregate_catalog::{Settings, Source};

    let source = Source { name: "compute.yaml", text: faregate_compute::DOCUMENT, upstream: None };
    let loaded = Catalog::load(&[source], &Settings { base_domain: "api.qcloud.com" });
    loaded.catalog.ok_or_else(|| {
        let faults: Vec<&str> = loaded.diagnostics.iter().map(|d| d.message.as_str()).collect();
        Failure::new(
            crate::exit::Exit::Unexpected,
            format!("the demo's document: {}", faults.join("; ")),
        )
    })
}

#[cfg(not(feature = "demo"))]
pub(crate) fn demo() -> Result<Catalog, Failure> {
    Err(Failure::usage("whose modules? name a configuration with -c FILE"))
}
