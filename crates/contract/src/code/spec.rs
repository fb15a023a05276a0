//! The table is the page: numbers, Error Types and Descriptions, word for word.

use super::*;

/// The published page, as it is in the repository's `error-codes.md`.
const PAGE: &str = include_str!("page.md");

#[test]
fn every_row_of_the_page_is_a_code_and_every_code_a_row_of_the_page() {
    let rows: Vec<&str> = PAGE
        .lines()
        .filter(|line| line.get(..4).is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit())))
        .collect();
    assert_eq!(rows.len(), 16, "the page has sixteen refusals");
    for (row, code) in rows.iter().zip(Code::ALL.into_iter().skip(1)) {
        assert_eq!(*row, format!("{code} {} {}", code.error_type(), code.description()));
    }
    assert!(PAGE.contains(Code::Success.description()));
}

#[test]
fn numbers_come_back_from_text_json_and_u16() {
    for code in Code::ALL {
        assert_eq!(code.to_string().parse(), Ok(code));
        assert_eq!(Code::try_from(code.number()), Ok(code));
        let json = serde_json::to_string(&code).unwrap();
        assert_eq!(json, code.to_string(), "a JSON number, never a string");
        assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), code);
    }
}

#[test]
fn what_is_not_a_code_is_refused_where_asked_and_kept_on_the_wire() {
    for text in ["", "4001", "65536", "-1", "+0", "4e3", "4000 ", "四千"] {
        assert!(text.parse::<Code>().is_err(), "{text:?}");
    }
    assert_eq!(Code::from_wire(4104), Code::Other(4104));
    assert_eq!(Code::from_wire(4104).number(), 4104);
    assert!(!Code::PartialSuccess.is_success());
}

#[test]
fn http_statuses_are_real_ones_and_only_zero_is_200() {
    for code in Code::ALL {
        assert_eq!(code.http_status() == 200, code.is_success(), "{code}");
        assert!((200..600).contains(&code.http_status()));
    }
}

#[test]
fn numbers_ascend_so_none_stands_twice() {
    assert!(Code::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
}
