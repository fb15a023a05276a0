//! The pages of a running gateway: what the console renders, with what the stores keep.

use std::sync::{Arc, Mutex, PoisonError};

use faregate_catalog::Catalog;
use faregate_console::feedback::{self, Kept, Refused, Sent, Vote, VoteQuota};
use faregate_console::{Page, Site, Visit, requests};
use faregate_contract::{Code, Reason};
use faregate_gateway::config::Config;
use faregate_gateway::ops::receipts;
use faregate_gateway::{PageReply, PageRequest, Pages, Submission};
use faregate_stores::{NewVote, Stores};
use serde_json::Value;

/// What the pages say about this installation.
fn site(config: &Config, catalog: &Catalog, stores: &Stores) -> Site {
    Site {
        base_domain: config.base_domain.clone(),
        support: config.support.clone(),
        url: config.pages_url.clone(),
        version: env!("CARGO_PKG_VERSION"),
        modules: catalog.modules().iter().chain(catalog.own()).cloned().collect(),
        secret: stores.print_secret(),
    }
}

struct Reference {
    /// Of the catalog that was served last, and of its configuration.
    site: Mutex<Option<(Arc<Config>, Arc<Site>)>>,
    stores: Stores,
    quota: VoteQuota,
}

/// The renderer of the pages listener.
pub(crate) fn pages(stores: Stores) -> Pages {
    let site = Mutex::default();
    let reference = Arc::new(Reference { site, stores, quota: VoteQuota::default() });
    Arc::new(move |asked| {
        let reference = Arc::clone(&reference);
        Box::pin(async move { reply(reference.answer(&asked).await) })
    })
}

fn reply(page: Page) -> PageReply {
    PageReply {
        status: page.status,
        content_type: page.content_type.to_owned(),
        body: page.body,
        headers: page.headers,
    }
}

impl Reference {
    /// What is served by now: made anew when something else was loaded.
    fn site(&self, asked: &PageRequest) -> Arc<Site> {
        let mut known = self.site.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((config, site)) = &*known
            && Arc::ptr_eq(config, &asked.config)
        {
            return Arc::clone(site);
        }
        let made = Arc::new(site(&asked.config, &asked.catalog, &self.stores));
        *known = Some((Arc::clone(&asked.config), Arc::clone(&made)));
        made
    }

    async fn answer(&self, asked: &PageRequest) -> Page {
        let site = self.site(asked);
        let tally = asked.tally.clone();
        let count = move |code: Code, reason: Reason| {
            tally.as_ref().map_or(0, |tally| tally.count(code.number(), reason.as_str()))
        };
        let visit = Visit {
            path: &asked.path,
            query: asked.query.as_deref(),
            accept_language: asked.accept_language.as_deref(),
            now: asked.now,
            counts: if asked.tally.is_some() { Some(&count) } else { None },
        };
        if let (Some(sent), feedback::PATH) = (&asked.submission, asked.path.as_str()) {
            return match self.take(asked, sent, &site).await {
                Ok(kept) => feedback::kept(&kept, sent.wants_json, visit, &site),
                Err(why) => feedback::refused(why, sent.wants_json, visit, &site),
            };
        }
        if faregate_console::requests::is_meant(&asked.path) {
            return self.request(visit, &site).await;
        }
        let receipt = asked.path.strip_prefix("/feedback/");
        // A store that is down has no receipt to show; the vote is where it was.
        let kept = match receipt {
            Some(receipt) => self.stores.vote(receipt).await.ok().flatten(),
            None => None,
        };
        match kept {
            Some(vote) => feedback::receipt(&of_row(vote), visit, &site),
            None => faregate_console::respond(visit, &site),
        }
    }

    /// What became of a call, for whoever has a link that its account's key signed.
    async fn request(&self, visit: Visit<'_>, site: &Site) -> Page {
        match self.told(&visit).await {
            Some(told) => requests::page(&told, visit, site),
            None => requests::refused(visit, site),
        }
    }

    async fn told(&self, visit: &Visit<'_>) -> Option<Value> {
        let asked = requests::Asked::read(visit)?;
        // A store that is down shows nothing, as a key that is unknown.
        let key = self.stores.key(&asked.secret_id).await.ok().flatten();
        let account = asked.is_good(key.as_deref(), visit.now).then_some(key?)?.account.id.clone();
        let (stores, id) = (self.stores.clone(), asked.id);
        // Files are read: not on the worker's own thread.
        let kept =
            tokio::task::spawn_blocking(move || stores.receipts().find(id)).await.ok()?.ok()?;
        let hold = self.stores.hold(id).await.ok()?;
        receipts::told_to(&account, &kept, hold.as_ref())
    }

    async fn take(
        &self,
        asked: &PageRequest,
        sent: &Submission,
        site: &Site,
    ) -> Result<Kept, Refused> {
        let form = Sent {
            form: &sent.form,
            host: sent.host.as_deref(),
            origin: sent.origin.as_deref(),
            fetch_site: sent.fetch_site.as_deref(),
        };
        let vote = feedback::judge(form, site, asked.now)?;
        self.quota.admit(asked.peer, asked.now).map_err(Refused::TooMany)?;
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|_| Refused::Down)?;
        let receipt: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let row = NewVote {
            receipt: receipt.clone(),
            at: asked.now,
            page: vote.page.clone(),
            language: vote.language.to_owned(),
            level: vote.level,
            text: vote.text.clone(),
        };
        let id = self.stores.keep_vote(row).await.map_err(|_| Refused::Down)?;
        Ok(Kept { receipt, id, vote, answer: None })
    }
}

fn of_row(row: faregate_stores::Vote) -> Kept {
    let language = if row.vote.language == "zh" { "zh" } else { "en" };
    Kept {
        receipt: row.vote.receipt,
        id: row.id,
        vote: Vote { page: row.vote.page, language, level: row.vote.level, text: row.vote.text },
        answer: row.answer.map(|(text, _)| text),
    }
}
