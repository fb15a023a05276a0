//! The typed tree that a price is evaluated by.

/// An expression whose types have been checked: money and integers are both 64 bits here.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Integer(i64),
    Flag(bool),
    Text(String),
    List(Vec<Expression>),
    Table(Vec<(Expression, Expression)>),
    /// `params`
    Arguments,
    /// `purchase.price` and the others
    Recorded(Fact),
    Select(Box<Expression>, String),
    Has(Box<Expression>, String),
    Index(Box<Expression>, Box<Expression>),
    Size(Box<Expression>),
    Contains(Box<Expression>, Box<Expression>),
    Arithmetic(Arithmetic, Box<Expression>, Box<Expression>),
    /// Money, a part, and the whole: `prorate`.
    Prorate(Box<Expression>, Box<Expression>, Box<Expression>),
    Negative(Box<Expression>),
    Not(Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Equal(Box<Expression>, Box<Expression>),
    Order(Order, Box<Expression>, Box<Expression>),
    If(Box<Expression>, Box<Expression>, Box<Expression>),
}

/// What is known of a purchase that is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    Price,
    Period,
    Elapsed,
}

/// Checked arithmetic of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    /// Towards zero, as CEL divides.
    Divide,
    Remainder,
    /// Towards plus infinity: `div_up`.
    DivideUp,
    /// Towards minus infinity: `div_down`.
    DivideDown,
}

/// An order of integers, money or texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
