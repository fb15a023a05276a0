//! One action: its parameters, its terms, and the upstream request that it stands for.

mod body;
mod checks;
mod links;
mod names;
mod owning;
mod public;
mod read;
mod request;
mod sold;
mod template;
mod terms;

use serde_json::{Map, Value};

pub use owning::{
    Access, Binding, Creates, Filter, Grant, JsonPath, Listed, Need, Returns, Shares, Step,
    Transfers, ids_at,
};
pub use read::COMMON_PARAMETERS;
pub use request::UpstreamRequest;
pub use terms::{
    Audience, Batch, Cover, InDoubt, MinSignature, Pricing, Purchase, Quote, Rate, Rest, Totals,
};

pub(crate) use read::read_all;

use crate::lifetime::Lifetime;
use crate::parameters::{Fault, Parameters, text_of};
use crate::price::Refund;
use request::Template;

/// One action of a module.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a term of its own, as the document has it"
)]
pub struct Operation {
    /// The Action: the document's `operationId`.
    pub action: String,
    /// One line.
    pub summary: String,
    /// As long as it takes, Markdown.
    pub description: String,
    /// Its number, unique in the whole catalog and below [`crate::Catalog::operation_count`]: for
    /// arrays of cells.
    pub ordinal: usize,
    /// Does it change anything? By its method (GET and HEAD do not), unless the document says.
    pub mutating: bool,
    /// May it be sent again with the same idempotency key? Actions that change nothing may.
    pub idempotent: bool,
    /// Who may call it.
    pub audience: Audience,
    /// May anybody call it, without a key and a signature: it changes nothing, costs nothing and shows nobody's resources.
    pub is_public: bool,
    /// The weakest signature it takes, where the document says.
    pub min_signature: Option<MinSignature>,
    /// Since when it is deprecated, and when it ends.
    pub lifetime: Lifetime,
    /// The parameters that name resources.
    pub resources: Vec<Binding>,
    /// One upstream call an item, where it is a batch.
    pub batch: Option<Batch>,
    /// Its own quota, beside the account's.
    pub quota: Option<Rate>,
    /// What that quota limits beside its rate.
    pub totals: Totals,
    /// Its price, where it has one.
    pub purchase: Option<Purchase>,
    /// What its answer brings into being.
    pub creates: Option<Creates>,
    /// What it gives back.
    pub returns: Option<Returns>,
    /// What it gives away.
    pub transfers: Option<Transfers>,
    /// What it lends.
    pub shares: Option<Shares>,
    /// The list of its answer of which an account sees its own.
    pub filter: Option<Filter>,
    /// Must the signature cover the body?
    pub cover: Cover,
    /// Its parameters.
    pub parameters: Parameters,
    /// The schema of what a success answers, as clients may read it.
    pub answer: Option<serde_json::Value>,
    /// Must the account's identity be verified? A purchase's must, unless the document says.
    pub requires_identity: bool,
    template: Template,
    names: names::Names,
}

impl Operation {
    /// Is this wire name a declared parameter? See [`Parameters::declares`].
    #[must_use]
    pub fn declares(&self, name: &str) -> bool {
        self.parameters.declares(name)
    }

    /// The members of an answer as API 3.0 spells them: `totalCount` is `TotalCount`. None if `object` is not
    /// the text of a JSON object.
    #[must_use]
    pub fn respell(&self, object: &str) -> Option<String> {
        self.names.respell(object)
    }

    /// The upstream's request for these arguments: those of `read`, or one item's of a batch. The path
    /// is relative to [`crate::Upstream::base_path`].
    ///
    /// # Errors
    /// When a value of the path is missing, empty, `.` or `..`: a fault of the parameters.
    pub fn request(&self, arguments: &Map<String, Value>) -> Result<UpstreamRequest, Fault> {
        self.template.build(arguments)
    }

    /// What a return gives back of a price, where it does.
    #[must_use]
    pub fn refund(&self) -> Option<&Refund> {
        self.returns.as_ref().and_then(|returns| returns.refund.as_ref())
    }

    /// What a call may do to the resources that this parameter names.
    #[must_use]
    pub fn need(&self, parameter: &str) -> Need {
        let named = [
            self.returns.as_ref().map(|returns| &returns.parameter),
            self.transfers.as_ref().map(|transfers| &transfers.parameter),
            self.shares.as_ref().map(|shares| &shares.parameter),
        ];
        if named.into_iter().flatten().any(|name| name == parameter) {
            Need::Own
        } else if self.mutating {
            Need::Write
        } else {
            Need::Read
        }
    }

    /// The accounts that get something by a call with these arguments: to own it, or to use it.
    #[must_use]
    pub fn recipients(&self, arguments: &Map<String, Value>) -> Vec<String> {
        let to = self.transfers.iter().map(|transfers| &transfers.to);
        let with = self.shares.iter().map(|shares| &shares.with);
        to.chain(with).flat_map(|name| ids_at(arguments, name)).collect()
    }

    /// The items of a batch as texts, in the order of the call; none when the action is no batch.
    #[must_use]
    pub fn batch_items(&self, arguments: &Map<String, Value>) -> Vec<String> {
        let over = self.batch.as_ref().and_then(|batch| arguments.get(&batch.over));
        over.map(owning::ids).unwrap_or_default()
    }

    /// Is each item of its batch paid, or paid back, by itself.
    #[must_use]
    pub fn settles_items(&self) -> bool {
        self.batch.is_some() && (self.purchase.is_some() || self.refund().is_some())
    }

    /// The arguments of a call over this one item of a batch alone.
    #[must_use]
    pub fn over_item(&self, arguments: &Map<String, Value>, id: &str) -> Map<String, Value> {
        let mut one = arguments.clone();
        if let Some(batch) = &self.batch {
            let typed = typed_item(arguments.get(&batch.over), id);
            one.insert(batch.over.clone(), Value::Array(vec![typed]));
        }
        one
    }

    /// The arguments of one item: `[id]` under the same name, or the scalar under `as`.
    #[must_use]
    pub fn for_item(&self, arguments: &Map<String, Value>, id: &str) -> Map<String, Value> {
        let mut one = arguments.clone();
        let Some(batch) = &self.batch else { return one };
        let items = one.remove(&batch.over);
        let typed = typed_item(items.as_ref(), id);
        match &batch.as_ {
            Some(name) => one.insert(name.clone(), typed),
            None => one.insert(batch.over.clone(), Value::Array(vec![typed])),
        };
        one
    }
}

/// The item of this text, in the type in which it was sent.
fn typed_item(items: Option<&Value>, id: &str) -> Value {
    let mut all = items.into_iter().filter_map(Value::as_array).flatten();
    let found = all.find(|item| text_of(item).as_deref() == Some(id));
    found.cloned().unwrap_or_else(|| Value::from(id))
}
