//! Which protocols are spoken.

use super::*;
use crate::call::Body;
use crate::call::fixture::raw;

#[test]
fn two_methods_and_one_media_type_are_spoken() {
    for (title, method, content_type, unspoken, reason) in [
        ("a GET", RawMethod::Get, None, None, None),
        ("a GET with a stray type", RawMethod::Get, Some("text/html"), None, None),
        (
            "a POST of a form",
            RawMethod::Post,
            Some("application/x-www-form-urlencoded"),
            None,
            None,
        ),
        (
            "its charset",
            RawMethod::Post,
            Some("Application/X-WWW-Form-Urlencoded; charset=utf-8"),
            None,
            None,
        ),
        ("CMQ's POST without a type", RawMethod::Post, None, None, None),
        ("JSON", RawMethod::Post, Some("application/json"), None, Some("MEDIA_TYPE")),
        (
            "a part of the name",
            RawMethod::Post,
            Some("application/x-www-form"),
            None,
            Some("MEDIA_TYPE"),
        ),
        ("PUT", RawMethod::Other("PUT".into()), None, None, Some("METHOD_NOT_ALLOWED")),
        (
            "get in lower case",
            RawMethod::Other("get".into()),
            None,
            None,
            Some("METHOD_NOT_ALLOWED"),
        ),
        (
            "a compressed body",
            RawMethod::Post,
            None,
            Some("Content-Encoding: gzip"),
            Some("UNSPOKEN_FEATURE"),
        ),
    ] {
        let call = RawCall {
            method,
            content_type: content_type.map(str::to_owned),
            unspoken: unspoken.map(str::to_owned),
            body: Body::Whole(bytes::Bytes::new()),
            ..raw()
        };
        let refused = check(call).err().map(Refusal::from);
        assert_eq!(refused.as_ref().map(|r| r.reason.as_str()), reason, "{title}");
        assert!(refused.is_none_or(|r| r.code == Code::ProtocolNotSupported), "{title}");
    }
}
