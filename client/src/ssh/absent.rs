//! What stands in for ssh in a program that was built without it.

use std::error;
use std::io;
use std::time::Duration;

use contajners_core::Pack;

use crate::endpoint::Endpoint;
use crate::transport::Wire;

/// Leave to begin a connection, which nobody needs.
pub(crate) type Turn<'s> = &'s ();

/// There is none: no client is built for such an address.
#[derive(Debug)]
pub(crate) struct Ssh;

impl Ssh {
    pub(crate) fn new(_: Pack<'_>, _: Vec<String>) -> Self {
        Self
    }

    pub(crate) async fn turn(
        &self,
        _: &Endpoint,
        _: Option<Duration>,
    ) -> Result<Option<Turn<'_>>, Duration> {
        Ok(None)
    }

    pub(crate) async fn connect(
        &self,
        _: &Endpoint,
        _: Option<Duration>,
    ) -> io::Result<Box<dyn Wire>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

pub(crate) fn words_in(_: &(dyn error::Error + 'static)) -> Option<io::Error> {
    None
}

#[cfg(all(test, feature = "docker"))]
mod tests {
    #[test]
    fn such_an_address_is_refused_when_the_client_is_built() {
        let error = crate::Client::builder("docker").uri("ssh://far").build().unwrap_err();
        assert_eq!((error.kind(), error.code()), (crate::ErrorKind::Config, "ssh-not-built"));
        assert_eq!(error.hint(), Some("turn on the feature `ssh` of `contajners`"));
    }
}
