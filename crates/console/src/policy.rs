//! The one style sheet and the one script, and the policy that lets nothing else in.

use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

/// As it stands between `<style>` and `</style>`.
pub(crate) const STYLE: &str = include_str!("../assets/style.css");

/// As it stands between `<script>` and `</script>`. Every page is whole without it.
pub(crate) const SCRIPT: &str = include_str!("../assets/script.js");

/// The `Content-Security-Policy` of every HTML page (CSP 3): by hash, so that no markup which came in by a mistake
/// could run or style anything.
pub(crate) static CONTENT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}
