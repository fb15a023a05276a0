//! `[[maintenance]]`: what is out of service by the configuration, now or in a window.

use std::ops::Range;

use faregate_catalog::{Catalog, did_you_mean};
use faregate_pipeline::authz::policy::moment;
use faregate_pipeline::facts::{Switch, SwitchState};
use faregate_pipeline::time::Millis;
use toml::Spanned;

use super::checks::Checker;
use super::raw::RawMaintenance;
use super::{Fault, Faults};

/// One entry, and where its module and its action stand.
pub(super) struct Entry {
    pub(super) switch: Switch,
    module_span: Range<usize>,
    action_span: Option<Range<usize>>,
}

impl Checker<'_> {
    pub(super) fn maintenance(&mut self, raw: &[RawMaintenance]) -> Vec<Entry> {
        raw.iter().map(|one| self.window(one)).collect()
    }

    fn window(&mut self, raw: &RawMaintenance) -> Entry {
        let (from, until) = (self.at(raw.from.as_ref()), self.at(raw.until.as_ref()));
        if let (Some(begin), Some(end), Some(said)) = (from, until, &raw.until)
            && end <= begin
        {
            self.fault(said.span(), "this window ends before it begins", "`until` is after `from`");
        }
        let state = match (until, &raw.withdrawn) {
            (Some(_), Some(withdrawn)) if *withdrawn.as_ref() => {
                let help = "leave one of the two out";
                self.fault(withdrawn.span(), "what is withdrawn for good has no end", help);
                SwitchState::Withdrawn
            }
            (Some(end), _) => SwitchState::Until(end),
            (None, Some(withdrawn)) if *withdrawn.as_ref() => SwitchState::Withdrawn,
            (None, _) => SwitchState::Lasting,
        };
        let switch = Switch {
            module: raw.module.as_ref().clone(),
            action: raw.action.as_ref().map(|action| action.as_ref().clone()),
            state,
            from,
            message: raw.message.clone(),
            testers: raw.testers.clone(),
        };
        let action_span = raw.action.as_ref().map(Spanned::span);
        Entry { switch, module_span: raw.module.span(), action_span }
    }

    fn at(&mut self, said: Option<&Spanned<String>>) -> Option<Millis> {
        let said = said?;
        let read = moment(said.as_ref());
        if read.is_none() {
            let help = "write it as \"2026-12-01T02:00:00Z\", or with an offset: \"2026-12-01T10:00:00+08:00\"";
            self.fault(said.span(), "this is no moment", help);
        }
        read
    }
}

/// A misspelt action would be in service all the same.
pub(super) fn check(
    entries: &[Entry],
    catalog: &Catalog,
    (name, text): (&str, &str),
    faults: &mut Faults,
) {
    for entry in entries {
        if let Err((is_module, what, near)) = known(catalog, &entry.switch) {
            let of_action = entry.action_span.clone().filter(|_| !is_module);
            let span = of_action.unwrap_or_else(|| entry.module_span.clone());
            faults.push(Fault::at(name, text, span, &what, near.as_deref()));
        }
    }
}

/// What of a switch is not served here: the module or its action, in words, and the nearest name.
fn known(catalog: &Catalog, switch: &Switch) -> Result<(), (bool, String, Option<String>)> {
    let (module, all) = (&switch.module, || catalog.modules().iter());
    let own = || catalog.own().find(|own| own.name == *module);
    let Some(found) = catalog.module(module).or_else(own) else {
        let near = did_you_mean(module, all().map(|known| known.name.as_str()));
        return Err((true, format!("there is no module `{module}`"), near));
    };
    let Some(action) = &switch.action else { return Ok(()) };
    if found.operation(action).is_some() {
        return Ok(());
    }
    let near = did_you_mean(action, found.operations().map(|known| known.action.as_str()));
    Err((false, format!("the module `{module}` has no action `{action}`"), near))
}

/// What of a switch is not served here, as one sentence.
///
/// # Errors
/// The module or the action is not in the catalog.
pub fn served(catalog: &Catalog, switch: &Switch) -> Result<(), String> {
    known(catalog, switch).map_err(|(_, what, near)| match near {
        Some(near) => format!("{what}; {near}"),
        None => what,
    })
}

#[cfg(test)]
mod spec {
    use super::*;

    const DOCUMENT: &str = "openapi: 3.1.0\ninfo: { title: L, version: '1' }\nservers: [{ url: 'http://127.0.0.1:9' }]\nx-faregate: { module: lb }\npaths: { /a: { get: { operationId: DescribeRules } } }\n";

    fn load(maintenance: &str) -> Result<Vec<Switch>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lb.yaml"), DOCUMENT).unwrap();
        let text = format!(
            "base_domain = \"a.b\"\n[listen]\nhttps = \"127.0.0.1:1\"\n[[modules]]\ndocument = \"lb.yaml\"\n[[maintenance]]\n{maintenance}\n"
        );
        let file = folder.path().join("faregate.toml");
        std::fs::write(&file, text).unwrap();
        crate::config::load(&file)
            .map(|loaded| loaded.config.maintenance)
            .map_err(|faults| faults.render(false))
    }

    #[test]
    fn a_window_is_read_whole() {
        let read = load(
            "module = \"lb\"\naction = \"DescribeRules\"\nfrom = \"2026-12-01T02:00:00Z\"\nuntil = \"2026-12-01T12:00:00+08:00\"\nmessage = \"New disks.\"\ntesters = [\"100000001\"]",
        );
        let switch = Switch {
            module: "lb".into(),
            action: Some("DescribeRules".into()),
            state: SwitchState::Until(moment("2026-12-01T04:00:00Z").unwrap()),
            from: moment("2026-12-01T02:00:00Z"),
            message: Some("New disks.".into()),
            testers: vec!["100000001".into()],
        };
        assert_eq!(read.unwrap(), [switch]);
        let states = ["", "withdrawn = true", "withdrawn = false"];
        let read = states.map(|more| load(&format!("module = \"lb\"\n{more}")).unwrap()[0].state);
        assert_eq!(read, [SwitchState::Lasting, SwitchState::Withdrawn, SwitchState::Lasting]);
    }

    #[test]
    fn what_cannot_be_is_told_with_its_line() {
        for (more, said) in [
            ("module = \"lbs\"", "did you mean `lb`?"),
            ("module = \"lb\"\naction = \"DescribeRule\"", "did you mean `DescribeRules`?"),
            ("module = \"lb\"\nuntil = \"tomorrow\"", "this is no moment"),
            (
                "module = \"lb\"\nfrom = \"2026-12-02\"\nuntil = \"2026-12-01\"",
                "ends before it begins",
            ),
            ("module = \"lb\"\nuntil = \"2026-12-02\"\nwithdrawn = true", "has no end"),
            ("action = \"DescribeRules\"", "`maintenance.module` is missing"),
        ] {
            let told = load(more).unwrap_err();
            assert!(told.contains(said) && told.contains("faregate.toml:"), "{more}: {told}");
        }
    }
}
