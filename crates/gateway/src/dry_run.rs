//! `DryRun=true`: a call that is judged by every gate, and done by nobody.
//!
//! It is authentic, fresh and permitted, and its nonce is spent, as any call's is. From there on the gates are
//! asked one by one what they would say, and all of it is told, not the first refusal alone. Nothing is held,
//! no quota is used but one of dry runs' own, and the module is not asked, but for a price that only it knows:
//! what else it would say nobody knows.

use std::sync::Arc;

use faregate_catalog::Rest;
use faregate_contract::{Members, Outcome, Refusal};
use faregate_ledger::{Balance, Daily, Money};
use faregate_pipeline::order::{self, Gate};
use faregate_pipeline::parameters::Valid;
use faregate_pipeline::quota::Admitted;
use faregate_pipeline::time::Millis;
use faregate_pipeline::{balance, ownership, parameters, quota, verification};
use serde_json::{Value, json};

use crate::driver::{Driver, Trail};

/// What the gates would say.
#[derive(Default)]
struct Rehearsal {
    refusals: Vec<(Gate, Refusal)>,
    /// Those of single items of a batch; the others would run.
    items: Vec<(String, Gate, Refusal)>,
    price: Option<Money>,
}

/// What an account has, and what it has spent today.
type Funds = Option<(Balance, Daily)>;

impl Rehearsal {
    fn add(&mut self, gate: Gate, refusal: Option<Refusal>) {
        self.refusals.extend(refusal.map(|refusal| (gate, refusal)));
    }

    fn told(&self, available: Option<Money>) -> Members {
        let whole = self.refusals.iter().map(|(gate, refusal)| one(None, *gate, refusal));
        let items = self.items.iter().map(|(id, gate, refusal)| one(Some(id), *gate, refusal));
        let told = json!({
            "refusals": whole.chain(items).collect::<Vec<Value>>(),
            "refusedItems": self.items.iter().map(|(id, ..)| id).collect::<Vec<_>>(),
            "price": self.price.map(|price| price.to_string()),
            "currency": self.price.map(|price| price.currency().as_str().to_owned()),
            "balance": available.map(|left| left.to_string()),
        });
        Members::one("dryRun", &told.to_string())
    }

    /// The first refusal that keeps the whole call from being done: the call's own, or an item's if no item is left.
    fn first(self, items_stop_it: bool) -> Option<(Gate, Refusal)> {
        let of_items = self.items.into_iter().filter(|_| items_stop_it);
        let of_items = of_items.map(|(_, gate, refusal)| (gate, refusal));
        self.refusals.into_iter().chain(of_items).next()
    }
}

fn one(item: Option<&str>, gate: Gate, refusal: &Refusal) -> Value {
    let mut told = json!({
        "gate": gate.name,
        "code": refusal.code,
        "codeDesc": refusal.code.code_desc(),
        "reason": refusal.reason,
        "message": refusal.message(),
    });
    if let (Some(members), Some(item)) = (told.as_object_mut(), item) {
        members.insert("item".to_owned(), item.into());
    }
    told
}

impl Driver {
    /// Asks every gate that is left. The answer is the first refusal that would come, or a success; beside
    /// either stands `dryRun`, with all of them.
    pub(crate) async fn rehearse(
        &self,
        admitted: Admitted,
        trail: &mut Trail,
    ) -> Result<Outcome, Refusal> {
        let (stores, now) = (&self.shared.stores, admitted.now());
        let (account, operation) =
            (Arc::clone(admitted.account()), Arc::clone(admitted.operation()));
        let funds = stores.funds(&account.id).await?;
        let mut rehearsal = Rehearsal::default();
        let cells = quota::of_the_call(&admitted, &self.shared.config.quotas);
        rehearsal.add(order::QUOTA, quota::would(&stores.peek(&cells, now).await?));
        let identity = verification::would(&operation, &account, now);
        let mut stops = false;
        match parameters::validate(admitted) {
            // What is not understood names no resource and has no price.
            Err(refused) => {
                rehearsal.add(order::PARAMETERS, Some(refused.into()));
                rehearsal.add(order::IDENTITY, identity);
            }
            Ok(valid) => {
                let wanted = ownership::wanted(&valid);
                let known = self.shared.known(&valid, &wanted).await?;
                match ownership::would(&valid, &wanted, &known) {
                    // In shadow a call would pass.
                    Ok(_) | Err(_) if self.shared.mode(trail) == ownership::Mode::Shadow => {}
                    Ok(items) => rehearsal.items.extend(
                        items.into_iter().map(|id| (id, order::RESOURCES, ownership::absent())),
                    ),
                    Err(refusal) => rehearsal.add(order::RESOURCES, Some(refusal)),
                }
                rehearsal.add(order::IDENTITY, identity);
                if operation.settles_items() {
                    Box::pin(self.rehearse_items(&valid, &mut rehearsal, funds, now)).await;
                } else {
                    self.rehearse_whole(&valid, &mut rehearsal, funds.as_ref(), now).await;
                }
                let n_items = operation.batch_items(valid.arguments()).len();
                let left = operation.batch.as_ref().is_some_and(|batch| batch.rest == Rest::Left);
                stops = left || rehearsal.items.len() == n_items;
            }
        }
        let told = rehearsal.told(funds.map(|(balance, _)| balance.available()));
        match rehearsal.first(stops) {
            None => Ok(Outcome::Success(told)),
            Some((gate, first)) => {
                trail.gate = gate;
                Err(first.beside(told))
            }
        }
    }

    async fn rehearse_whole(
        &self,
        valid: &Valid,
        rehearsal: &mut Rehearsal,
        funds: Option<&(Balance, Daily)>,
        now: Millis,
    ) {
        match self.price(valid, valid.arguments(), None).await {
            Ok(price) => rehearsal.price = price,
            Err(refusal) => rehearsal.add(order::BALANCE, Some(refusal)),
        }
        let short = rehearsal.price.and_then(|price| balance::would(price, funds, now));
        rehearsal.add(order::BALANCE, short);
    }

    /// Each item by itself: of what there is, the first have theirs.
    async fn rehearse_items(
        &self,
        valid: &Valid,
        rehearsal: &mut Rehearsal,
        mut funds: Funds,
        now: Millis,
    ) {
        let ids = valid.operation().batch_items(valid.arguments());
        let refused = |id: &String| rehearsal.items.iter().any(|(refused, ..)| refused == id);
        let due: Vec<String> = ids.into_iter().filter(|id| !refused(id)).collect();
        let prices = self.prices(valid, due.iter().map(String::as_str)).await;
        for (id, price) in due.into_iter().zip(prices) {
            let price = match price {
                Ok(price) => price,
                Err(refusal) => {
                    rehearsal.items.push((id, order::BALANCE, refusal));
                    continue;
                }
            };
            let Some(price) = price else { continue };
            let all = rehearsal.price.map_or(Some(price), |sum| sum.checked_add(price));
            rehearsal.price = all.or(rehearsal.price);
            match balance::would(price, funds.as_ref(), now) {
                Some(refusal) => rehearsal.items.push((id, order::BALANCE, refusal)),
                None => balance::rehearse(price, funds.as_mut(), now),
            }
        }
    }
}
