//! `faregate audit`: what somebody changed, and whether the log of it is whole.

use clap::Subcommand;
use faregate_stores::{AuditFilter, AuditRecord};
use serde_json::{Value, json};

use super::unbound::Objects;
use crate::clock::date_and_time;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::place::Place;

/// List, verify and export what was changed, by whom, and from where; look for what documents leave open
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  faregate audit list --subject account/100000001\n  faregate audit verify\n  faregate audit export > audit.jsonl"
)]
pub(crate) enum Audit {
    /// List the newest records, newest first
    List {
        /// Of this alone, and of what is below it: account/100000001, key/AKID..., maintenance
        #[arg(long)]
        subject: Option<String>,
        /// Of this action alone: CreateKey
        #[arg(long)]
        action: Option<String>,
        /// By this actor alone: account:100000001, local:root
        #[arg(long)]
        who: Option<String>,
        /// So many at most
        #[arg(long, default_value = "50", value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        #[command(flatten)]
        place: Place,
    },
    /// Follow the chain of hashes to its end, and name the first record that does not fit
    Verify {
        #[command(flatten)]
        place: Place,
    },
    Objects(Objects),
    /// Print every record as a CloudEvents 1.0 event, a line of JSON each, oldest first
    Export {
        /// After the record of this number
        #[arg(long, value_name = "N", default_value = "0")]
        after: i64,
        #[command(flatten)]
        place: Place,
    },
}

impl Audit {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::List { subject, action, who, limit, place } => {
                list(&AuditFilter { before_seq: None, subject, action, who, limit }, &place)
            }
            Self::Verify { place } => verify(&place),
            Self::Objects(objects) => objects.run(),
            Self::Export { after, place } => {
                place.open()?.each_audit(|record| {
                    if record.seq > after {
                        output::data(event(&record));
                    }
                    true
                })?;
                Ok(())
            }
        }
    }
}

fn list(filter: &AuditFilter, place: &Place) -> Result<(), Failure> {
    let records = place.open()?.list_audit(filter)?;
    let rows: Vec<[String; 6]> = records
        .iter()
        .map(|record| {
            let address = record.actor.address.clone().unwrap_or_else(|| "-".to_owned());
            [
                record.seq.to_string(),
                date_and_time(record.at.as_secs()),
                record.actor.who.clone(),
                address,
                record.action.clone(),
                record.subject.clone(),
            ]
        })
        .collect();
    place.shape.write(&records.iter().map(row).collect(), || {
        output::table(["N", "WHEN (UTC)", "WHO", "FROM", "ACTION", "WHAT"], &rows);
    });
    Ok(())
}

fn row(record: &AuditRecord) -> Value {
    let mut row = data(record);
    if let Some(members) = row.as_object_mut() {
        members.insert("seq".to_owned(), json!(record.seq));
        members.insert("at".to_owned(), json!(record.at.as_secs()));
        members.insert("action".to_owned(), json!(record.action));
        members.insert("subject".to_owned(), json!(record.subject));
    }
    row
}

fn data(record: &AuditRecord) -> Value {
    let value = |text: &Option<String>| {
        text.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok())
    };
    json!({
        "who": record.actor.who,
        "keyId": record.actor.key_id,
        "address": record.actor.address,
        "requestId": record.actor.request_id,
        "before": value(&record.before),
        "after": value(&record.after),
        "previous": hex(&record.previous),
        "hash": hex(&record.hash),
    })
}

/// CloudEvents 1.0, JSON format: `source` and `id` together name the event.
fn event(record: &AuditRecord) -> Value {
    let time = date_and_time(record.at.as_secs()).replacen(' ', "T", 1);
    let ms = record.at.as_ms().rem_euclid(1000);
    json!({
        "specversion": "1.0",
        "id": record.seq.to_string(),
        "source": "/faregate/audit",
        "type": format!("faregate.{}", record.action),
        "subject": record.subject,
        "time": format!("{time}.{ms:03}Z"),
        "datacontenttype": "application/json",
        "data": data(record),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn verify(place: &Place) -> Result<(), Failure> {
    let check = place.open()?.verify_audit()?;
    let told = json!({
        "records": check.n_records,
        "firstBad": check.bad.as_ref().map(|(seq, _)| seq),
        "why": check.bad.as_ref().map(|(_, why)| why),
    });
    place.shape.write(&told, || match &check.bad {
        None => output::data(format_args!(
            "{} records, all of them as they were written",
            check.n_records
        )),
        Some((seq, why)) => {
            output::data(format_args!("record {seq}: {why}; {} before it fit", check.n_records));
        }
    });
    if check.bad.is_none() { Ok(()) } else { Err(Failure::silent(Exit::Failed)) }
}

#[cfg(test)]
mod spec {
    use faregate_pipeline::time::Millis;
    use faregate_stores::Actor;

    use super::*;

    #[test]
    fn a_record_is_a_cloud_event() {
        let record = AuditRecord {
            seq: 7,
            at: Millis::new(1_528_987_484_123),
            actor: Actor::local(Some("root")),
            action: "SuspendAccount".to_owned(),
            subject: "account/100000001".to_owned(),
            before: Some(r#"{"state":"active"}"#.to_owned()),
            after: Some(r#"{"state":"suspended"}"#.to_owned()),
            previous: vec![0, 1],
            hash: vec![255],
        };
        let event = event(&record);
        for (name, value) in [
            ("specversion", "1.0"),
            ("id", "7"),
            ("source", "/faregate/audit"),
            ("type", "faregate.SuspendAccount"),
            ("subject", "account/100000001"),
            ("time", "2018-06-14T14:44:44.123Z"),
        ] {
            assert_eq!(event[name], value, "{name}");
        }
        assert_eq!(event["data"]["before"]["state"], "active");
        assert_eq!(
            (&event["data"]["previous"], &event["data"]["hash"]),
            (&json!("0001"), &json!("ff"))
        );
    }
}
