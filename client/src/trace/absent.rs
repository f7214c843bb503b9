//! What stands in for spans and events in a program that was built without `tracing`: nobody is
//! told anything.

use contajners_core::Request;

use crate::client::Client;
use crate::error::Error;

/// There are none.
#[derive(Debug, Clone)]
pub(crate) struct Span;

impl Span {
    pub(crate) fn none() -> Self {
        Self
    }

    pub(crate) fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        work()
    }
}

/// Takes what an event takes, so that both are written alike, and does nothing with it.
macro_rules! nothing {
    ($($($name:ident).+ = $(%)? $(?)? $value:expr,)* $text:literal $(, $told:expr)?) => {
        if false {
            $(let _ = &$value;)*
            let _ = format_args!($text $(, $told)?);
        }
    };
}
pub(crate) use nothing as debug;
pub(crate) use nothing as warn;

pub(crate) async fn within<T>(_: &Span, work: impl Future<Output = T>) -> T {
    work.await
}

pub(crate) fn span(_: &Client, _: Option<&str>) -> Span {
    Span
}

pub(crate) fn resolved(_: &Span, _: &Client, _: &Request, _: Option<&str>) {}

pub(crate) fn answered(_: &Span, _: u16) {}

pub(crate) fn ended<T>(_: &Span, _: &Result<T, Error>) {}

pub(crate) fn failed(_: &Span, _: &Error) {}
