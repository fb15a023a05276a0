//! How each reason is met on purpose, in a sandbox: commands that a test runs against `faregate demo`.
//!
//! The last line that they print is the answer with the code and the reason. They are the same in every language,
//! so they stand here once, and not on each page twice.

use faregate_contract::{Code, Reason};

#[cfg(test)]
use super::PAGES;

/// How a reason is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reproduction {
    /// The code.
    pub code: Code,
    /// The reason, by its name.
    pub reason: &'static str,
    /// Lines for a shell.
    pub commands: &'static str,
}

/// The commands that are answered with this reason.
#[must_use]
pub fn reproduction(code: Code, reason: Reason) -> Option<Reproduction> {
    REPRODUCTIONS.iter().find(|one| one.code == code && one.reason == reason.as_str()).copied()
}

macro_rules! reproductions {
    ($($code:ident { $($reason:ident: $commands:expr;)* })*) => {
        /// All of them, in the order of the codes.
        pub const REPRODUCTIONS: &[Reproduction] = &[$($(
            Reproduction { code: Code::$code, reason: stringify!($reason), commands: $commands }
        ),*),*];
    };
}

/// One small machine for a month.
macro_rules! buy {
    ($($more:literal)?) => {
        concat!(
            "faregate call cvm RunInstances zone=gz-1 instanceType=S1.SMALL1 imageId=img-debian-12 period=1 goodsNum=1",
            $($more)?
        )
    };
}

/// A fault for one call, then that call: for what no request brings about by itself.
macro_rules! fault {
    ($fault:literal) => {
        fault!($fault, "cvm:DescribeZones", "cvm DescribeZones")
    };
    ($fault:literal, $on:literal, $call:literal) => {
        concat!(
            "faregate fault add ",
            $on,
            " --code ",
            $fault,
            " --times 1 >/dev/null\n",
            "faregate call --retries 0 ",
            $call
        )
    };
}

/// A TC3 request that is refused before its signature is looked at.
macro_rules! tc3 {
    ($arguments:literal) => {
        concat!(
            "eval \"$(faregate demo --env)\"\n",
            $arguments,
            " -H 'Authorization: TC3-HMAC-SHA256 x' -H 'X-TC-Action: DescribeZones' -H 'X-TC-Version: 2017-03-12' -H \"X-TC-Timestamp: $(date +%s)\" https://cvm.api.qcloud.com/"
        )
    };
}

/// The shell's way to the sandbox, then `curl`.
macro_rules! curl {
    ($arguments:literal) => {
        concat!("eval \"$(faregate demo --env)\"\n", $arguments)
    };
}

/// A new key of the demo's account, what is done to it, and a call that it signs.
macro_rules! under {
    ($done:literal, $call:literal) => {
        concat!(
            // Two live keys are the most: those of the pages before this one make room.
            "for old in $(faregate key list --account demo -o id | tail -n +2); do faregate key disable $old >/dev/null; done\n",
            "key=$(faregate key create demo --json)\n",
            "export FAREGATE_SECRET_ID=$(echo \"$key\" | grep -o 'AKID[A-Za-z0-9]*')\n",
            "export FAREGATE_SECRET_KEY=$(echo \"$key\" | sed 's/.*\"secretKey\":\"\\([^\"]*\\)\".*/\\1/')\n",
            $done,
            $call
        )
    };
}

reproductions! {
    InvalidParameter {
        MALFORMED_HTTP: curl!("curl -sS -H 'a_b: 1' https://cvm.api.qcloud.com/v2/index.php");
        BODY_TOO_LARGE: curl!("head -c 2000000 /dev/zero | tr '\\0' a | curl -sS --data-binary @- https://cvm.api.qcloud.com/v2/index.php");
        QUERY_TOO_LARGE: curl!("curl -sS \"https://cvm.api.qcloud.com/v2/index.php?$(head -c 33000 /dev/zero | tr '\\0' a)\"");
        TOO_MANY_PARAMETERS: curl!("curl -sS -d \"$(seq -f 'p%.0f=1' -s '&' 600)\" https://cvm.api.qcloud.com/v2/index.php");
        BAD_ENCODING: curl!("curl -sS -d 'Action=%zz' https://cvm.api.qcloud.com/v2/index.php");
        BAD_NAME: curl!("curl -sS -d '=1' https://cvm.api.qcloud.com/v2/index.php");
        BAD_MULTIPART: curl!("curl -sS -H 'Content-Type: multipart/form-data; boundary=x' -d 'nonsense' https://cvm.api.qcloud.com/v2/index.php");
        DUPLICATE_NAME: curl!("curl -sS -d 'Action=DescribeZones&Action=RunInstances' https://cvm.api.qcloud.com/v2/index.php");
        TWIN_NAMES: curl!("curl -sS -d 'a_b=1&a.b=2' https://cvm.api.qcloud.com/v2/index.php");
        WRONG_PLACE: curl!("curl -sS -d 'Action=DescribeZones' 'https://cvm.api.qcloud.com/v2/index.php?Region=gz'");
        MISSING: "faregate call cvm CreateProject";
        MALFORMED: "faregate call cvm DescribeZones Timestamp=yesterday";
        WRONG_TYPE: "faregate call cvm DescribeInstances limit=abc";
        OUT_OF_RANGE: "faregate call cvm DescribeInstances limit=1000";
        NOT_ALLOWED: "faregate call cvm DescribeInstances status=ASLEEP";
        LENGTH: "faregate call cvm CreateProject projectName=\"$(head -c 61 /dev/zero | tr '\\0' a)\"";
        TOO_MANY: "faregate call cvm DescribeInstances $(for i in $(seq 0 100); do echo instanceIds.$i=ins-$i; done)";
        REPEATED: "faregate call cvm StartInstances instanceIds.0=ins-1 instanceIds.1=ins-1";
        UNKNOWN_PARAMETER: "faregate call cvm DescribeZones colour=red";
        BAD_INDEX: "faregate call cvm DescribeInstances instanceIds.first=ins-1";
        CONFLICT: "faregate call cvm DescribeInstances instanceIds.0=ins-1 instanceIds.0.0=ins-2";
        PATH_SEGMENT: "faregate call cvm ReturnInstance instanceId=..";
        RESUME_TOKEN: "faregate call cvm RestartInstances instanceIds.0=ins-00000000 ResumeToken=rt-0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b";
        TOKEN_REUSED: "faregate call cvm CreateProject ClientToken=once projectName=a\nfaregate call cvm CreateProject ClientToken=once projectName=b";
        BODY_NOT_JSON: tc3!("curl -sS -H 'Content-Type: application/json' -d '{'");
        BINARY_PART: tc3!("printf '\\377' | curl -sS -F 'image=@-'");
        BODY_INCOMPLETE: fault!("4000.BODY_INCOMPLETE");
        PATTERN: fault!("4000.PATTERN");
        FORMAT: fault!("4000.FORMAT");
        TOO_FEW: fault!("4000.TOO_FEW");
        TOO_DEEP: fault!("4000.TOO_DEEP");
        RULE: fault!("4000.RULE");
        PRICE: concat!("faregate fault add cvm:RunInstances --code 4000.PRICE --times 1 >/dev/null\n", buy!());
        REFUSED_BY_MODULE: "faregate call cvm RunInstances zone=gz-1 instanceType=S1.SMALL1 imageId=img-windows-95 period=1 goodsNum=1";
    }
    AuthFailure {
        SIGNATURE_MISMATCH: curl!("FAREGATE_SECRET_ID=$SECRET_ID FAREGATE_SECRET_KEY=wrong faregate call cvm DescribeZones");
        UNKNOWN_KEY: "FAREGATE_SECRET_ID=AKIDunknown faregate call cvm DescribeZones";
        KEY_DISABLED: "key=$(faregate key create demo --json)\nid=$(echo \"$key\" | grep -o 'AKID[A-Za-z0-9]*')\nfaregate key disable \"$id\"\nsleep 1\nFAREGATE_SECRET_ID=$id faregate call cvm DescribeZones";
        SIGNATURE_MALFORMED: curl!("curl -sS -d \"Action=DescribeZones&SecretId=$SECRET_ID&Nonce=1&Timestamp=$(date +%s)&Signature=a+b\" https://cvm.api.qcloud.com/v2/index.php");
        TOKEN_WRONG: curl!("FAREGATE_TOKEN=x FAREGATE_SECRET_ID=$SECRET_ID FAREGATE_SECRET_KEY=$SECRET_KEY faregate call cvm DescribeZones");
        TOKEN_EXPIRED: fault!("4100.TOKEN_EXPIRED");
        KEY_EXPIRED: fault!("4100.KEY_EXPIRED");
        AUTHORIZATION_MALFORMED: curl!("curl -sS -H 'Content-Type: application/json' -H 'Authorization: nonsense' -H 'X-TC-Action: DescribeZones' -H 'X-TC-Version: 2017-03-12' -H \"X-TC-Timestamp: $(date +%s)\" -d '{}' https://cvm.api.qcloud.com/");
        NOT_SIGNED: curl!("curl -sS -H 'Content-Type: application/json' -H 'Authorization: SKIP' -H 'X-TC-Action: DescribeZones' -H 'X-TC-Version: 2017-03-12' -d '{}' https://cvm.api.qcloud.com/");
        ACTION_NOT_SIGNED: fault!("4100.ACTION_NOT_SIGNED");
        UNSIGNED_PARAMETER: curl!("eval \"$(faregate sign --curl --method post cvm DescribeInstances) -sS -d status=%40any\"");
        SIGNATURE_TOO_WEAK: "faregate account set demo --min-signature TC3-HMAC-SHA256 >/dev/null\nsleep 1\nfaregate call cvm DescribeZones\nfaregate account set demo --min-signature default >/dev/null";
        AMBIGUOUS_STRING_TO_SIGN: "faregate call cvm DescribeInstances 'limit=5&status=RUNNING'";
    }
    RequestExpired {
        STAMP_TOO_OLD: "faregate call cvm DescribeZones Timestamp=$(($(date +%s) - 600))";
        STAMP_TOO_NEW: fault!("4200.STAMP_TOO_NEW");
        STAMPED_BEFORE_FENCE: fault!("4200.STAMPED_BEFORE_FENCE");
    }
    AccessDenied {
        ACCOUNT_SUSPENDED: "faregate call -p suspended cvm DescribeZones";
        SOURCE_NOT_ALLOWED: under!("faregate key set \"$FAREGATE_SECRET_ID\" --source 192.0.2.0/24\n", "faregate call cvm DescribeZones");
        NOT_IN_USER_RANGE: "faregate call cvm DescribeInternalUsage";
        DENIED_BY_POLICY: under!("echo '{\"version\":\"2.0\",\"statement\":[{\"effect\":\"allow\",\"action\":\"*\",\"resource\":\"*\"},{\"effect\":\"deny\",\"action\":\"name/cvm:Create*\",\"resource\":\"*\"}]}' | faregate policy put demo no-new-ones -\nfaregate policy attach demo no-new-ones \"key/$FAREGATE_SECRET_ID\"\n", "faregate call cvm CreateProject projectName=web");
        NOT_ALLOWED_BY_POLICY: under!("echo '{\"version\":\"2.0\",\"statement\":[{\"effect\":\"allow\",\"action\":\"name/cvm:Describe*\",\"resource\":\"*\"}]}' | faregate policy put demo readers -\nfaregate policy attach demo readers \"key/$FAREGATE_SECRET_ID\"\n", "faregate call cvm CreateProject projectName=web");
        ACCOUNT_CLOSED: fault!("4300.ACCOUNT_CLOSED");
    }
    QuotaExceeded {
        RATE: "for i in $(seq 20); do faregate call --retries 0 -p limited cvm DescribeZones & done; wait";
        DAILY: "faregate quota set demo --action cvm:DescribeProject --day 1\nsleep 1\nfor i in 1 2; do faregate call --retries 0 cvm DescribeProject; done";
        MONTHLY: "faregate quota set demo --action cvm:DescribeProject --month 1\nsleep 1\nfor i in 1 2; do faregate call --retries 0 cvm DescribeProject; done";
        CONCURRENCY: fault!("4400.CONCURRENCY");
        NONCES_LIVE: fault!("4400.NONCES_LIVE");
    }
    ReplayAttack {
        NONCE_SEEN: "stamp=Timestamp=$(date +%s)\nfor nonce in 21 22 21; do faregate call cvm DescribeZones $stamp Nonce=$nonce; done";
        NONCE_SAME_AS_LAST: "faregate call cvm DescribeZones Nonce=33\nsleep 1\nfaregate call cvm DescribeZones Nonce=33";
        SIGNATURE_SEEN: fault!("4500.SIGNATURE_SEEN");
        STAMP_BEHIND: "faregate call cvm DescribeZones Timestamp=$(($(date +%s) - 8000))";
        STAMP_AHEAD: "faregate call cvm DescribeZones Timestamp=$(($(date +%s) + 8000))";
    }
    ProtocolNotSupported {
        METHOD_NOT_ALLOWED: curl!("curl -sS -X PUT 'https://cvm.api.qcloud.com/v2/index.php?Action=DescribeZones'");
        MEDIA_TYPE: curl!("curl -sS -H 'Content-Type: text/plain' -d 'Action=DescribeZones' https://cvm.api.qcloud.com/v2/index.php");
        UNSPOKEN_FEATURE: curl!("curl -sS -H 'Content-Encoding: gzip' -d 'Action=DescribeZones' https://cvm.api.qcloud.com/v2/index.php");
        PLAIN_HTTP: curl!("curl -sS -H 'Host: cvm.api.qcloud.com' \"http://$FAREGATE_HTTPS/v2/index.php?Action=DescribeZones\"");
    }
    ResourceNotFound {
        NO_SUCH_RESOURCE: "faregate call cvm ReturnInstance instanceId=ins-00000000";
    }
    OperationFailed {
        MODULE_ERROR: buy!(" projectId=999999");
        NOT_ATTEMPTED: concat!("id=$(", buy!(), " | grep -o 'ins-[0-9a-z]*' | head -n 1)\nfaregate call cvm TransferInstances accountId=100000006 instanceIds.0=$id instanceIds.1=ins-00000000 | grep -o '{\"code\":5100,\"message\":\"[^{}]*\"NOT_ATTEMPTED\"[^{}]*}'");
        ALL_FAILED: "faregate call cvm RestartInstances instanceIds.0=ins-00000000";
    }
    ResourceInsufficient {
        NOT_SOLD: "faregate call cvm RunInstances zone=gz-2 instanceType=GPU.LARGE1 imageId=img-debian-12 period=1 goodsNum=1";
    }
    InsufficientBalance {
        INSUFFICIENT_BALANCE: "faregate call -p poor cvm RunInstances zone=gz-1 instanceType=S1.SMALL1 imageId=img-debian-12 period=1 goodsNum=1";
        CREDIT_LIMIT: "faregate ledger credit poor 5.00 >&2\nfaregate call -p poor cvm RunInstances zone=gz-1 instanceType=S1.SMALL1 imageId=img-debian-12 period=1 goodsNum=1\nfaregate ledger credit poor 0 >&2";
        DAILY_CAP: concat!("faregate ledger cap demo 1.00 >&2\n", buy!(), "\nfaregate ledger cap demo none >&2");
    }
    PartialSuccess {
        SOME_FAILED: concat!("id=$(", buy!(), " | grep -o 'ins-[0-9a-z]*' | head -n 1)\nfaregate call cvm RestartInstances instanceIds.0=$id instanceIds.1=ins-00000000");
    }
    UserQualificationAuditFailed {
        IDENTITY_NOT_VERIFIED: "faregate call -p unverified cvm RunInstances zone=gz-1 instanceType=S1.SMALL1 imageId=img-debian-12 period=1 goodsNum=1";
        IDENTITY_PENDING: "faregate identity set unverified pending >&2\nsleep 1\nfaregate call -p unverified cvm RunInstances zone=gz-1 instanceType=S1.SMALL1 imageId=img-debian-12 period=1 goodsNum=1\nfaregate identity set unverified unverified >&2";
        IDENTITY_FAILED: "faregate identity set unverified failed >&2\nsleep 1\nfaregate call -p unverified cvm RunInstances zone=gz-1 instanceType=S1.SMALL1 imageId=img-debian-12 period=1 goodsNum=1\nfaregate identity set unverified unverified >&2";
        IDENTITY_EXPIRED: "faregate identity set unverified verified --until 2020-12-31 >&2\nsleep 1\nfaregate call -p unverified cvm RunInstances zone=gz-1 instanceType=S1.SMALL1 imageId=img-debian-12 period=1 goodsNum=1\nfaregate identity set unverified unverified >&2";
    }
    InternalError {
        UPSTREAM_NONSENSE: "faregate call cvm RunInstances zone=gz-1 instanceType=S1.SMALL1 imageId=img-nonsense period=1 goodsNum=1";
        UPSTREAM_STATUS: "faregate call cvm RunInstances zone=gz-1 instanceType=S1.SMALL1 imageId=img-500 period=1 goodsNum=1";
        UPSTREAM_UNREACHABLE: fault!("6000.UPSTREAM_UNREACHABLE");
        UPSTREAM_TIMEOUT: fault!("6000.UPSTREAM_TIMEOUT");
        UPSTREAM_RESET: fault!("6000.UPSTREAM_RESET");
        UPSTREAM_FOREIGN_CODE: fault!("6000.UPSTREAM_FOREIGN_CODE");
        UPSTREAM_RESERVED_MEMBER: fault!("6000.UPSTREAM_RESERVED_MEMBER");
        UPSTREAM_NO_CREATED_ID: concat!("faregate fault add cvm:RunInstances --code 6000.UPSTREAM_NO_CREATED_ID --times 1 >/dev/null\n", buy!());
        UPSTREAM_NO_LIST: fault!("6000.UPSTREAM_NO_LIST", "cvm:DescribeInstances", "cvm DescribeInstances");
        OUTCOME_UNKNOWN: fault!("6000.OUTCOME_UNKNOWN");
        PANIC: fault!("6000.PANIC");
        INTERNAL: fault!("6000.INTERNAL");
    }
    VersionNotSupported {
        NO_SUCH_DOMAIN: "faregate call nothing DescribeZones";
        NO_SUCH_PATH: curl!("curl -sS 'https://cvm.api.qcloud.com/v9/index.php?Action=DescribeZones'");
        NO_SUCH_ACTION: "faregate call cvm DescribeZone";
        AMBIGUOUS_HOST: fault!("6100.AMBIGUOUS_HOST");
        NO_SUCH_VERSION: "faregate call cvm DescribeZones Version=1999-12-31";
        WITHDRAWN: "faregate maintenance on cvm:DescribeProject --withdrawn\nsleep 1\nfaregate call cvm DescribeProject\nfaregate maintenance off cvm:DescribeProject >/dev/null";
        LASTING_MAINTENANCE: "faregate maintenance on cvm:DescribeProject --lasting\nsleep 1\nfaregate call cvm DescribeProject\nfaregate maintenance off cvm:DescribeProject >/dev/null";
    }
    ServiceUnavailable {
        MAINTENANCE: "faregate maintenance on cvm:DescribeProject --for 10m --message 'Back soon.'\nsleep 1\nfaregate call --retries 0 cvm DescribeProject\nfaregate maintenance off cvm:DescribeProject >/dev/null";
        BREAKER_OPEN: fault!("6200.BREAKER_OPEN");
        MODULE_UNAVAILABLE: fault!("6200.MODULE_UNAVAILABLE");
        STORE_DOWN: fault!("6200.STORE_DOWN");
        OVERLOAD: fault!("6200.OVERLOAD");
    }
}

#[cfg(test)]
mod spec {
    use super::*;

    #[test]
    fn each_is_for_a_reason_that_there_is_and_each_code_has_one() {
        for (n, one) in REPRODUCTIONS.iter().enumerate() {
            let page = PAGES.iter().find(|page| page.code == one.code).unwrap();
            let known = page.reasons.iter().any(|reason| reason.as_str() == one.reason);
            assert!(known, "{} {}", one.code, one.reason);
            let first =
                REPRODUCTIONS.iter().position(|o| (o.code, o.reason) == (one.code, one.reason));
            assert_eq!(first, Some(n), "{} {} stands twice", one.code, one.reason);
        }
        for page in PAGES {
            assert!(REPRODUCTIONS.iter().any(|one| one.code == page.code), "{}", page.code);
        }
    }
}
