//! Nothing that a client tells may hold a secret: not its events, its errors nor its `Debug`.

use contajners::Error;
pub(crate) use contajners_tests::secrets::{check, listen, none_was_told};

/// Fails if an error tells a secret, in whichever way it is shown.
#[track_caller]
pub(crate) fn check_error(error: &Error) {
    check(&format!("{error} {error:?} {error:#?}"));
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        check(&format!("{error} {error:?}"));
        cause = error.source();
    }
    check(error.hint().unwrap_or_default());
}
