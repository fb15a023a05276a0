//! The two spellings of a region: API 2.0's short one, API 3.0's long one.

/// The two spellings of a region that clients mix (PROTOCOL 1.2).
pub const REGIONS: [(&str, &str); 11] = [
    ("gz", "ap-guangzhou"),
    ("sh", "ap-shanghai"),
    ("bj", "ap-beijing"),
    ("hk", "ap-hongkong"),
    ("cd", "ap-chengdu"),
    ("cq", "ap-chongqing"),
    ("sg", "ap-singapore"),
    ("ca", "na-toronto"),
    ("uswest", "na-siliconvalley"),
    ("usw", "na-siliconvalley"),
    ("use", "na-ashburn"),
];

/// The long spelling of a region, whichever was written; one that is not known stays as it is.
#[must_use]
pub fn long(region: &str) -> &str {
    let known = REGIONS.iter().find(|(short, _)| short.eq_ignore_ascii_case(region));
    known.map_or(region, |(_, long)| long)
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn a_region_has_one_long_name() {
        for (written, meant) in [
            ("gz", "ap-guangzhou"),
            ("GZ", "ap-guangzhou"),
            ("ap-guangzhou", "ap-guangzhou"),
            ("mars", "mars"),
            ("", ""),
        ] {
            assert_eq!(long(written), meant, "{written}");
        }
    }
}
