//! `faregate codes`: the seventeen codes.

use clap::Args;
use faregate_contract::Code;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::{self, Shape};

/// List the common error codes
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  faregate codes\n  faregate codes --json")]
pub(crate) struct Codes {
    #[command(flatten)]
    shape: Shape,
}

impl Codes {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let rows = Code::ALL.map(|code| {
            [code.to_string(), code.code_desc().to_owned(), code.error_type().to_owned()]
        });
        self.shape.write(&Code::ALL.into_iter().map(row).collect(), || {
            output::table(["CODE", "NAME", "ERROR TYPE"], &rows);
        });
        Ok(())
    }
}

fn row(code: Code) -> Value {
    json!({
        "code": code.number(),
        "codeDesc": code.code_desc(),
        "errorType": code.error_type(),
        "description": code.description(),
    })
}
