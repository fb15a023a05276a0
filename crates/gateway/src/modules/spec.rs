//! What is written when, and what is never: on the folder of a configuration.

use super::*;

const GOOD: &str = "openapi: 3.1.0\ninfo: { title: L, version: '1' }\nx-faregate: { module: lb }\npaths:\n  /a:\n    get: { operationId: A }\n";
const UP: Option<&str> = Some("http://127.0.0.1:9");

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = "base_domain = \"a.b\"\n[listen]\nhttps = \"127.0.0.1:1\"";
        fs::write(folder.path().join("faregate.toml"), text).unwrap();
        Self { folder }
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("faregate.toml")
    }

    fn judge(&self, text: &str) -> Result<Judged, Wrong> {
        let known = self.folder.path().join("lb.yaml").exists();
        judge(&self.config(), New { text, name: None, upstream: UP.filter(|_| !known) })
    }

    #[track_caller]
    fn put(&self, text: &str) -> u32 {
        let judged = self.judge(text).unwrap();
        judged.write(7).unwrap();
        judged.keep("local:root", "a test", 7).unwrap().number
    }

    fn document(&self) -> String {
        fs::read_to_string(self.folder.path().join("lb.yaml")).unwrap()
    }

    fn history(&self) -> History {
        History::of(&self.folder.path().join("data"), "lb")
    }
}

#[test]
fn a_document_is_written_whole_with_its_entry_or_not_at_all() {
    let place = Place::new();
    let before = fs::read_to_string(place.config()).unwrap();
    for bad in ["{}", "openapi: 3.1.0\n", &GOOD.replace("3.1.0", "2.0")] {
        assert!(matches!(place.judge(bad), Err(Wrong::Faults(_))), "{bad}");
    }
    let judged = place.judge(GOOD).unwrap();
    assert!(judged.changes.is_none(), "it is new");
    assert_eq!(fs::read_dir(place.folder.path()).unwrap().count(), 1, "nothing is written yet");
    judged.write(7).unwrap();
    let whole = fs::read_to_string(place.config()).unwrap();
    let entry = "\n\n[[modules]]\ndocument = \"lb.yaml\"\nupstream = \"http://127.0.0.1:9\"\n";
    assert_eq!(whole, format!("{before}{entry}"));
    assert_eq!(place.document(), GOOD);
    config::load(&place.config()).unwrap();
    judged.undo();
    assert_eq!(fs::read_to_string(place.config()).unwrap(), before);
    assert_eq!(fs::read_dir(place.folder.path()).unwrap().count(), 1, "all is as it was");
    place.put(GOOD);
    assert!(place.judge(&GOOD.replace("3.1.0", "2.0")).is_err());
    assert_eq!(place.document(), GOOD, "a bad one leaves the good one");
    // Where the file of another is in the way.
    fs::write(place.folder.path().join("mb.yaml"), "").unwrap();
    let other = New { text: &GOOD.replace("lb", "mb"), name: None, upstream: UP };
    let taken = judge(&place.config(), other).unwrap_err().to_string();
    assert!(taken.contains("mb.yaml` is there already"), "{taken}");
}

#[test]
fn what_is_put_again_is_compared_kept_and_put_back() {
    let place = Place::new();
    assert_eq!(place.put(GOOD), 1);
    let then = GOOD.replace("operationId: A", "operationId: B");
    let judged = place.judge(&then).unwrap();
    let grave: Vec<String> = judged.grave().map(ToString::to_string).collect();
    assert_eq!(grave, ["A: is gone"]);
    assert_eq!(place.put(&then), 2);
    assert_eq!(place.put(&then), 2, "the same is no version of its own");
    // An editor changes what nobody keeps until the next time.
    let edited = then.replace("title: L", "title: M");
    fs::write(place.folder.path().join("lb.yaml"), &edited).unwrap();
    assert_eq!(place.put(GOOD), 4);
    let kept: Vec<_> =
        place.history().versions().unwrap().into_iter().map(|it| it.because).collect();
    assert_eq!(kept, ["a test", "a test", "it was there before", "a test"]);
    for (version, text) in [(None, &edited), (Some(2), &then), (Some(1), &GOOD.to_owned())] {
        let (_, found) = earlier(&place.history(), GOOD, version).unwrap();
        assert_eq!(found, *text, "{version:?}");
    }
    let none = earlier(&place.history(), GOOD, Some(9)).unwrap_err().to_string();
    assert_eq!(none, "`lb` has no version 9 that is kept");
}

#[test]
fn a_document_stays_where_it_is_and_what_it_is() {
    let place = Place::new();
    place.put(GOOD);
    for (title, text, name, upstream, said) in [
        ("another name", GOOD, Some("xx"), None, "the document calls itself `lb`"),
        ("another service", GOOD, None, Some("http://127.0.0.1:8"), "is at http://127.0.0.1:9"),
    ] {
        let refused = judge(&place.config(), New { text, name, upstream }).unwrap_err().to_string();
        assert!(refused.contains(said), "{title}: {refused}");
    }
    let json = r#"{"openapi":"3.1.0","info":{"title":"L","version":"1"},"x-faregate":{"module":"lb"},"paths":{"/a":{"get":{"operationId":"C"}}}}"#;
    place.put(json);
    assert_eq!(place.document(), json, "JSON is YAML: it stays in its file");
}

#[test]
fn only_so_many_are_kept() {
    let place = Place::new();
    let history = place.history();
    for n in 0..103 {
        history.add(&n.to_string(), "local:root", "a test", n).unwrap();
    }
    let versions = history.versions().unwrap();
    assert_eq!((versions.len(), versions[0].number, versions[99].number), (100, 4, 103));
    assert_eq!(history.text(4).unwrap(), "3");
    assert!(history.text(3).is_err());
    assert_eq!(fs::read_dir(history.folder()).unwrap().count(), 101);
}
