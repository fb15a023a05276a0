//! Modules: their documents put, compared, looked at and put back.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faregate_catalog::Change;
use faregate_pipeline::time::Millis;
use serde::{Deserialize, Serialize};

use super::{Act, BREAKING, Desk, For, NOT_POSSIBLE, Refused};
use crate::clock;
use crate::modules::{self, History, Judged, New, Version, Wrong};
use crate::reload::Control;
use crate::shared::Shared;

/// How many changes a refusal names.
const NAMED_MAX: usize = 10;

impl From<Wrong> for Refused {
    fn from(wrong: Wrong) -> Self {
        let say = wrong.to_string();
        match wrong {
            Wrong::Faults(_) => Self::Invalid(format!("document: {say}")),
            Wrong::Asked(_) => Self::Not(NOT_POSSIBLE, say),
            Wrong::File { .. } => Self::Down(say),
        }
    }
}

/// What a document changes for those who call.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ChangeView {
    /// `breaks`, `opens` or `harmless`.
    impact: String,
    /// None: the module itself.
    action: Option<String>,
    what: String,
}

impl From<&Change> for ChangeView {
    fn from(change: &Change) -> Self {
        Self {
            impact: change.impact.as_str().to_owned(),
            action: change.action.clone(),
            what: change.what.clone(),
        }
    }
}

/// A document that was served.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct VersionView {
    number: u32,
    /// Since when, in seconds since 1970.
    at: i64,
    /// Who put it there.
    by: String,
    because: String,
    digest: String,
}

impl From<Version> for VersionView {
    fn from(version: Version) -> Self {
        let Version { number, at_ms, by, because, digest } = version;
        Self { number, at: Millis::new(at_ms).as_secs(), by, because, digest }
    }
}

/// Serves a document of a module, or says what that would change.
///
/// It is checked as a whole with all that is served, and takes its place between two calls; what is bad changes nothing.
/// A change that breaks callers, or opens what was closed, has to be allowed. What was served before is kept.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PutModule {
    /// The whole OpenAPI 3.1 document, JSON or YAML; or base64 of it, for a form takes no line breaks.
    document: String,
    /// What the module is called, if the document does not say.
    name: Option<String>,
    /// Where the service of a new module listens: `http://10.0.0.1:9001`.
    upstream: Option<String>,
    /// Are changes meant that break callers, or open what was closed.
    allow_breaking: Option<bool>,
    /// Only say what it would change.
    check_only: Option<bool>,
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Put {
    module: String,
    /// Is it served now.
    activated: bool,
    /// Was there no such module.
    is_new: bool,
    /// Its number among the documents that are kept.
    version: Option<u32>,
    /// What it changes for those who call.
    changes: Vec<ChangeView>,
    /// What is allowed and probably not meant.
    warnings: Vec<String>,
}

impl Put {
    fn of(judged: &Judged, version: Option<u32>) -> Self {
        Self {
            module: judged.module.name.clone(),
            activated: version.is_some(),
            is_new: judged.changes.is_none(),
            version,
            changes: judged.changes.iter().flatten().map(ChangeView::from).collect(),
            warnings: judged.warnings.iter().map(|(plain, _)| plain.clone()).collect(),
        }
    }
}

impl Act for PutModule {
    type Answer = Put;
    const ACTION: &'static str = "PutModule";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Put, Refused> {
        let (name, upstream) = (self.name.as_deref(), self.upstream.as_deref());
        let text = plain(&self.document);
        let new = New { text: &text, name, upstream };
        let judged = modules::judge(served(desk)?.1, new)?;
        if self.check_only == Some(true) {
            return Ok(Put::of(&judged, None));
        }
        let grave: Vec<String> = judged.grave().map(ToString::to_string).collect();
        if !grave.is_empty() && self.allow_breaking != Some(true) {
            let n = grave.len();
            let named: Vec<String> = grave.into_iter().take(NAMED_MAX).collect();
            let say = format!("{n} changes want to be meant: {}", named.join("; "));
            return Err(Refused::Not(BREAKING, say));
        }
        activate(desk, &judged, "PutModule", "PutModule".to_owned())
    }
}

/// The text of a document: nothing that is one is base64, which has no colon.
fn plain(sent: &str) -> Cow<'_, str> {
    let decoded = STANDARD.decode(sent.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.map_or(Cow::Borrowed(sent), Cow::Owned)
}

/// The gateway that is asked, and the file that it serves.
fn served<'a>(desk: &Desk<'a>) -> Result<(&'a Shared, &'a Path), Refused> {
    let gateway = desk.gateway.ok_or_else(nowhere)?;
    Ok((gateway, gateway.config.file.as_deref().ok_or_else(nowhere)?))
}

fn nowhere() -> Refused {
    let say = "documents are put where a gateway serves a configuration file";
    Refused::Not(NOT_POSSIBLE, say.to_owned())
}

/// Writes what was judged, swaps it in, keeps it, and notes it.
fn activate(
    desk: &mut Desk<'_>,
    judged: &Judged,
    action: &'static str,
    because: String,
) -> Result<Put, Refused> {
    let (gateway, _) = served(desk)?;
    let control: Arc<Control> = gateway.control().ok_or_else(nowhere)?;
    let now_ms = clock::machine().as_ms();
    let before = judged.history().versions().unwrap_or_default().pop().map(|it| it.number);
    judged.write(now_ms)?;
    if let Err(faults) = control.activate(action) {
        judged.undo();
        return Err(Refused::Not(NOT_POSSIBLE, format!("it was not taken over: {faults}")));
    }
    let by = desk.admin.acts_as().to_owned();
    let version = judged.keep(&by, &because, now_ms)?;
    let subject = format!("module/{}", judged.module.name);
    let (from, to) =
        (before, serde_json::json!({ "version": version.number, "digest": version.digest }));
    let from = from.map(|number| serde_json::json!({ "version": number }));
    desk.admin.note(action, subject, (from, Some(to)))?;
    Ok(Put::of(judged, Some(version.number)))
}

/// Serves again what was served before.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RollbackModule {
    /// The module's name.
    module: String,
    /// Its document of that number; without it, the last one that is another.
    version: Option<u32>,
}

impl Act for RollbackModule {
    type Answer = Put;
    const ACTION: &'static str = "RollbackModule";
    const FOR: For = For::Operators;
    const WRITES: bool = true;

    fn act(self, desk: &mut Desk<'_>) -> Result<Put, Refused> {
        let (gateway, file) = served(desk)?;
        let text = gateway.catalog.text(&self.module).ok_or(Refused::Absent("module"))?;
        let history = History::of(&gateway.config.data, &self.module);
        let (number, text) = modules::earlier(&history, text, self.version)?;
        let new = New { text: &text, name: Some(&self.module), upstream: None };
        let judged = modules::judge(file, new)?;
        activate(desk, &judged, "RollbackModule", format!("back to version {number}"))
    }
}

/// Lists what is served; of one module, every document that is kept, and one of them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DescribeModules {
    /// Of this module alone.
    module: Option<String>,
    /// With its document of this number; without it, the one that is served.
    version: Option<u32>,
}

/// A module.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct View {
    module: String,
    title: String,
    domains: Vec<String>,
    /// Where its service listens.
    upstream: String,
    actions: Vec<String>,
    /// The number of the document that is served, if it is kept.
    version: Option<u32>,
    /// Those that are kept, oldest first; where one module is asked for.
    history: Vec<VersionView>,
    /// Where one module is asked for.
    document: Option<String>,
}

/// Modules.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Modules {
    modules: Vec<View>,
}

impl Act for DescribeModules {
    type Answer = Modules;
    const ACTION: &'static str = "DescribeModules";
    const FOR: For = For::Operators;
    const WRITES: bool = false;

    fn act(self, desk: &mut Desk<'_>) -> Result<Modules, Refused> {
        let gateway = desk.gateway.ok_or_else(nowhere)?;
        let asked = |name: &str| self.module.as_deref().is_none_or(|wanted| wanted == name);
        let mut views = Vec::new();
        for module in gateway.catalog.modules().iter().filter(|it| asked(&it.name)) {
            let history = History::of(&gateway.config.data, &module.name);
            let text = gateway.catalog.text(&module.name).unwrap_or_default();
            let kept = history.versions().map_err(|cause| Refused::Down(cause.to_string()))?;
            let served = kept.iter().rev().find(|it| it.is_of(text)).map(|it| it.number);
            let is_alone = self.module.is_some();
            let document = match self.version.filter(|_| is_alone) {
                Some(number) if kept.iter().any(|it| it.number == number) => {
                    history.text(number).map_err(|cause| Refused::Down(cause.to_string()))?
                }
                Some(_) => return Err(Refused::Absent("version")),
                None => text.to_owned(),
            };
            views.push(View {
                module: module.name.clone(),
                title: module.title.clone(),
                domains: module.domains.clone(),
                upstream: format!(
                    "http://{}{}",
                    module.upstream.authority, module.upstream.base_path
                ),
                actions: module.operations().map(|it| it.action.clone()).collect(),
                version: served,
                history: kept.into_iter().filter(|_| is_alone).map(VersionView::from).collect(),
                document: is_alone.then_some(document),
            });
        }
        if views.is_empty() && self.module.is_some() {
            return Err(Refused::Absent("module"));
        }
        Ok(Modules { modules: views })
    }
}
