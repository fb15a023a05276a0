//! Every `$ref` of the document must lead somewhere inside it.

use super::Spot;
use crate::diagnostic::Report;
use crate::suggestion;

/// Members whose content is data, not schema: a `$ref` in there is somebody's example.
const DATA: [&str; 5] = ["const", "default", "enum", "example", "examples"];

/// Reports remote references and those that lead nowhere; true when there are none.
pub(crate) fn check(report: &mut Report<'_>) -> bool {
    let root = report.document.root();
    walk(&root, false, report)
}

fn walk(spot: &Spot<'_>, names: bool, report: &mut Report<'_>) -> bool {
    let mut sound = true;
    for (key, member) in spot.members() {
        // Below `properties` a member's key is somebody's name, `default` for one.
        if !names && DATA.contains(&key) {
            continue;
        }
        sound &= match member.value.as_str() {
            Some(reference) if key == "$ref" && !names => judge(reference, &member, report),
            _ => walk(&member, key == "properties" && !names, report),
        };
    }
    for item in spot.items() {
        sound &= walk(&item, false, report);
    }
    sound
}

fn judge(reference: &str, spot: &Spot<'_>, report: &mut Report<'_>) -> bool {
    let at = report.value(spot);
    if !reference.starts_with('#') {
        report.error(
            at,
            format!("`{reference}` is outside this document: a `$ref` is never fetched"),
            Some("copy what it names into `#/components` and refer to it there".to_owned()),
        );
        return false;
    }
    if let Some(target) = report.document.target(reference) {
        let ends = report.document.resolve(target).is_some();
        if !ends {
            let what = format!("`{reference}` leads to references alone, and never to their end");
            report.error(at, what, None);
        }
        return ends;
    }
    let siblings = reference.rsplit_once('/').and_then(|(parent, name)| {
        let parent = report.document.target(parent)?;
        let names = parent.value.as_object()?.keys().map(String::as_str);
        let near = suggestion::nearest(name, names)?;
        Some(format!("did you mean `{}/{near}`?", reference.rsplit_once('/')?.0))
    });
    report.error(at, format!("`{reference}` leads nowhere in this document"), siblings);
    false
}
