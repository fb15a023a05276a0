//! The corpus of each fuzz target, as ordinary tests; new findings are added to it.

use std::path::Path;

#[path = "../../../fuzz/targets/properties.rs"]
mod properties;

fn every(target: &str, property: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut n_inputs = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        property(&std::fs::read(path).unwrap());
        n_inputs += 1;
    }
    assert!(n_inputs > 0, "{}: no input", folder.display());
}

#[test]
fn a_decoded_form_encodes_to_what_decodes_alike() {
    every("form", properties::form);
}

#[test]
fn what_is_signed_verifies_wholly_and_with_no_other_secret() {
    every("v2", properties::v2);
}

#[test]
fn a_module_error_reads_as_it_is_written() {
    every("module_code", properties::module_code);
}

#[test]
fn no_answer_breaks_its_reader() {
    every("envelope", properties::envelope);
}

#[test]
fn what_is_read_of_a_form_is_read_again_from_its_own_spelling() {
    every("pairs", properties::pairs);
}

#[test]
fn an_authorization_header_reads_as_it_is_written_and_signs_one_body() {
    every("tc3", properties::tc3);
}

#[test]
fn no_captured_line_breaks_its_judge() {
    every("capture", properties::capture);
}

#[test]
fn money_reads_as_it_is_written() {
    every("money", properties::money);
}

#[test]
fn a_document_is_a_catalog_or_its_problems_are_shown() {
    every("document", properties::document);
}

#[test]
fn arguments_flatten_to_what_reads_alike() {
    every("arguments", properties::arguments);
}

#[test]
fn a_multipart_body_reads_as_it_is_written() {
    every("multipart", properties::multipart);
}

#[test]
fn no_request_breaks_its_diagnosis() {
    every("diagnose", properties::diagnosis);
}
