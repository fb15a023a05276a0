//! Which codes an action can answer with, and why: from the terms on which its document offers it.

use faregate_catalog::{Audience, Operation};
use faregate_contract::Code;

use crate::reader::Reader;

/// One code.
#[derive(Clone, Debug)]
pub(crate) struct Return {
    pub(crate) code: Code,
    pub(crate) why: String,
    pub(crate) href: String,
    /// Because of this action; others any action can answer with.
    pub(crate) is_own: bool,
}

/// All codes that the action can answer with, those of its own terms first.
pub(crate) fn of(operation: &Operation, reader: &Reader<'_>) -> Vec<Return> {
    let mut all: Vec<Return> = Code::ALL
        .into_iter()
        .filter(|code| !code.is_success())
        .filter_map(|code| {
            let own = own(operation, code, reader);
            let is_own = own.is_some();
            let why = own.or_else(|| any(operation, code, reader).map(str::to_owned))?;
            Some(Return { code, why, href: reader.to(&format!("/errors/{code}")), is_own })
        })
        .collect();
    all.sort_by_key(|found| !found.is_own);
    all
}

/// What only this action's terms bring about.
fn own(operation: &Operation, code: Code, reader: &Reader<'_>) -> Option<String> {
    let list = |names: Vec<&str>| names.join(reader.say(", ", "、"));
    let zh = reader.is_chinese();
    match code {
        Code::InvalidParameter => {
            let all = operation.parameters.describe();
            let needed: Vec<&str> =
                all.iter().filter(|one| one.required).map(|one| one.name.as_str()).collect();
            (!needed.is_empty()).then(|| {
                let needed = list(needed);
                if zh { format!("缺少必需参数（{needed}），或参数的值不符合要求。") }
                else { format!("A required parameter ({needed}) is missing, or a value breaks its rules.") }
            })
        }
        Code::AuthFailure => operation.min_signature.map(|least| {
            let name = least.as_str();
            if zh { format!("签名算法弱于 {name}，或签名本身不正确。") }
            else { format!("The signature is weaker than {name}, or wrong.") }
        }),
        Code::AccessDenied => match &operation.audience {
            Audience::Public => None,
            Audience::Groups(groups) => {
                let groups = list(groups.iter().map(String::as_str).collect());
                Some(if zh { format!("账号不属于 {groups}；或账号已停用。") }
                else { format!("The account is not in {groups}, or is suspended.") })
            }
        },
        Code::QuotaExceeded => operation.quota.filter(|_| !operation.totals.hidden).map(|rate| {
            let (rate, burst) = (rate.per_second, rate.burst);
            if zh { format!("超过此接口每秒 {rate} 次（突发 {burst} 次）的频率，或账号的频率。") }
            else { format!("More than {rate} calls a second ({burst} at once), or the account's own rate.") }
        }),
        Code::ResourceNotFound => (!operation.resources.is_empty()).then(|| {
            let names = operation.resources.iter().map(|one| one.parameter.as_str()).collect();
            let names = list(names);
            if zh { format!("{names} 中的资源不存在、已退还，或属于其他账号。") }
            else { format!("A resource in {names} does not exist, was returned, or belongs to another account.") }
        }),
        Code::PartialSuccess => operation.batch.as_ref().map(|batch| {
            if zh { format!("{} 中的一部分完成，另一部分被拒绝。", batch.over) }
            else { format!("Some of {} were done and some were refused.", batch.over) }
        }),
        Code::OperationFailed => Some(match &operation.batch {
            Some(batch) if zh => format!("模块拒绝了操作，或 {} 全部被拒绝。", batch.over),
            Some(batch) => format!("The module refused, or every one of {} was refused.", batch.over),
            None => reader.say("The module refused the operation.", "模块拒绝了操作。").to_owned(),
        }),
        Code::ResourceInsufficient => operation.purchase.as_ref().map(|_| {
            reader.say("The configuration is not sold here, or is sold out.", "该配置不出售或已售罄。").to_owned()
        }),
        Code::InsufficientBalance => operation.purchase.as_ref().map(|_| {
            reader.say("The price is more than the available balance.", "价格大于可用余额。").to_owned()
        }),
        Code::UserQualificationAuditFailed => operation.requires_identity.then(|| {
            reader.say("The account's identity is not verified.", "账号未通过实名认证。").to_owned()
        }),
        Code::Success
        | Code::RequestExpired
        | Code::ReplayAttack
        | Code::ProtocolNotSupported
        | Code::InternalError
        | Code::VersionNotSupported
        | Code::ServiceUnavailable
        | Code::Other(_) => None,
    }
}

/// What any action can answer with.
fn any(operation: &Operation, code: Code, reader: &Reader<'_>) -> Option<&'static str> {
    let (english, chinese) = match code {
        Code::InvalidParameter => (
            "The form is malformed, or a parameter is unknown.",
            "请求格式不正确，或含有未知参数。",
        ),
        Code::AuthFailure => {
            ("The key is unknown, or the signature is wrong.", "密钥不存在，或签名不正确。")
        }
        Code::RequestExpired => {
            ("The signature is older than the validity period.", "签名已超过有效期。")
        }
        Code::AccessDenied => (
            "The account is suspended, or calls from elsewhere.",
            "账号已停用，或来源地址不被允许。",
        ),
        Code::QuotaExceeded => ("The account's rate is used up.", "账号的频率已用完。"),
        Code::ReplayAttack => (
            "The Nonce was used before, or the clock is off by hours.",
            "Nonce 已用过，或时钟相差数小时。",
        ),
        Code::ProtocolNotSupported => {
            ("Another method, media type or protocol.", "HTTP 方法、媒体类型或协议不受支持。")
        }
        Code::ResourceNotFound if operation.resources.is_empty() => return None,
        Code::InternalError => ("Something broke, here or in the module.", "网关或模块内部出错。"),
        Code::VersionNotSupported => (
            "Wrong domain or Version, or taken out of service.",
            "域名或 Version 不对，或接口已下线。",
        ),
        Code::ServiceUnavailable => {
            ("Under maintenance, or the module is away.", "维护中，或模块暂不可用。")
        }
        Code::Success
        | Code::ResourceNotFound
        | Code::OperationFailed
        | Code::ResourceInsufficient
        | Code::InsufficientBalance
        | Code::PartialSuccess
        | Code::UserQualificationAuditFailed
        | Code::Other(_) => return None,
    };
    Some(reader.say(english, chinese))
}
