//! Connections over TCP, to whichever address of a host answers.
//!
//! A host may have several addresses, and some of them lead nowhere from here: an IPv6 address where
//! only IPv4 is routed. What leads nowhere says nothing either, so others are not kept waiting for it
//! (RFC 8305).

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::sleep;

use crate::Work;

/// How long an address is waited for before the next one is tried, too: as RFC 8305 recommends.
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to a host, which is a name or the number of an address.
pub(crate) async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = first_of(in_turn(lookup_host((host, port)).await?)).await?;
    // Requests are written whole: waiting for more would only delay them.
    stream.set_nodelay(true)?;
    keep_alive(&stream);
    Ok(stream)
}

/// Puts addresses of the two families in turn, beginning with that of the first: the order is the
/// system's.
fn in_turn(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let addresses: Vec<_> = addresses.collect();
    let is_first = addresses.first().map(SocketAddr::is_ipv6);
    let (ours, others): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| Some(address.is_ipv6()) == is_first);
    let (mut ours, mut others) = (ours.into_iter(), others.into_iter());
    let mut turns = Vec::new();
    while ours.len() + others.len() > 0 {
        turns.extend(ours.next().into_iter().chain(others.next()));
    }
    turns
}

/// Connects to whichever of the addresses answers first. Each has a head start before the next; one
/// that fails leaves its place at once.
async fn first_of(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut addresses = addresses.into_iter();
    let mut under_way: Vec<Work<'_, io::Result<TcpStream>>> = Vec::new();
    let mut failure = None;
    loop {
        let next = addresses.next().map(TcpStream::connect);
        under_way.extend(next.map(|attempt| -> Work<'_, _> { Box::pin(attempt) }));
        if under_way.is_empty() {
            let none = || io::Error::new(io::ErrorKind::NotFound, "the host has no address");
            return Err(failure.unwrap_or_else(none));
        }
        let others = addresses.len();
        let mut head_start = (others > 0).then(|| Box::pin(sleep(HEAD_START)));
        let connected = poll_fn(|context| {
            let mut at = 0;
            while let Some(attempt) = under_way.get_mut(at) {
                match attempt.as_mut().poll(context) {
                    Poll::Pending => at += 1,
                    Poll::Ready(Ok(stream)) => return Poll::Ready(Some(stream)),
                    Poll::Ready(Err(error)) => {
                        // That one leads nowhere says less than that nothing listens at another.
                        let is_telling = error.kind() == io::ErrorKind::ConnectionRefused;
                        if is_telling || failure.is_none() {
                            failure = Some(error);
                        }
                        drop(under_way.swap_remove(at));
                        if others > 0 || under_way.is_empty() {
                            return Poll::Ready(None);
                        }
                    }
                }
            }
            match &mut head_start {
                None => Poll::Pending,
                Some(head_start) => head_start.as_mut().poll(context).map(|()| None),
            }
        });
        if let Some(stream) = connected.await {
            return Ok(stream);
        }
    }
}

/// Has the system ask now and then whether the other side is still there: who follows events waits
/// for days, and of a host that is gone nothing ever comes.
fn keep_alive(stream: &TcpStream) {
    let every = Duration::from_secs(30);
    let asking = TcpKeepalive::new().with_time(every);
    #[cfg(any(target_os = "linux", target_os = "macos", windows))]
    let asking = asking.with_interval(every);
    // A system that does not do that carries calls all the same.
    let _ = SockRef::from(stream).set_tcp_keepalive(&asking);
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::time::Instant;

    use socket2::{Domain, Socket, Type};

    use super::*;

    fn good() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// An address that says nothing to whoever connects: as many wait there as may.
    #[cfg(target_os = "linux")]
    fn mute() -> (Socket, Vec<Socket>, SocketAddr) {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        loop {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            let connected = socket.connect_timeout(&address, Duration::from_millis(200));
            waiting.push(socket);
            if connected.is_err() {
                return (listener, waiting, address.as_socket().unwrap());
            }
        }
    }

    #[test]
    fn families_take_turns() {
        let check = |given: &str, expected: &str| {
            let parse = |text: &str| SocketAddr::new(text.parse().unwrap(), 1);
            let turns = in_turn(given.split(' ').map(parse));
            let turns: Vec<_> = turns.iter().map(|address| address.ip().to_string()).collect();
            assert_eq!(turns.join(" "), expected);
        };
        check("1.1.1.1", "1.1.1.1");
        check("::1 ::2 ::3 1.1.1.1 1.1.1.2", "::1 1.1.1.1 ::2 1.1.1.2 ::3");
        check("1.1.1.1 1.1.1.2 ::1", "1.1.1.1 ::1 1.1.1.2");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn an_address_that_says_nothing_holds_nobody_up() {
        let (mute, _waiting, silent) = mute();
        let (_listener, address) = good();
        let stream = first_of(vec![silent, silent, address]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), address);
        drop(mute);
    }

    #[tokio::test]
    async fn an_address_that_refuses_costs_no_time() {
        let refusing = good().1;
        let (_listener, address) = good();
        let began = Instant::now();
        let stream = first_of([refusing; 40].into_iter().chain([address]).collect()).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), address);
        // Each with a head start would be 10 s.
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn no_address_is_an_error() {
        let refusing = good().1;
        // Nobody can be connected to there.
        let nowhere = SocketAddr::from((Ipv4Addr::BROADCAST, 9));
        for addresses in [vec![refusing], vec![refusing, nowhere], vec![nowhere, refusing]] {
            let refused = first_of(addresses).await.unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        }
        let elsewhere = first_of(vec![nowhere]).await.unwrap_err();
        assert_ne!(elsewhere.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(first_of(Vec::new()).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_host_that_goes_is_missed() {
        let (_listener, address) = good();
        let stream = connect("127.0.0.1", address.port()).await.unwrap();
        assert!(stream.nodelay().unwrap());
        assert!(SockRef::from(&stream).keepalive().unwrap());
        let idle = SockRef::from(&stream).tcp_keepalive_time().unwrap();
        assert_eq!(idle, Duration::from_secs(30));
    }
}
