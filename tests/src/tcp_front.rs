//! A TCP port in front of a unix socket, for tests of clients that speak TCP.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// A port of 127.0.0.1 whose connections are passed to a unix socket, byte for byte.
///
/// The end of one direction is passed on alone, as attached containers need it. Dropping the front
/// closes the port and cuts what is open.
#[derive(Debug)]
pub struct TcpFront {
    address: SocketAddr,
    connections: Arc<Connections>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Connections {
    stopping: AtomicBool,
    open: Mutex<HashMap<u64, (TcpStream, UnixStream)>>,
}

impl TcpFront {
    /// Opens a free port that leads to `socket`.
    ///
    /// # Errors
    ///
    /// If no port can be opened. Whether `socket` answers shows only with the first connection,
    /// which is closed at once if it does not.
    pub fn start(socket: &Path) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let connections = Arc::new(Connections::default());
        let acceptor = thread::Builder::new().name("tcp-front".to_owned()).spawn({
            let (connections, socket) = (Arc::clone(&connections), socket.to_owned());
            move || accept(&listener, &socket, &connections)
        })?;
        Ok(Self { address, connections, acceptor: Some(acceptor) })
    }

    /// Returns `tcp://127.0.0.1:PORT`.
    pub fn uri(&self) -> String {
        format!("tcp://{}", self.address)
    }

    /// Returns the address of the port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for TcpFront {
    fn drop(&mut self) {
        self.connections.stopping.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which waits for nothing but a connection.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            let _ = acceptor.join();
        }
        for (tcp, unix) in self.connections.lock().values() {
            cut(tcp, unix);
        }
    }
}

impl Connections {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, (TcpStream, UnixStream)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(listener: &TcpListener, socket: &PathBuf, connections: &Arc<Connections>) {
    for (id, tcp) in (0..).zip(listener.incoming()) {
        if connections.stopping.load(Ordering::SeqCst) {
            return;
        }
        // A front that cannot go on shows as a connection that ends, like a broken proxy's.
        let Ok(tcp) = tcp else { continue };
        let Ok(unix) = UnixStream::connect(socket) else { continue };
        let _ = pass(id, &tcp, &unix, connections);
    }
}

fn pass(
    id: u64,
    tcp: &TcpStream,
    unix: &UnixStream,
    connections: &Arc<Connections>,
) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let (mut from_tcp, mut to_tcp) = (tcp.try_clone()?, tcp.try_clone()?);
    let (mut from_unix, mut to_unix) = (unix.try_clone()?, unix.try_clone()?);
    connections.lock().insert(id, (tcp.try_clone()?, unix.try_clone()?));
    let connections = Arc::clone(connections);
    thread::spawn(move || {
        let up = thread::spawn(move || {
            copy(&mut from_tcp, &mut to_unix);
            let _ = to_unix.shutdown(Shutdown::Write);
        });
        copy(&mut from_unix, &mut to_tcp);
        let _ = to_tcp.shutdown(Shutdown::Write);
        // The engine may be done while the client still sends; the client then learns it by writing.
        let _ = from_unix.shutdown(Shutdown::Read);
        let _ = up.join();
        connections.lock().remove(&id);
    });
    Ok(())
}

/// Copies to the end; an error on either side ends it too.
fn copy(from: &mut impl Read, to: &mut impl Write) {
    let mut buffer = [0; 16 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                if to.write_all(&buffer[..count]).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

fn cut(tcp: &TcpStream, unix: &UnixStream) {
    let _ = tcp.shutdown(Shutdown::Both);
    let _ = unix.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::time::Duration;

    use super::*;

    fn front() -> (tempfile::TempDir, UnixListener, TcpFront) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let front = TcpFront::start(&socket).unwrap();
        (folder, listener, front)
    }

    #[test]
    fn passes_the_end_of_one_direction_on() {
        let (_folder, listener, front) = front();
        let mut client = TcpStream::connect(front.address()).unwrap();
        let (mut engine, _) = listener.accept().unwrap();

        client.write_all(b"to the engine").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut received = String::new();
        engine.read_to_string(&mut received).unwrap();
        assert_eq!(received, "to the engine");

        engine.write_all(b"and still back").unwrap();
        drop(engine);
        received.clear();
        client.read_to_string(&mut received).unwrap();
        assert_eq!(received, "and still back");
    }

    #[test]
    fn passes_the_end_of_the_other_direction_on() {
        let (_folder, listener, front) = front();
        let mut client = TcpStream::connect(front.address()).unwrap();
        let (mut engine, _) = listener.accept().unwrap();

        engine.write_all(b"all I have").unwrap();
        engine.shutdown(Shutdown::Write).unwrap();
        let mut received = String::new();
        client.read_to_string(&mut received).unwrap();
        assert_eq!(received, "all I have");

        client.write_all(b"then listen").unwrap();
        drop(client);
        received.clear();
        engine.read_to_string(&mut received).unwrap();
        assert_eq!(received, "then listen");
    }

    #[test]
    fn drop_closes_the_port_and_cuts_what_is_open() {
        let (_folder, listener, front) = front();
        let address = front.address();
        let mut client = TcpStream::connect(address).unwrap();
        let (mut engine, _) = listener.accept().unwrap();
        // One byte through both threads: the connection is known to the front.
        client.write_all(b"x").unwrap();
        engine.read_exact(&mut [0]).unwrap();

        drop(front);
        client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        assert!(TcpStream::connect(address).is_err());
    }

    #[test]
    fn a_dead_engine_is_a_connection_that_ends() {
        let (_folder, listener, front) = front();
        drop(listener);
        let mut client = TcpStream::connect(front.address()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        assert!(matches!(client.read(&mut [0]), Ok(0) | Err(_)));
    }
}
