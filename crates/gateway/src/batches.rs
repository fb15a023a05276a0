//! One call over many items: some at once, in the order of the call, and what was left can be gone on with.

use faregate_catalog::UpstreamRequest;
use faregate_contract::{Outcome, Refusal};
use faregate_pipeline::batch;
use faregate_pipeline::facts::{KeptBatch, StoreDown};
use faregate_pipeline::operation::{Done, Sent};
use faregate_pipeline::parameters::Valid;
use faregate_pipeline::{replay, saved};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::driver::Driver;
use crate::hold::{LotHold, Seen};
use crate::sandbox::Faked;

impl Driver {
    /// The call as it goes on with an earlier one, if it says so.
    pub(crate) async fn resuming(&self, valid: Valid) -> Result<Valid, Refusal> {
        let Some(of) = valid.common().resume_token else { return Ok(valid) };
        let kept = self.shared.stores.batch(of).await?;
        let resumed = batch::resume(&valid, kept, &self.shared.prints, valid.now())?;
        Ok(valid.resuming(resumed))
    }

    /// Of all calls that go on with the same one, this is the first; before anything is sent.
    pub(crate) async fn goes_on(&self, sent: &Sent) -> Result<(), Refusal> {
        let Some(resumed) = sent.resumed() else { return Ok(()) };
        let by = sent.raw().request_id;
        if self.shared.stores.resume_batch(resumed.of, by).await? {
            return Ok(());
        }
        Err(batch::used())
    }

    /// What became of each item that goes upstream; as many at once as the document allows.
    pub(crate) async fn items(
        &self,
        sent: &Sent,
        requests: &[(String, UpstreamRequest)],
        mut lots: Vec<LotHold>,
        seen: &mut Seen,
        faked: Option<&Faked>,
    ) -> Vec<(usize, Done)> {
        let at_once = sent.operation().batch.as_ref().map_or(1, |batch| batch.concurrency);
        let at_once = usize::try_from(at_once).unwrap_or(1);
        let (mut waiting, mut running) = (batch::plan(sent).into_iter(), FuturesUnordered::new());
        let mut ended = Vec::with_capacity(requests.len());
        loop {
            while running.len() < at_once {
                let Some(place) = waiting.next() else { break };
                let Some((id, request)) = requests.get(place) else { continue };
                let lot = lots.iter().position(|lot| lot.place == place);
                let lot = lot.map(|at| Box::new(lots.swap_remove(at)));
                running.push(self.item(sent, (place, id, request), lot, seen.beside(), faked));
            }
            let Some(item) = running.next().await else { break };
            ended.push(item);
        }
        drop(running);
        let told = ended.into_iter().map(|(place, done, own)| {
            seen.answered_as(&own);
            (place, done)
        });
        told.collect()
    }

    /// One of them.
    async fn item(
        &self,
        sent: &Sent,
        (place, id, request): (usize, &str, &UpstreamRequest),
        lot: Option<Box<LotHold>>,
        mut own: Seen,
        faked: Option<&Faked>,
    ) -> (usize, Done, Seen) {
        let item = (place, id);
        let done = match lot {
            None => self.exchange(sent, request, Some(item), &mut own, faked).await,
            Some(lot) => Box::pin(self.lot(sent, request, item, *lot, &mut own, faked)).await,
        };
        (place, done, own)
    }

    /// Keeps how a batch ended: for its RequestId, and for whoever goes on with it.
    pub(crate) async fn keep(
        &self,
        sent: &Sent,
        ended: &Result<Outcome, Refusal>,
    ) -> Result<(), StoreDown> {
        if !matches!(ended, Ok(Outcome::Batch(_))) {
            return Ok(());
        }
        let batch = KeptBatch {
            request_id: sent.raw().request_id,
            account: sent.account().id.clone(),
            module: sent.module().name.clone(),
            action: sent.operation().action.clone(),
            prints: replay::asked(sent, &self.shared.prints),
            answer: saved::write(ended),
            resumed_by: None,
            at: self.shared.clock.now(),
        };
        self.shared.stores.keep_batch(batch).await
    }
}
