//! `faregate codes`: the seventeen codes.

use clap::Args;
use faregate_contract::Code;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output;

/// List the common error codes
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  faregate codes\n  faregate codes --json")]
pub(crate) struct Codes {
    /// Answer with JSON
    #[arg(long)]
    json: bool,
}

impl Codes {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if self.json {
            let rows: Vec<Value> = Code::ALL.into_iter().map(row).collect();
            output::json(&rows);
            return Ok(());
        }
        let rows = Code::ALL.map(|code| {
            [code.to_string(), code.code_desc().to_owned(), code.error_type().to_owned()]
        });
        output::table(["CODE", "NAME", "ERROR TYPE"], &rows);
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
