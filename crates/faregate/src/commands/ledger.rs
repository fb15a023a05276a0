//! `faregate ledger`: money.

use clap::{Subcommand, ValueEnum};
use faregate_contract::RequestId;
use faregate_ledger::{Balance, Ending, Money};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::output::{self, Shape};
use crate::place::{Place, account_of};

/// Top up, look at and verify money
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
    /// Show what an account has
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
    /// Recompute every balance from the entries
    Verify {
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
                let mut admin = place.open()?;
                let id = account_of(&admin, &account)?;
                let (_, currency) = admin.account(&id)?;
                let amount = Money::parse(&amount, currency)
                    .map_err(|cause| Failure::usage(format!("`{amount}`: {cause}")))?;
                let balance = admin.topup(&id, amount, &reason)?;
                show(&id, &balance, &place.shape);
                Ok(())
            }
            Self::Balance { account, place } => {
                let admin = place.open()?;
                let id = account_of(&admin, &account)?;
                show(&id, &admin.balance(&id)?, &place.shape);
                Ok(())
            }
            Self::Holds { place } => holds(&place),
            Self::Settle { request_id, ending, reason, place } => {
                settle(&request_id, ending, &reason, &place)
            }
            Self::Verify { place } => verify(&place),
        }
    }
}

fn show(id: &str, balance: &Balance, shape: &Shape) {
    let (available, held) = (balance.available(), balance.held());
    let currency = available.currency();
    let told = json!({
        "accountId": id,
        "available": available.to_string(),
        "held": held.to_string(),
        "currency": currency.as_str(),
    });
    shape.write(&told, || {
        output::data(format_args!("{id}: {available} {currency} available, {held} held"));
    });
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

fn verify(place: &Place) -> Result<(), Failure> {
    let check = place.open()?.ledger_sum_check()?;
    let told = json!({
        "accounts": check.n_accounts,
        "entries": check.n_entries,
        "problems": check.problems,
    });
    place.shape.write(&told, || {
        for problem in &check.problems {
            output::data(problem);
        }
        let n = check.problems.len();
        output::data(format_args!(
            "{} accounts, {} entries, {n} problems",
            check.n_accounts, check.n_entries
        ));
    });
    if check.problems.is_empty() { Ok(()) } else { Err(Failure::silent(Exit::Failed)) }
}
