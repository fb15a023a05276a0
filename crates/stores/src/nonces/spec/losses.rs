//! Files that are gone, cut, changed, foreign, or yesterday's: recognised, and fenced as far as it takes.

use super::*;

/// Where the fence is after the start at ten past ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fence {
    None,
    /// At the start; each key's own lead beyond it.
    Start,
    /// Nobody knows how far ahead was accepted.
    Window,
}

const LATER: i64 = 600_000;

/// Key 1 claims 20 minutes before ten, at ten and 10 s ahead; key 2 an hour ahead. `yesterday` is a copy of
/// the folder in the midst of that. Then the process is killed, `damage` is done, and it starts again.
#[track_caller]
fn verify(what: &str, durability: Durability, damage: impl FnOnce(&Path, &Path), fence: Fence) {
    let (root, folder) = new_folder();
    let nonces = open(&folder, durability, TEN);
    let stamps = [(1, -1_200_000), (2, 3_600_000), (1, 0), (1, 10_000), (2, 3_601_000)];
    let claims: Vec<_> =
        (7..).zip(stamps).map(|(nonce, (key, ms))| claim(key, nonce, TEN.plus(ms))).collect();
    let yesterday = root.path().join("yesterday");
    for (n, claim) in claims.iter().enumerate() {
        assert_eq!(enter(&nonces, claim, TEN).0, Claim::New, "{what}");
        nonces.shared.beat().unwrap();
        if n == 2 {
            copy(&folder, &yesterday);
        }
    }
    let folder = killed(nonces, &folder);
    damage(&folder, &yesterday);
    let start = TEN.plus(LATER);
    let again = open(&folder, durability, start);
    let because = again.recovery.fenced_because.clone();
    assert_eq!(because.is_some(), fence != Fence::None, "{what}: {because:?}");
    let all = match fence {
        Fence::None => None,
        Fence::Start => Some(start.plus(AHEAD_MS)),
        Fence::Window => Some(start.plus(WINDOW_MS)),
    };
    assert_eq!(fence_of(&again, 3), all, "{what}: {because:?}");
    for claim in &claims {
        let became = enter(&again, claim, start).0;
        assert!(matches!(became, Claim::Seen | Claim::BeforeFence), "{what}: {became:?}");
    }
    let fresh = |key| claim(key, 99, all.unwrap_or(start).plus(1_000));
    assert_eq!(enter(&again, &fresh(3), start).0, Claim::New, "{what}");
    assert_eq!(enter(&again, &fresh(1), start).0, Claim::New, "{what}: its lead is over");
    // Its own lead fences it, and nothing but a loss does.
    let second = enter(&again, &fresh(2), start).0;
    assert_eq!(second == Claim::BeforeFence, fence == Fence::Start, "{what}: {second:?}");
    drop(again);
    let third = open(&folder, durability, start.plus(60_000));
    let third = (fence_of(&third, 3), third.recovery.fenced_because.clone());
    assert_eq!(third, (all, None), "{what}: a second start finds nothing more to fence");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// The segment of key 1's oldest claim.
fn first(folder: &Path) -> PathBuf {
    segments(folder)[0].clone()
}

fn head(what: &Path) {
    flip(what, 9);
}

fn cut(what: &Path, by: u64) {
    let file = fs::File::options().write(true).open(what).unwrap();
    file.set_len(file.metadata().unwrap().len() - by).unwrap();
}

/// Another file of yesterday's content.
fn replace(folder: &Path, yesterday: &Path, name: &str) {
    fs::remove_file(folder.join(name)).unwrap();
    fs::copy(yesterday.join(name), folder.join(name)).unwrap();
}

/// The same file, with yesterday's content.
fn overwrite(folder: &Path, yesterday: &Path, name: &str) {
    fs::write(folder.join(name), fs::read(yesterday.join(name)).unwrap()).unwrap();
}

fn name_at_ten() -> String {
    format!("{}.segment", segment::number(TEN))
}

#[test]
fn a_start_forgets_nothing_or_fences_it() {
    use Durability::{Disk, Os};
    use Fence::{None, Start, Window};
    let records = |n: u64| HEADER_BYTES + n * RECORD_BYTES as u64;
    verify("killed", Os, |_, _| {}, None);
    verify("killed, on disk", Disk, |_, _| {}, None);
    verify("a power cut", Os, |folder, _| reboot(folder), Start);
    verify("a power cut, on disk", Disk, |folder, _| reboot(folder), None);
    let torn = |folder: &Path, _: &Path| {
        let mut bytes = fs::read(first(folder)).unwrap();
        let end = usize::try_from(records(1)).unwrap();
        bytes[end..end + 3].copy_from_slice(&[1, 2, 3]);
        fs::write(first(folder), bytes).unwrap();
    };
    verify("a torn tail", Os, torn, None);
    verify("a flipped bit", Os, |folder, _| flip(&first(folder), 80), Start);
    verify("a flipped bit of a head", Os, |folder, _| head(&first(folder)), Start);
    verify("an empty segment", Os, |folder, _| fs::write(first(folder), "").unwrap(), Start);
    verify("a segment without its last byte", Os, |folder, _| cut(&first(folder), 1), Start);
    verify("a segment without a chunk", Os, |folder, _| cut(&first(folder), 64_000), Start);
    let zeroes = |folder: &Path, _: &Path| {
        let mut bytes = fs::read(first(folder)).unwrap();
        bytes[64..].fill(0);
        fs::write(first(folder), bytes).unwrap();
    };
    verify("a segment of zeroes", Os, zeroes, Start);
    verify("no segment", Os, |folder, _| fs::remove_file(first(folder)).unwrap(), Start);
    verify("no state", Os, |folder, _| fs::remove_file(folder.join("state")).unwrap(), Start);
    verify("an empty state", Os, |folder, _| fs::write(folder.join("state"), "").unwrap(), Start);
    verify("a damaged state", Os, |folder, _| flip(&folder.join("state"), 30), Start);
    let leads = |folder: &Path, _: &Path| fs::remove_file(folder.join("leads")).unwrap();
    verify("no leads, but the journal", Os, leads, None);
    verify("damaged leads, but the journal", Os, |folder, _| head(&folder.join("leads")), None);
    let both = |folder: &Path, _: &Path| {
        fs::remove_file(folder.join("leads")).unwrap();
        flip(&first(folder), 80);
    };
    verify("both", Os, both, Window);
    verify("all of it", Os, |folder, _| fs::remove_dir_all(folder).unwrap(), Window);
}

#[test]
fn what_is_yesterdays_or_anothers_is_not_taken_for_ours() {
    use Durability::Os;
    use Fence::{None, Start, Window};
    let yesterdays = |name: String, how: fn(&Path, &Path, &str)| {
        move |folder: &Path, yesterday: &Path| how(folder, yesterday, &name)
    };
    let of = |name: &str, how| yesterdays(name.to_owned(), how);
    verify("yesterday's segment", Os, of(&name_at_ten(), replace), Start);
    verify("a segment as it was yesterday", Os, of(&name_at_ten(), overwrite), Start);
    verify("yesterday's state", Os, of("state", replace), Start);
    verify("a state as it was yesterday", Os, of("state", overwrite), Start);
    verify("yesterday's leads, but the journal", Os, of("leads", replace), None);
    let whole = |folder: &Path, yesterday: &Path| {
        fs::remove_dir_all(folder).unwrap();
        copy(yesterday, folder);
    };
    verify("yesterday's folder", Os, whole, Window);
    let all = |folder: &Path, yesterday: &Path| {
        for entry in fs::read_dir(yesterday).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            overwrite(folder, yesterday, &name);
        }
    };
    verify("each file as it was yesterday", Os, all, Start);
    let foreign = |folder: &Path, _: &Path| {
        let (_root, other) = new_folder();
        fs::remove_dir_all(&other).unwrap();
        recovery::create(&other, STORE + 1).unwrap();
        let nonces = Nonces::open(
            &Setting { store_id: STORE + 1, ..setting(&other, Os) },
            TEN,
            &mut |_, _| {},
        )
        .unwrap();
        assert_eq!(enter(&nonces, &claim(1, 1, TEN), TEN).0, Claim::New);
        drop(nonces);
        fs::remove_file(folder.join(name_at_ten())).unwrap();
        fs::rename(other.join(name_at_ten()), folder.join(name_at_ten())).unwrap();
    };
    verify("another store's segment", Os, foreign, Start);
}

#[test]
fn a_clock_that_went_back_before_a_loss_is_fenced_up_to_where_it_was() {
    let (_root, folder) = new_folder();
    let nonces = open(&folder, Durability::Os, TEN);
    let claimed = claim(1, 7, TEN);
    assert_eq!(enter(&nonces, &claimed, TEN).0, Claim::New);
    nonces.shared.beat().unwrap();
    let folder = killed(nonces, &folder);
    fs::remove_file(folder.join("state")).unwrap();
    fs::remove_file(first(&folder)).unwrap();
    let an_hour_before = TEN.plus(-3_600_000);
    let again = open(&folder, Durability::Os, an_hour_before);
    assert_eq!(enter(&again, &claimed, an_hour_before).0, Claim::BeforeFence);
}
