//! What stands in for TLS in a program that was built without it.

use std::error;
use std::io;

use tokio::net::TcpStream;

use super::{Fault, Tls};
use crate::transport::Wire;

/// There is none.
#[derive(Debug)]
pub(crate) enum Connector {}

impl Connector {
    pub(crate) fn new(_: &Tls, _: &str) -> Result<Self, Fault> {
        Err(Fault::new(
            "tls-not-built",
            "this program was built without TLS",
            "turn on the feature `tls` of `contajners`",
        ))
    }

    pub(crate) async fn connect(&self, _: TcpStream) -> io::Result<Box<dyn Wire>> {
        match *self {}
    }
}

pub(crate) fn fault_in(
    _: &(dyn error::Error + 'static),
    _: Option<&Connector>,
    _: &str,
    _: &str,
) -> Option<Fault> {
    None
}
