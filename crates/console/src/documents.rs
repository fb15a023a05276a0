//! The repository's documents, embedded: the page's "Please refer to … in the document" leads here.

use crate::article;
use crate::view::{self, Reader};

/// One document.
pub(crate) struct Document {
    /// Its name, as in `/docs/authentication`.
    pub(crate) name: &'static str,
    /// Its Markdown.
    pub(crate) text: &'static str,
}

macro_rules! documents {
    ($($name:literal,)*) => {
        /// All of them, in reading order.
        pub(crate) const DOCUMENTS: &[Document] = &[$(
            Document { name: $name, text: include_str!(concat!("../../../docs/", $name, ".md")) }
        ),*];
    };
}

documents! {
    "authentication",
    "request-validity-period",
    "request-quota",
    "protocols",
    "concepts/life-of-a-call",
    "receipts",
    "sandbox",
    "operations",
    "reference/configuration",
    "threat-model",
    "reliability",
}

/// The document of this name.
pub(crate) fn find(name: &str) -> Option<&'static Document> {
    DOCUMENTS.iter().find(|document| document.name == name)
}

/// The list of all documents.
pub(crate) fn list(reader: &Reader<'_>) -> String {
    let title = reader.say("Documents", "文档");
    let links: String = DOCUMENTS
        .iter()
        .map(|document| format!("- [{}](/docs/{})\n", article::title(document.text), document.name))
        .collect();
    view::article(reader, &format!("# {title}\n\n{links}"), reader.language)
}
