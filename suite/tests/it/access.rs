//! `docs/access.md`, typed as it stands: each block of commands prints what the block below it shows.

use crate::reference::run;
use crate::world::World;

#[test]
fn what_the_document_on_access_shows_is_what_its_commands_print() {
    let world = World::start();
    let document = include_str!("../../../docs/access.md");
    let mut script = "cd \"$(mktemp -d)\"\nexec 2>&1\n".to_owned();
    let mut shown = Vec::new();
    for part in document.split("```sh\n").skip(1) {
        let (commands, rest) = part.split_once("\n```").unwrap();
        let (_, rest) =
            rest.split_once("```text\n").expect("what the commands print stands below them");
        script.push_str(&format!("{commands}\necho ---\n"));
        shown.push(rest.split_once("\n```").unwrap().0);
    }
    assert!(shown.len() >= 5, "{document}");
    let printed = run(&world, "sh", &script);
    let blocks: Vec<&str> = printed.split("---\n").collect();
    for (printed, shown) in blocks.iter().zip(&shown) {
        for line in shown.lines() {
            assert!(printed.contains(line), "{line}\nis not printed by\n{printed}");
        }
    }
    assert_eq!(blocks.len(), shown.len() + 1, "{printed}");
}
#[test]
fn an_action_that_is_not_there_is_answered_with_the_nearest_that_is() {
    let world = World::start();
    for (action, said) in [
        ("cvm:StopInstance", "did you mean `StopInstances`?"),
        ("cvn:StopInstances", "did you mean `cvm`?"),
        ("cvm:TopUp", "did you mean `account:TopUp`?"),
    ] {
        let done = world.command(&["policy", "explain", "demo", action]);
        let err = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(2) && err.contains(said), "{action}: {err}");
    }
}
