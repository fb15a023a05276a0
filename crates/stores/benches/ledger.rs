//! How many durable reserves a second, one hot account included? Budget: 50,000 with group commit.
//!
//! `cargo bench -p faregate-stores --bench ledger -- [reserve|purchase|batch] [N]`
//!
//! 512 callers at once, on one account, and then on 64. `reserve` is `Stores::reserve` alone: the balance is read and
//! changed, the hold, the claim and the entry of the chain are written, and the caller waits until all of it is on disk.
//! `purchase` is the three trips of a priced call: the hold with its order, the mark, the end with its answer. `batch`
//! reserves 100 items a trip. Inside the loop: all of that. Not inside: opening the store, making accounts, what a
//! gateway does around it. What an fsync of this disk takes is measured first and printed: no reserve is faster than
//! one, many share it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a bench that cannot go on says so"
)]

use std::io::Write as _;
use std::time::{Duration, Instant};

use faregate_contract::RequestId;
use faregate_ledger::{Currency, Money};
use faregate_pipeline::facts::{Account, HoldOutcome, Intent, Order, Settlement};
use faregate_pipeline::time::Millis;
use faregate_stores::{Admin, Ending, NewAccount, Options, OrderEnd, Stores};

// The allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CALLERS: usize = 512;
const ITEMS: usize = 100;
const NOW: Millis = Millis::new(1_526_896_800_000);

/// What one caller does for its turn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Reserve,
    Purchase,
    Batch,
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let mode = match arguments.next().as_deref() {
        None | Some("reserve") => Mode::Reserve,
        Some("purchase") => Mode::Purchase,
        Some("batch") => Mode::Batch,
        Some(other) => panic!("`{other}` is none of reserve, purchase, batch"),
    };
    let n = arguments.next().map_or(500_000, |n| n.replace('_', "").parse().unwrap());
    println!("an fsync of this disk: {:?} (the middle of 101)", fsync());
    for n_accounts in [1, 64] {
        let (took, n_waits) = run(mode, n, n_accounts);
        println!(
            "{n} durable {} of {n_accounts} account(s) by {CALLERS} callers in {took:?}: {:.0} a second, {:?} a wait",
            match mode {
                Mode::Reserve => "reserves",
                Mode::Purchase => "purchases of three trips",
                Mode::Batch => "reserves, 100 a trip",
            },
            n as f64 / took.as_secs_f64(),
            took / u32::try_from((n_waits / CALLERS).max(1)).unwrap()
        );
    }
}

fn fsync() -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(folder.path().join("one")).unwrap();
    let mut times: Vec<Duration> = (0..101)
        .map(|_| {
            file.write_all(&[0; 4096]).unwrap();
            let began = Instant::now();
            file.sync_data().unwrap();
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[50]
}

fn run(mode: Mode, n: usize, n_accounts: usize) -> (Duration, usize) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Stores::create(&data).unwrap();
    let stores = Stores::open(Options::new(&data), NOW).unwrap();
    let mut admin = Admin::open_at(&data, None).unwrap();
    let accounts: Vec<Account> = (0..n_accounts).map(|_| rich(&mut admin)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let each = if mode == Mode::Batch { ITEMS } else { 1 };
    let began = Instant::now();
    runtime.block_on(async {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let (stores, accounts) = (stores.clone(), accounts.clone());
                tokio::spawn(async move {
                    for turn in (caller..n / each).step_by(CALLERS) {
                        let account = &accounts[turn % accounts.len()];
                        match mode {
                            Mode::Reserve => reserve(&stores, account, turn).await,
                            Mode::Purchase => purchase(&stores, account, turn).await,
                            Mode::Batch => batch(&stores, account, turn).await,
                        }
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
    });
    (began.elapsed(), n / each)
}

fn rich(admin: &mut Admin) -> Account {
    let (id, name, groups) = (None, "Ann".to_owned(), Vec::new());
    let new = NewAccount { id, name, groups, currency: Currency::CNY };
    let account = admin.create_account(new).unwrap();
    admin.topup(&account.id, cny("1000000"), "a gift").unwrap();
    account
}

fn cny(text: &str) -> Money {
    Money::parse(text, Currency::CNY).unwrap()
}

fn intent(account: &Account, n: usize) -> Intent {
    let mut id = [0; 10];
    id[2..].copy_from_slice(&u64::try_from(n).unwrap().to_be_bytes());
    Intent {
        request_id: RequestId::new(1_526_896_800_000, id),
        account: account.id.clone(),
        amount: cny("0.01"),
        module: "cvm".to_owned(),
        action: "RunInstances".to_owned(),
        print: u128::try_from(n).unwrap(),
    }
}

fn order(intent: &Intent) -> Order {
    Order {
        request_id: intent.request_id,
        account: intent.account.clone(),
        module: intent.module.clone(),
        action: intent.action.clone(),
        token: None,
        prints: Vec::new(),
        refunds: Vec::new(),
        // As long as what a purchase of compute sends.
        sending: vec![b'{'; 300],
    }
}

async fn reserve(stores: &Stores, account: &Account, turn: usize) {
    let held = stores.reserve(&intent(account, turn), NOW).await;
    assert_eq!(held, Ok(HoldOutcome::Held));
}

async fn purchase(stores: &Stores, account: &Account, turn: usize) {
    let intent = intent(account, turn);
    let held = stores.reserve_for(&intent, &order(&intent), NOW).await;
    assert_eq!(held, Ok(HoldOutcome::Held));
    stores.mark_sending(intent.request_id).await.unwrap();
    let ending = Ending {
        hold: Some(intent.request_id),
        settlement: Settlement::Commit,
        account: account.id.clone(),
        lessons: Vec::new(),
        bought: Vec::new(),
        refunds: None,
        order: Some((intent.request_id, OrderEnd::Forget)),
        note: String::new(),
    };
    stores.conclude(ending, NOW).await.unwrap();
}

async fn batch(stores: &Stores, account: &Account, turn: usize) {
    let items: Vec<(Intent, Order)> = (0..ITEMS)
        .map(|item| {
            let intent = intent(account, turn * ITEMS + item);
            let order = order(&intent);
            (intent, order)
        })
        .collect();
    let outcomes = stores.reserve_each(&items, NOW).await.unwrap();
    assert!(outcomes.iter().all(|outcome| *outcome == HoldOutcome::Held));
}
