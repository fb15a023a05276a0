//! `faregate ledger`: money.

use clap::{Subcommand, ValueEnum};
use faregate_contract::RequestId;
use faregate_ledger::{Ending, Money};
use faregate_stores::{Admin, AdminError, Head};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::output::{self, Bar, Shape};
use crate::place::{Place, account_of};

/// Top up, adjust, bound, look at and verify money
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate ledger topup alice 100.00\n  faregate ledger verify"
)]
pub(crate) enum Ledger {
    /// Add money
    Topup {
        /// The account's id or name
        account: String,
        /// How much, in the account's currency
        #[arg(allow_negative_numbers = true)]
        amount: String,
        /// Why, for the books
        #[arg(long, default_value = "top-up")]
        reason: String,
        #[command(flatten)]
        place: Place,
    },
    /// Correct what an account has, either way
    Adjust {
        /// The account's id or name
        account: String,
        /// How much: -10.00 takes it away, and never more than is available
        #[arg(allow_negative_numbers = true)]
        amount: String,
        /// Why, for the books
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        place: Place,
    },
    /// Let an account spend what it does not have, up to a limit
    Credit {
        /// The account's id or name
        account: String,
        /// The most that it may owe; 0 for none
        #[arg(allow_negative_numbers = true)]
        limit: String,
        /// Why, for the books
        #[arg(long, default_value = "credit limit")]
        reason: String,
        #[command(flatten)]
        place: Place,
    },
    /// Bound what an account may spend in a day of UTC
    Cap {
        /// The account's id or name
        account: String,
        /// The most a day, or `none`
        #[arg(allow_negative_numbers = true)]
        amount: String,
        #[command(flatten)]
        place: Place,
    },
    /// Show what an account has, and its bounds
    Balance {
        /// The account's id or name
        account: String,
        #[command(flatten)]
        place: Place,
    },
    /// List what is held for calls whose answer was lost
    Holds {
        #[command(flatten)]
        place: Place,
    },
    /// End a hold in doubt, as somebody found out
    Settle {
        /// The RequestId of the call
        request_id: String,
        /// What the module did
        #[arg(value_enum)]
        ending: Found,
        /// Why, for the books
        #[arg(long, default_value = "settled by hand")]
        reason: String,
        #[command(flatten)]
        place: Place,
    },
    /// Check that no entry was changed, and that everything adds up
    #[command(
        after_help = "The head that it prints covers every entry so far: write it down elsewhere, and give it with \
        --head later."
    )]
    Verify {
        /// A head that was printed before: the entry of that number must still have that hash
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<Head>,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Found {
    /// The module did it: the money is spent
    Commit,
    /// The module did not do it: the money is given back
    Release,
}

impl Ledger {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Topup { account, amount, reason, place } => {
                change(&place, &account, &amount, |admin, id, amount| {
                    admin.topup(id, amount, &reason).map(drop)
                })
            }
            Self::Adjust { account, amount, reason, place } => {
                change(&place, &account, &amount, |admin, id, amount| {
                    admin.adjust(id, amount, &reason).map(drop)
                })
            }
            Self::Credit { account, limit, reason, place } => {
                change(&place, &account, &limit, |admin, id, limit| {
                    admin.set_credit(id, limit, &reason).map(drop)
                })
            }
            Self::Cap { account, amount, place } if amount == "none" => {
                let mut admin = place.open()?;
                let id = account_of(&admin, &account)?;
                admin.set_daily_cap(&id, None)?;
                show(&admin, &id, &place.shape)
            }
            Self::Cap { account, amount, place } => {
                change(&place, &account, &amount, |admin, id, cap| {
                    admin.set_daily_cap(id, Some(cap))
                })
            }
            Self::Balance { account, place } => {
                let admin = place.open()?;
                let id = account_of(&admin, &account)?;
                show(&admin, &id, &place.shape)
            }
            Self::Holds { place } => holds(&place),
            Self::Settle { request_id, ending, reason, place } => {
                settle(&request_id, ending, &reason, &place)
            }
            Self::Verify { head, place } => verify(head.as_ref(), &place),
        }
    }
}

/// Changes something by an amount of the account's currency, and shows what there is then.
fn change(
    place: &Place,
    account: &str,
    amount: &str,
    change: impl FnOnce(&mut Admin, &str, Money) -> Result<(), AdminError>,
) -> Result<(), Failure> {
    let mut admin = place.open()?;
    let id = account_of(&admin, account)?;
    let (_, currency) = admin.account(&id)?;
    let amount = Money::parse(amount, currency)
        .map_err(|cause| Failure::usage(format!("`{amount}`: {cause}")))?;
    change(&mut admin, &id, amount)?;
    show(&admin, &id, &place.shape)
}

fn show(admin: &Admin, id: &str, shape: &Shape) -> Result<(), Failure> {
    let (balance, daily) = (admin.balance(id)?, admin.daily(id)?);
    let (available, held, credit) = (balance.available(), balance.held(), balance.credit());
    let now = crate::clock::now_ms();
    let (currency, spent) = (available.currency(), daily.spent_at(now));
    let told = json!({
        "accountId": id,
        "available": available.to_string(),
        "held": held.to_string(),
        "currency": currency.as_str(),
        "own": balance.own().to_string(),
        "creditLimit": credit.to_string(),
        "dailyCap": daily.cap().map(|cap| cap.to_string()),
        "spentToday": spent.to_string(),
    });
    shape.write(&told, || {
        output::data(format_args!("{id}: {available} {currency} available, {held} held"));
        if credit.is_positive() {
            output::data(format_args!("credit: up to {credit}, {} its own", balance.own()));
        }
        if let Some(cap) = daily.cap() {
            output::data(format_args!("today: {spent} of at most {cap} spent"));
        }
    });
    Ok(())
}

fn holds(place: &Place) -> Result<(), Failure> {
    let holds = place.open()?.holds()?;
    let told = holds.iter().map(|hold| {
        json!({
            "requestId": hold.request_id,
            "accountId": hold.account,
            "amount": hold.amount.to_string(),
            "currency": hold.amount.currency().as_str(),
            "module": hold.module,
            "action": hold.action,
            "at": hold.at.as_secs(),
        })
    });
    let rows: Vec<[String; 4]> = holds
        .iter()
        .map(|hold| {
            let amount = format!("{} {}", hold.amount, hold.amount.currency());
            let action = format!("{}:{}", hold.module, hold.action);
            [hold.request_id.to_string(), hold.account.clone(), amount, action]
        })
        .collect();
    place.shape.write(&told.collect::<Value>(), || {
        output::table(["REQUEST ID", "ACCOUNT", "HELD", "FOR"], &rows);
    });
    Ok(())
}

fn settle(text: &str, found: Found, reason: &str, place: &Place) -> Result<(), Failure> {
    let id = RequestId::parse(text).ok_or_else(|| {
        Failure::usage(format!("`{text}` is no RequestId: `faregate ledger holds` lists them"))
    })?;
    let (ending, word) = match found {
        Found::Commit => (Ending::Commit, "committed"),
        Found::Release => (Ending::Release, "released"),
    };
    place.open()?.settle_hold(id, ending, reason)?;
    let told = json!({ "requestId": id, "state": word });
    place.shape.write(&told, || output::data(format_args!("{id} is {word}")));
    Ok(())
}

fn verify(head: Option<&Head>, place: &Place) -> Result<(), Failure> {
    let admin = place.open()?;
    let mut bar = Bar::new("entries");
    let check = admin.verify_ledger(head, &mut |done, all| bar.at(done, all))?;
    drop(bar);
    let bad = check
        .bad
        .as_ref()
        .map(|bad| json!({ "entry": bad.seq, "differs": bad.differs.as_str(), "says": bad.says }));
    let told = json!({
        "accounts": check.n_accounts,
        "entries": check.n_entries,
        "head": check.head.map(|head| head.to_string()),
        "bad": bad,
        "problems": check.problems,
    });
    place.shape.write(&told, || {
        if let Some(bad) = &check.bad {
            output::data(format_args!(
                "entry {} ({}): {}",
                bad.seq,
                bad.differs.as_str(),
                bad.says
            ));
        }
        for problem in &check.problems {
            output::data(problem);
        }
        let n = check.problems.len() + usize::from(check.bad.is_some());
        let (n_accounts, n_entries) = (check.n_accounts, check.n_entries);
        output::data(format_args!("{n_accounts} accounts, {n_entries} entries, {n} problems"));
        if let Some(head) = check.head.filter(|_| check.is_good()) {
            output::data(format_args!("head {head}"));
        }
    });
    if check.is_good() { Ok(()) } else { Err(Failure::silent(Exit::Failed)) }
}
