//! Purchases: new instances, more months, and what either would cost.
//!
//! Invariant: never more instances of a type than there are machines. Stock is counted, not kept, so it cannot drift.

use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{ModuleError, Refusal};
use crate::fault::Fault;
use crate::instances;
use crate::offer::{InstanceType, Stock, Zone, check_image};
use crate::parameters::{Query, within};
use crate::projects;
use crate::store::new_id;

const PERIOD: (i64, i64) = (1, 36);
const GOODS_NUM: (i64, i64) = (1, 10);

/// The parameters of RunInstances.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) zone: String,
    pub(crate) instance_type: String,
    pub(crate) image_id: String,
    pub(crate) period: i64,
    pub(crate) goods_num: i64,
    #[serde(default)]
    pub(crate) project_id: i64,
}

/// The parameters of RenewInstance.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Renewal {
    pub(crate) instance_id: String,
    pub(crate) period: i64,
}

/// The parameters of RenewInstances, beside the instance in its path.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Months {
    pub(crate) period: i64,
}

/// The parameters of InquiryInstancePrice.
#[derive(Debug)]
pub(crate) struct Inquiry {
    pub(crate) image_id: Option<String>,
    instance_type: &'static InstanceType,
    period: i64,
    goods_num: i64,
}

/// The parameters of DescribePurchase.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) idempotency_key: String,
    pub(crate) action: String,
}

impl Question {
    pub(crate) fn read(query: Option<&str>) -> Result<Self, Refusal> {
        let mut query = Query::parse(query)?;
        let mut needed = |name: &str| {
            let missing = || Refusal::Malformed(format!("`{name}` is missing"));
            query.take::<String>(name)?.filter(|text| !text.is_empty()).ok_or_else(missing)
        };
        let question =
            Self { idempotency_key: needed("idempotencyKey")?, action: needed("action")? };
        query.finish()?;
        Ok(question)
    }
}

impl Inquiry {
    pub(crate) fn read(query: Option<&str>) -> Result<Self, Refusal> {
        let mut query = Query::parse(query)?;
        if let Some(zone) = query.take::<String>("zone")? {
            Zone::find(&zone)?;
        }
        let instance_type = query.take::<String>("instanceType")?;
        let instance_type = instance_type
            .ok_or_else(|| Refusal::Malformed("`instanceType` is missing".to_owned()))?;
        let inquiry = Self {
            image_id: query.take("imageId")?,
            instance_type: InstanceType::find(&instance_type)?,
            period: query.take_number("period", PERIOD)?.unwrap_or(1),
            goods_num: query.take_number("goodsNum", GOODS_NUM)?.unwrap_or(1),
        };
        query.finish()?;
        Ok(inquiry)
    }

    pub(crate) fn price(&self) -> Value {
        let price = self.instance_type.price(self.period, self.goods_num);
        json!({ "price": price, "currency": "CNY" })
    }
}

/// Buys all instances of an order or none. An image that only loses the answer can be bought.
pub(crate) fn run(connection: &Connection, account: &str, order: &Order) -> Result<Value, Refusal> {
    let zone = Zone::find(&order.zone)?;
    let instance_type = InstanceType::find(&order.instance_type)?;
    let period = within("period", order.period, PERIOD)?;
    let goods_num = within("goodsNum", order.goods_num, GOODS_NUM)?;
    if Fault::of(&order.image_id).is_none() {
        check_image(&order.image_id)?;
    }
    projects::check(connection, account, order.project_id)?;
    check_stock(connection, zone, instance_type, goods_num)?;

    let mut insert = connection.prepare_cached(
        "INSERT INTO instances (id, account, zone, instance_type, image_id, project_id, status,
                                created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'RUNNING', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'),
                 strftime('%Y-%m-%dT%H:%M:%SZ', 'now', ?7 || ' months'))",
    )?;
    let mut instance_ids = Vec::new();
    for _ in 0..goods_num {
        let id = new_id(connection, "ins-")?;
        insert.execute(params![
            id,
            account,
            zone.name,
            instance_type.name,
            order.image_id,
            order.project_id,
            period
        ])?;
        instance_ids.push(id);
    }
    let deal_id = deal(connection, account, "RunInstances", period)?;
    Ok(json!({ "instanceIds": instance_ids, "dealIds": [deal_id] }))
}

fn check_stock(
    connection: &Connection,
    zone: &'static Zone,
    instance_type: &'static InstanceType,
    goods_num: i64,
) -> Result<(), Refusal> {
    let (instance_type, zone, stock) = match instance_type.stock {
        _ if !zone.offers(instance_type) => {
            let (instance_type, zone) = (instance_type.name, zone.name);
            return Err(ModuleError::NotOffered { instance_type, zone }.into());
        }
        Stock::Plenty => return Ok(()),
        Stock::Machines(stock) => (instance_type.name, zone.name, stock),
    };
    let rented: i64 = connection
        .prepare_cached(
            "SELECT count(*) FROM instances WHERE instance_type = ?1 AND status <> 'RETURNED'",
        )?
        .query_row([instance_type], |row| row.get(0))?;
    if goods_num > stock.saturating_sub(rented) {
        return Err(ModuleError::SoldOut { instance_type, zone }.into());
    }
    Ok(())
}

/// Adds months to the end of what was paid for.
pub(crate) fn renew(
    connection: &Connection,
    account: &str,
    id: &str,
    period: i64,
) -> Result<Value, Refusal> {
    let period = within("period", period, PERIOD)?;
    instances::status_of(connection, account, id, instances::Use::Write)?;
    connection
        .prepare_cached(
            "UPDATE instances
             SET expires_at = strftime('%Y-%m-%dT%H:%M:%SZ', expires_at, ?2 || ' months')
             WHERE id = ?1",
        )?
        .execute(params![id, period])?;
    let deal_id = deal(connection, account, "RenewInstance", period)?;
    Ok(json!({ "dealId": deal_id }))
}

fn deal(
    connection: &Connection,
    account: &str,
    action: &str,
    period: i64,
) -> rusqlite::Result<String> {
    let id = new_id(connection, "deal-")?;
    connection
        .prepare_cached("INSERT INTO deals (id, account, action, period) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, account, action, period])?;
    Ok(id)
}
