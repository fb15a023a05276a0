//! What can be rented: zones, instance types and their monthly prices.

use serde_json::{Value, json};

use crate::IMAGES;
use crate::answer::{ModuleError, Refusal};

/// A place with machines.
#[derive(Debug)]
pub(crate) struct Zone {
    pub(crate) name: &'static str,
    title: &'static str,
    region: &'static str,
    instance_types: &'static [&'static str],
}

/// A size of machine.
#[derive(Debug)]
pub(crate) struct InstanceType {
    pub(crate) name: &'static str,
    month_cents: i64,
    pub(crate) stock: Stock,
}

/// How many machines of a type there are in all zones together.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stock {
    Plenty,
    Machines(i64),
}

const SMALL: &str = "S1.SMALL1";
const MEDIUM: &str = "S2.MEDIUM4";
const GPU: &str = "GPU.LARGE1";

const fn zone(
    name: &'static str,
    title: &'static str,
    region: &'static str,
    instance_types: &'static [&'static str],
) -> Zone {
    Zone { name, title, region, instance_types }
}

static ZONES: [Zone; 4] = [
    zone("gz-1", "Guangzhou 1", "gz", &[SMALL, MEDIUM, GPU]),
    zone("gz-2", "Guangzhou 2", "gz", &[SMALL, MEDIUM]),
    zone("gz-3", "Guangzhou 3", "gz", &[SMALL, MEDIUM, GPU]),
    zone("sh-1", "Shanghai 1", "sh", &[SMALL, MEDIUM, GPU]),
];

pub(crate) static INSTANCE_TYPES: [InstanceType; 3] = [
    InstanceType { name: SMALL, month_cents: 3_000, stock: Stock::Plenty },
    InstanceType { name: MEDIUM, month_cents: 9_000, stock: Stock::Plenty },
    InstanceType { name: GPU, month_cents: 90_000, stock: Stock::Machines(1) },
];

impl Zone {
    pub(crate) fn find(name: &str) -> Result<&'static Self, Refusal> {
        let zone = ZONES.iter().find(|zone| zone.name == name);
        zone.ok_or_else(|| Refusal::Malformed(format!("no zone `{name}`")))
    }

    pub(crate) fn offers(&self, instance_type: &InstanceType) -> bool {
        self.instance_types.contains(&instance_type.name)
    }
}

impl InstanceType {
    pub(crate) fn find(name: &str) -> Result<&'static Self, Refusal> {
        let found = INSTANCE_TYPES.iter().find(|instance_type| instance_type.name == name);
        found.ok_or_else(|| Refusal::Malformed(format!("no instanceType `{name}`")))
    }

    /// The price of so many instances for so many months, as a decimal number.
    pub(crate) fn price(&self, period: i64, goods_num: i64) -> String {
        let cents = self.month_cents.saturating_mul(period).saturating_mul(goods_num);
        format!("{}.{:02}", cents / 100, cents % 100)
    }
}

/// Whether an image can be booted.
pub(crate) fn check_image(image: &str) -> Result<(), Refusal> {
    if IMAGES.contains(&image) {
        return Ok(());
    }
    // What the caller sent is shown back, but not a book of it.
    Err(ModuleError::NoSuchImage { image: image.chars().take(64).collect() }.into())
}

/// The answer of DescribeZones.
pub(crate) fn zones() -> Value {
    let zone_set = ZONES.iter().map(|zone| {
        json!({
            "zone": zone.name, "zoneName": zone.title, "region": zone.region,
            "instanceTypes": zone.instance_types
        })
    });
    json!({ "totalCount": ZONES.len(), "zoneSet": zone_set.collect::<Vec<_>>() })
}
