//! `DryRun=true`: a call that is judged by every gate, and done by nobody.
//!
//! It is authentic, fresh and permitted, and its nonce is spent, as any call's is. From there on the gates are
//! asked one by one what they would say, and all of it is told, not the first refusal alone. Nothing is held,
//! no quota is used but one of dry runs' own, and the module is not asked, but for a price that only it knows:
//! what else it would say nobody knows.

use std::sync::Arc;

use faregate_contract::{Members, Outcome, Refusal};
use faregate_ledger::Money;
use faregate_pipeline::order::{self, Gate};
use faregate_pipeline::quota::Admitted;
use faregate_pipeline::{balance, ownership, parameters, quota, verification};
use serde_json::{Value, json};

use crate::driver::{Driver, Trail};

/// What the gates would say.
#[derive(Default)]
struct Rehearsal {
    refusals: Vec<(Gate, Refusal)>,
    price: Option<Money>,
    refused_items: Vec<String>,
}

impl Rehearsal {
    fn add(&mut self, gate: Gate, refusal: Option<Refusal>) {
        self.refusals.extend(refusal.map(|refusal| (gate, refusal)));
    }

    fn told(&self, available: Option<Money>) -> Members {
        let refusals = self.refusals.iter().map(|(gate, refusal)| {
            json!({
                "gate": gate.name,
                "code": refusal.code,
                "codeDesc": refusal.code.code_desc(),
                "reason": refusal.reason,
                "message": refusal.message(),
            })
        });
        let told = json!({
            "refusals": refusals.collect::<Vec<Value>>(),
            "refusedItems": self.refused_items,
            "price": self.price.map(|price| price.to_string()),
            "currency": self.price.map(|price| price.currency().as_str().to_owned()),
            "balance": available.map(|left| left.to_string()),
        });
        Members::one("dryRun", &told.to_string())
    }
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
                    Ok(items) => rehearsal.refused_items = items,
                    Err(refusal) => rehearsal.add(order::RESOURCES, Some(refusal)),
                }
                rehearsal.add(order::IDENTITY, identity);
                match self.price(&valid, None).await {
                    Ok(price) => rehearsal.price = price,
                    Err(refusal) => rehearsal.add(order::BALANCE, Some(refusal)),
                }
                let price = rehearsal.price;
                let short = price.and_then(|price| balance::would(price, funds.as_ref(), now));
                rehearsal.add(order::BALANCE, short);
            }
        }
        let told = rehearsal.told(funds.map(|(balance, _)| balance.available()));
        match rehearsal.refusals.into_iter().next() {
            None => Ok(Outcome::Success(told)),
            Some((gate, first)) => {
                trail.gate = gate;
                Err(first.beside(told))
            }
        }
    }
}
