//! What a gateway keeps of batches: how each ended, and which call goes on with what it left.

use faregate_contract::RequestId;
use faregate_pipeline::facts::{KeptBatch, StoreDown};

use crate::Stores;
use crate::sqlite::batches;

impl Stores {
    /// Keeps how a batch ended: on disk when this returns.
    ///
    /// # Errors
    /// It could not be written.
    pub async fn keep_batch(&self, batch: KeptBatch) -> Result<(), StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.keep_batch(&batch).await;
        }
        self.write("batches", move |c| batches::keep(c, &batch)).done().await
    }

    /// How a batch of the last day ended.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn batch(&self, id: RequestId) -> Result<Option<KeptBatch>, StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.batch(id).await;
        }
        self.inner.readers.read("batches", |c| batches::find(c, id))
    }

    /// Says that `by` goes on with what a batch left; false if another call does, or did.
    ///
    /// # Errors
    /// It could not be written: nobody goes on.
    pub async fn resume_batch(&self, id: RequestId, by: RequestId) -> Result<bool, StoreDown> {
        if let Some(shared) = &self.inner.shared {
            return shared.resume_batch(id, by).await;
        }
        self.write("batches", move |c| batches::resume(c, id, by)).done().await
    }
}
