//! Prices that the module itself names: another action of it is asked, before anything is held.
//!
//! What it says is believed as its results are; what it does not say in time, or not as money, is its fault, and
//! nothing was done.

use faregate_catalog::Quote;
use faregate_contract::{Effect, Refusal};
use faregate_ledger::{Currency, Money};
use faregate_pipeline::balance::{self, Price};
use faregate_pipeline::fault::Fault;
use faregate_pipeline::operation::{self, Upstream};
use faregate_pipeline::parameters::Valid;
use faregate_stores::Ticket;
use serde_json::{Map, Value};

use crate::driver::Driver;
use crate::upstream::Question;

/// How long a price is waited for, at most: the purchase itself has the module's whole time after that.
const WITHIN_MS: u64 = 5_000;

impl Driver {
    /// What a call with these arguments costs; none if its action has no price. The ticket is given back where nothing was asked.
    ///
    /// # Errors
    /// It cannot be worked out, or the module does not say.
    pub(crate) async fn price(
        &self,
        valid: &Valid,
        arguments: &Map<String, Value>,
        ticket: Option<&Ticket>,
    ) -> Result<Option<Money>, Refusal> {
        match balance::price(valid.operation(), arguments)? {
            Price::Free => Ok(None),
            Price::Known(price) => Ok(Some(price)),
            // Boxed: few actions are priced so, and every call's future would be as large.
            Price::Asked(quote, currency) => {
                Box::pin(self.quote(valid, arguments, (quote, currency), ticket)).await.map(Some)
            }
        }
    }

    async fn quote(
        &self,
        valid: &Valid,
        arguments: &Map<String, Value>,
        (quote, currency): (&Quote, Currency),
        ticket: Option<&Ticket>,
    ) -> Result<Money, Refusal> {
        let module = valid.module();
        let absent = || Fault::Internal(format!("there is no `{}` to ask", quote.action));
        let asked = module.operation(&quote.action).ok_or_else(absent)?;
        let pick = match self.shared.admit(&module.name) {
            Ok(Some(pick)) => pick,
            Ok(None) => return Err(absent().into()),
            Err(refusal) => {
                if let Some(ticket) = ticket {
                    self.shared.stores.give_back(ticket).await?;
                }
                return Err(refusal);
            }
        };
        let known = arguments.iter().filter(|(name, _)| asked.declares(name));
        let arguments: Map<String, Value> =
            known.map(|(name, value)| (name.clone(), value.clone())).collect();
        let unbuilt = |_| Fault::Internal(format!("`{}` cannot be asked", quote.action));
        let request = asked.request(&arguments).map_err(unbuilt)?;
        let question = Question {
            upstream: &pick.server().upstream,
            request: &request,
            request_id: valid.raw().request_id,
            key: None,
            item: None,
            account: &valid.account().id,
            region: valid.common().region.as_deref(),
        };
        let within_ms = question.upstream.timeout_ms.min(WITHIN_MS);
        let upstream = self.upstreams.put_within(&question, within_ms).await;
        let done = operation::read_again(module, asked, &arguments, &upstream);
        let priced = match done.result {
            Err(refusal) => Err(refusal),
            Ok(_) => priced(quote, currency, &upstream).map_err(Refusal::from),
        };
        let is_fault = priced.as_ref().is_err_and(|it| it.code.number() == 6000);
        pick.server().report(is_fault, self.shared.clock.now());
        // Whatever it says: the purchase was not sent, and nothing is held.
        priced.map_err(|refusal| refusal.effect(Effect::Nothing))
    }
}

fn priced(quote: &Quote, currency: Currency, upstream: &Upstream) -> Result<Money, Fault> {
    let body: &[u8] = match upstream {
        Upstream::Answered { body, .. } => body,
        Upstream::Unreachable(_)
        | Upstream::Timeout { .. }
        | Upstream::Reset(_)
        | Upstream::TooLarge { .. } => &[],
    };
    let answer = serde_json::from_slice(body).map_err(|e| Fault::Nonsense(e.to_string()))?;
    balance::quoted(quote, currency, &answer)
}
