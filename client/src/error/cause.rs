//! What lies below an error of a connection.

use std::error::Error;
use std::io;

/// Finds an error of one kind among an error and its causes, where an [`io::Error`] carries it: so
/// it comes through those who know of bytes alone.
pub(crate) fn cause_in<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| inner.downcast_ref::<E>()) {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
