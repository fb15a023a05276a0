//! The hosts that somebody may have signed instead of the one in the Host header.

use super::Mistake;
use crate::v2::without_port;

/// Hosts to try with what each would mean. `known` are the hosts that the installation itself has.
pub(super) fn candidates(host: &str, known: &[&str]) -> Vec<(Mistake, String)> {
    let lower = host.to_ascii_lowercase();
    let name = without_port(&lower).to_owned();
    let port = lower.get(name.len()..).unwrap_or_default();
    let label = name.split('.').next().unwrap_or_default();
    let mut hosts: Vec<(Mistake, String)> = Vec::new();
    for port in ["", ":443", ":80", ":8080", ":8443"] {
        hosts.push((Mistake::HostPort, format!("{name}{port}")));
    }
    for scheme in ["https://", "http://", "//"] {
        hosts.push((Mistake::HostWithScheme, format!("{scheme}{lower}")));
        hosts.push((Mistake::HostWithScheme, format!("{scheme}{name}")));
    }
    hosts.extend([
        (Mistake::HostDiffers, String::new()),
        (Mistake::HostDiffers, host.to_ascii_uppercase()),
        (Mistake::HostDiffers, format!("{name}.")),
        (Mistake::HostDiffers, format!("www.{lower}")),
        (Mistake::HostDiffers, label.to_owned()),
    ]);
    let named = |other: &str| (Mistake::HostDiffers, other.to_owned());
    hosts.extend(known.iter().take(KNOWN_MAX).map(|other| named(other)));
    for other in ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"] {
        hosts.push((Mistake::HostDiffers, format!("{other}{port}")));
    }
    let labels = [label].into_iter().chain(MODULES);
    for domain in DOMAINS {
        hosts.push(named(domain));
        hosts.extend(
            labels.clone().map(|label| (Mistake::HostDiffers, format!("{label}.{domain}"))),
        );
    }
    let mut seen = Vec::with_capacity(hosts.len());
    hosts.retain(|(_, other)| {
        let new = *other != host && *other != lower && !seen.contains(other);
        seen.push(other.clone());
        new
    });
    hosts
}

const DOMAINS: [&str; 3] = ["api.qcloud.com", "tencentcloudapi.com", "api.tencentyun.com"];
const MODULES: [&str; 17] = [
    "account", "bm", "cbs", "cdb", "cdn", "cmem", "cvm", "eip", "image", "lb", "monitor",
    "scaling", "snapshot", "sts", "tag", "trade", "vpc",
];
const KNOWN_MAX: usize = 32;
