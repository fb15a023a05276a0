//! What stands for the parameters of a statement: a tuple, or a few of one kind.

use rusqlite::types::{ToSql, ToSqlOutput, Value};

use crate::error::{Fault, broken};

/// Parameters, in their order.
pub(crate) trait Values: Sized {
    fn lend<R>(&self, to: impl FnOnce(&[&dyn ToSql]) -> R) -> R;

    /// The same, to be sent elsewhere.
    fn owned(&self) -> Result<Vec<Value>, Fault> {
        self.lend(|values| values.iter().map(|value| own(*value)).collect())
    }
}

fn own(value: &dyn ToSql) -> Result<Value, Fault> {
    let said = value.to_sql()?;
    if let ToSqlOutput::Owned(value) = said {
        return Ok(value);
    }
    let ToSqlOutput::Borrowed(value) = said else {
        return Err(broken("a parameter of an unknown kind"));
    };
    Value::try_from(value).map_err(broken)
}

impl Values for [&dyn ToSql; 0] {
    fn lend<R>(&self, to: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        to(&[])
    }
}

macro_rules! of_arrays {
    ($($n:literal)*) => {$(
        impl<T: ToSql> Values for [T; $n] {
            fn lend<R>(&self, to: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
                to(&self.each_ref().map(|value| value as &dyn ToSql))
            }
        }
    )*};
}

macro_rules! of_tuples {
    ($($($kind:ident $at:tt),+;)*) => {$(
        impl<$($kind: ToSql),+> Values for ($($kind,)+) {
            fn lend<R>(&self, to: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
                to(&[$(&self.$at as &dyn ToSql),+])
            }
        }
    )*};
}

of_arrays! { 1 2 3 4 }
of_tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14;
}
