//! Ports and sockets before an engine: for transports that it does not have itself, to count its
//! connections, and to make a bad one of a good one.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// What the name of each folder begins with; the process id of the owner and some letters follow.
pub(crate) const PREFIX: &str = "contajners-front-";

/// The name of a socket in its folder.
const SOCKET: &str = "socket";

/// What a front leads to.
#[derive(Clone, Debug)]
pub enum Target {
    /// A unix socket.
    Unix(PathBuf),
    /// A port.
    Tcp(SocketAddr),
    /// A program with its arguments, started for each connection, which is its standard input and
    /// output.
    Program(Vec<String>),
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// To the engine.
    Up,
    /// From the engine.
    Down,
}

/// How bytes are passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As they come.
    Whole,
    /// In pieces of so many bytes, with a pause after each.
    Pieces(usize, Duration),
}

/// A port of 127.0.0.1 or a unix socket whose connections are passed on, byte for byte.
///
/// The end of one direction is passed on alone, as attached containers need it. Dropping the front
/// closes it and cuts what is open.
#[derive(Debug)]
pub struct Front {
    address: Address,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Address {
    Tcp(SocketAddr),
    // The folder goes with the front, and the socket in it.
    Unix(TempDir),
}

#[derive(Debug)]
struct Shared {
    target: Target,
    stopping: AtomicBool,
    accepted: AtomicUsize,
    open: Mutex<HashMap<usize, Pair>>,
    orders: Mutex<Orders>,
}

#[derive(Debug)]
struct Pair {
    client: Socket,
    engine: Socket,
    /// Whether the client has ended its direction.
    let_go: bool,
}

#[derive(Debug)]
struct Orders {
    up: Pace,
    down: Pace,
    /// How many bytes of a direction are still passed on before the connection is cut.
    cut: Option<(Way, usize)>,
    /// How many connections have been cut.
    done: usize,
}

impl Front {
    /// Opens a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If no port can be opened. Whether the target answers shows only with the first connection,
    /// which is closed at once if it does not.
    pub fn tcp(target: Target) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = Address::Tcp(listener.local_addr()?);
        let accept = move || {
            let (stream, _) = listener.accept()?;
            stream.set_nodelay(true)?;
            Ok(Socket::Tcp(stream))
        };
        Self::start(address, target, accept)
    }

    /// Opens a unix socket in a folder of its own.
    ///
    /// # Errors
    ///
    /// As [`Front::tcp`].
    pub fn unix(target: Target) -> io::Result<Self> {
        let prefix = format!("{PREFIX}{}-", process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir()?;
        let listener = UnixListener::bind(folder.path().join(SOCKET))?;
        let accept = move || Ok(Socket::Unix(listener.accept()?.0));
        Self::start(Address::Unix(folder), target, accept)
    }

    fn start(
        address: Address,
        target: Target,
        accept: impl Fn() -> io::Result<Socket> + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            target,
            stopping: AtomicBool::new(false),
            accepted: AtomicUsize::new(0),
            open: Mutex::default(),
            orders: Mutex::new(Orders { up: Pace::Whole, down: Pace::Whole, cut: None, done: 0 }),
        });
        let acceptor = thread::Builder::new().name("front".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || accept_all(accept, &shared)
        })?;
        Ok(Self { address, shared, acceptor: Some(acceptor) })
    }

    /// Returns `tcp://127.0.0.1:PORT` or `unix:///…/socket`.
    pub fn uri(&self) -> String {
        match &self.address {
            Address::Tcp(address) => format!("tcp://{address}"),
            Address::Unix(folder) => format!("unix://{}", folder.path().join(SOCKET).display()),
        }
    }

    /// Returns the address of the port.
    ///
    /// # Panics
    ///
    /// If it is a unix socket.
    pub fn address(&self) -> SocketAddr {
        match &self.address {
            Address::Tcp(address) => *address,
            Address::Unix(_) => panic!("{} is not a port", self.uri()),
        }
    }

    /// Returns the path of the socket.
    ///
    /// # Panics
    ///
    /// If it is a port.
    pub fn socket(&self) -> PathBuf {
        match &self.address {
            Address::Tcp(address) => panic!("{address} is not a socket"),
            Address::Unix(folder) => folder.path().join(SOCKET),
        }
    }

    /// Returns how many connections there have been.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// Returns how many connections stand: neither side has let them go altogether.
    pub fn open(&self) -> usize {
        self.shared.open().len()
    }

    /// Returns how many connections stand that the client has not let go, not even for its own
    /// direction.
    pub fn held(&self) -> usize {
        self.shared.open().values().filter(|pair| !pair.let_go).count()
    }

    /// Waits until so many connections stand.
    ///
    /// # Panics
    ///
    /// If they do not within a minute.
    #[track_caller]
    pub fn wait_open(&self, count: usize) {
        wait_for(count, || self.open());
    }

    /// Waits until the client holds so many connections.
    ///
    /// # Panics
    ///
    /// If it does not within a minute.
    #[track_caller]
    pub fn wait_held(&self, count: usize) {
        wait_for(count, || self.held());
    }

    /// Sets how bytes are passed on from now.
    pub fn set_pace(&self, way: Way, pace: Pace) {
        let mut orders = self.shared.orders();
        match way {
            Way::Up => orders.up = pace,
            Way::Down => orders.down = pace,
        }
    }

    /// Cuts one connection, the one that next passes on so many bytes, counted from now. What
    /// came before these still arrives.
    pub fn cut_after(&self, way: Way, bytes: usize) {
        self.shared.orders().cut = Some((way, bytes));
    }

    /// Cuts all connections that stand.
    pub fn cut_open(&self) {
        for pair in self.shared.open().values() {
            let _ = pair.client.shutdown(Shutdown::Both);
            let _ = pair.engine.shutdown(Shutdown::Both);
        }
    }

    /// Returns how many connections were cut by [`Front::cut_after`].
    pub fn cuts(&self) -> usize {
        self.shared.orders().done
    }
}

#[track_caller]
fn wait_for(count: usize, measure: impl Fn() -> usize) {
    let start = Instant::now();
    loop {
        let found = measure();
        if found == count {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{found} connections, not {count}");
        thread::sleep(Duration::from_millis(5));
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which waits for nothing but a connection.
        let woken = match &self.address {
            Address::Tcp(address) => TcpStream::connect(address).is_ok(),
            Address::Unix(folder) => UnixStream::connect(folder.path().join(SOCKET)).is_ok(),
        };
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            let _ = acceptor.join();
        }
        self.cut_open();
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, HashMap<usize, Pair>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of these bytes may go on, and whether that is the end.
    fn allow(&self, way: Way, bytes: usize) -> (usize, bool, Pace) {
        let mut orders = self.orders();
        let pace = match way {
            Way::Up => orders.up,
            Way::Down => orders.down,
        };
        match &mut orders.cut {
            Some((cut, left)) if *cut == way && *left <= bytes => {
                let left = *left;
                orders.cut = None;
                orders.done += 1;
                (left, true, pace)
            }
            Some((cut, left)) if *cut == way => {
                *left -= bytes;
                (bytes, false, pace)
            }
            _ => (bytes, false, pace),
        }
    }
}

fn accept_all(accept: impl Fn() -> io::Result<Socket>, shared: &Arc<Shared>) {
    loop {
        let client = accept();
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        // A front that cannot go on shows as a connection that ends, like a broken proxy's.
        let Ok(client) = client else { continue };
        let Ok(engine) = Socket::connect(&shared.target) else { continue };
        let id = shared.accepted.fetch_add(1, Ordering::SeqCst);
        let _ = pass(id, client, engine, shared);
    }
}

fn pass(id: usize, client: Socket, engine: Socket, shared: &Arc<Shared>) -> io::Result<()> {
    let pair = Pair { client: client.try_clone()?, engine: engine.try_clone()?, let_go: false };
    let (up_from, up_to) = (client.try_clone()?, engine.try_clone()?);
    shared.open().insert(id, pair);
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        let up = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                copy(up_from, up_to, Way::Up, &shared);
                if let Some(pair) = shared.open().get_mut(&id) {
                    pair.let_go = true;
                }
            }
        });
        copy(engine, client, Way::Down, &shared);
        let _ = up.join();
        shared.open().remove(&id);
    });
    Ok(())
}

/// Copies to the end, and passes the end on; an error on either side is one, too.
fn copy(mut from: Socket, mut to: Socket, way: Way, shared: &Shared) {
    let mut buffer = [0; 16 * 1024];
    let end = loop {
        match from.read(&mut buffer) {
            Ok(0) => break End::OfSource,
            Ok(count) => {
                let (allowed, is_cut, pace) = shared.allow(way, count);
                if write(&mut to, &buffer[..allowed], pace).is_err() {
                    break End::OfSink;
                }
                if is_cut {
                    break End::Cut;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break End::OfSource,
        }
    };
    let (of_sink, of_source) = match (way, end) {
        (_, End::OfSource) => (Shutdown::Write, Shutdown::Read),
        // The engine may be done while the client still sends; the client then learns it by
        // writing.
        (Way::Up, End::OfSink) => (Shutdown::Write, Shutdown::Read),
        // A client that takes nothing is gone, and the engine must not go on for nobody: a port
        // that is shut for reading alone would go on taking what comes.
        (Way::Down, End::OfSink) => (Shutdown::Both, Shutdown::Both),
        // The client's side gets an end rather than a reset, which could overtake what has been
        // passed on.
        (Way::Down, End::Cut) => (Shutdown::Write, Shutdown::Both),
        (Way::Up, End::Cut) => (Shutdown::Both, Shutdown::Both),
    };
    let _ = to.shutdown(of_sink);
    let _ = from.shutdown(of_source);
}

/// Why one direction ends.
enum End {
    OfSource,
    OfSink,
    Cut,
}

fn write(to: &mut Socket, bytes: &[u8], pace: Pace) -> io::Result<()> {
    match pace {
        Pace::Whole => to.write_all(bytes),
        Pace::Pieces(size, pause) => bytes.chunks(size).try_for_each(|piece| {
            to.write_all(piece)?;
            thread::sleep(pause);
            Ok(())
        }),
    }
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    fn connect(target: &Target) -> io::Result<Self> {
        Ok(match target {
            Target::Unix(path) => Self::Unix(UnixStream::connect(path)?),
            Target::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                Self::Tcp(stream)
            }
            Target::Program(words) => {
                let (near, far) = UnixStream::pair()?;
                let (program, words) = words.split_first().ok_or(ErrorKind::InvalidInput)?;
                let mut child = Command::new(program)
                    .args(words)
                    .stdin(OwnedFd::from(far.try_clone()?))
                    .stdout(OwnedFd::from(far))
                    .stderr(Stdio::null())
                    .spawn()?;
                // It ends with its connection, and somebody has to wait for it.
                thread::spawn(move || child.wait());
                Self::Unix(near)
            }
        })
    }

    fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(stream.try_clone()?),
            Self::Unix(stream) => Self::Unix(stream.try_clone()?),
        })
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(how),
            Self::Unix(stream) => stream.shutdown(how),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front() -> (TempDir, UnixListener, Front) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let front = Front::tcp(Target::Unix(socket)).unwrap();
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
        front.wait_open(0);
        assert_eq!(front.accepted(), 1);
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

    #[test]
    fn a_program_is_started_for_each_connection() {
        let front = Front::unix(Target::Program(vec!["cat".to_owned()])).unwrap();
        for _ in 0..2 {
            let mut client = UnixStream::connect(front.socket()).unwrap();
            client.write_all(b"there and back").unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            let mut received = String::new();
            client.read_to_string(&mut received).unwrap();
            assert_eq!(received, "there and back");
        }
        front.wait_open(0);
    }

    #[test]
    fn cuts_once_and_where_it_is_told_to() {
        let (_folder, listener, front) = front();
        front.set_pace(Way::Down, Pace::Pieces(1, Duration::ZERO));
        for expected in ["all I", "all I have"] {
            if expected == "all I" {
                front.cut_after(Way::Down, 5);
            }
            let mut client = TcpStream::connect(front.address()).unwrap();
            let (mut engine, _) = listener.accept().unwrap();
            engine.write_all(b"all I have").unwrap();
            engine.shutdown(Shutdown::Write).unwrap();
            let mut received = String::new();
            client.read_to_string(&mut received).unwrap();
            assert_eq!(received, expected);
        }
        assert_eq!(front.cuts(), 1);

        front.cut_after(Way::Up, 3);
        let mut client = TcpStream::connect(front.address()).unwrap();
        let (mut engine, _) = listener.accept().unwrap();
        client.write_all(b"refused").unwrap();
        let mut received = String::new();
        engine.read_to_string(&mut received).unwrap();
        assert_eq!((&*received, client.read(&mut [0]).unwrap_or(0)), ("ref", 0));
    }
}
