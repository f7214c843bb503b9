//! An engine that misbehaves once, and again when it is told to, over every kind of connection.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use contajners::{Client, ClientBuilder, Credentials, Tls};
use rcgen::{CertificateParams, KeyPair, SanType};
use tempfile::TempDir;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Nobody waits longer than this for what has to happen.
pub(crate) const HANG: Duration = Duration::from_secs(60);

/// A connection as the engine has it.
pub(crate) trait Wire: Read + Write + Send {}

impl<T: Read + Write + Send> Wire for T {}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Unix,
    Tcp,
    Tls,
}

/// What the engine does to the first request, of which the head has been read.
pub(crate) type Fault = Arc<dyn Fn(&mut dyn Wire) -> Then + Send + Sync>;

/// What becomes of the connection then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// It waits for the next request.
    GoOn,
    Close,
}

/// What is the same in all of the engine's threads.
#[derive(Default)]
struct Shared {
    /// What comes over the first connection before anything is asked.
    greeting: Vec<u8>,
    connections: AtomicUsize,
    open: AtomicUsize,
    /// Whether the next request meets the fault, whichever connection it comes over.
    is_armed: AtomicBool,
    /// Whether the fault is over.
    is_sound: AtomicBool,
    /// Whether nobody is served any more.
    is_over: AtomicBool,
    heads: Mutex<Vec<String>>,
}

pub(crate) struct Engine {
    shared: Arc<Shared>,
    uri: String,
    tls: Option<Tls>,
    listening: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl Engine {
    pub(crate) fn start(transport: Transport, greeting: &[u8], fault: &Fault) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shared = Arc::new(Shared { greeting: greeting.to_vec(), ..Shared::default() });
        let serve = server(shared.clone(), fault.clone());
        let is_over = {
            let shared = shared.clone();
            move || shared.is_over.load(Ordering::SeqCst)
        };
        let (uri, tls, listening) = match transport {
            Transport::Unix => {
                let path = folder.path().join("engine.sock");
                let listener = UnixListener::bind(&path).unwrap();
                let listening = thread::spawn(move || {
                    let streams = listener.incoming().flatten().take_while(|_| !is_over());
                    streams.for_each(|stream| serve(Box::new(stream)));
                });
                (format!("unix://{}", path.display()), None, listening)
            }
            Transport::Tcp | Transport::Tls => {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let uri = format!("tcp://{}", listener.local_addr().unwrap());
                let certified = (transport == Transport::Tls).then(certified);
                let (config, tls) = certified.unzip();
                let listening = thread::spawn(move || {
                    let streams = listener.incoming().flatten().take_while(|_| !is_over());
                    for stream in streams.map(at_once) {
                        match &config {
                            None => serve(Box::new(stream)),
                            Some(config) => {
                                let connection = ServerConnection::new(config.clone()).unwrap();
                                serve(Box::new(StreamOwned::new(connection, stream)));
                            }
                        }
                    }
                });
                (uri, tls, listening)
            }
        };
        Self { shared, uri, tls, listening: Some(listening), _folder: folder }
    }

    /// A client of Docker v1.41 that asks for no version, and knows nobody's credentials.
    pub(crate) fn builder(&self) -> ClientBuilder {
        let builder = Client::builder("docker").uri(self.uri.clone()).api_version("v1.41");
        let builder = builder.credentials(Credentials::none());
        match &self.tls {
            Some(tls) => builder.tls(tls.clone()),
            None => builder,
        }
    }

    /// Heads of the requests that came.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.shared.heads.lock().unwrap().clone()
    }

    /// Waits until the fault is over: all of it has been said.
    pub(crate) fn wait_until_sound(&self) {
        let begun = Instant::now();
        while !self.shared.is_sound.load(Ordering::SeqCst) && begun.elapsed() < HANG {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Misbehaves once more.
    pub(crate) fn arm(&self) {
        self.shared.is_armed.store(true, Ordering::SeqCst);
    }

    /// Waits until no more than so many connections are open.
    pub(crate) fn is_down_to(&self, connections: usize) -> bool {
        let begun = Instant::now();
        while self.shared.open.load(Ordering::SeqCst) > connections {
            if begun.elapsed() > HANG {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        true
    }
}

impl Drop for Engine {
    /// Stops listening.
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Whoever waits for a connection gets one.
        let is_heard = match self.uri.split_once("://") {
            Some(("unix", path)) => UnixStream::connect(path).is_ok(),
            Some((_, address)) => TcpStream::connect(address).is_ok(),
            None => false,
        };
        if let Some(listening) = self.listening.take().filter(|_| is_heard) {
            let _ = listening.join();
        }
    }
}

/// A server's configuration, and what trusts it.
pub(crate) fn certified() -> (Arc<ServerConfig>, Tls) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::IpAddress("127.0.0.1".parse().unwrap())];
    let certificate = params.self_signed(&key).unwrap();
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], der)
        .unwrap();
    (Arc::new(config), Tls::new().ca_pem(certificate.pem()))
}

/// Makes a connection send what is written at once, as engines do: a short answer that still waits
/// for what went before to be acknowledged is lost when the connection is cut.
fn at_once(stream: TcpStream) -> TcpStream {
    stream.set_nodelay(true).unwrap();
    stream
}

/// What is done with each connection, on a thread of its own.
fn server(shared: Arc<Shared>, fault: Fault) -> impl Fn(Box<dyn Wire>) + Send {
    move |mut wire| {
        shared.open.fetch_add(1, Ordering::SeqCst);
        let is_first = shared.connections.fetch_add(1, Ordering::SeqCst) == 0;
        let (shared, fault) = (shared.clone(), fault.clone());
        thread::spawn(move || {
            if is_first && !shared.greeting.is_empty() {
                let _ = wire.write_all(&shared.greeting);
                let _ = wire.flush();
            }
            serve(&shared, is_first, &fault, &mut *wire);
            drop(wire);
            shared.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// Serves a connection, whose first request may meet a fault.
fn serve(shared: &Shared, mut is_faulty: bool, fault: &Fault, wire: &mut dyn Wire) {
    while let Some(head) = head_of(wire) {
        shared.heads.lock().unwrap().push(head);
        let is_armed = shared.is_armed.swap(false, Ordering::SeqCst);
        let then = if std::mem::take(&mut is_faulty) || is_armed {
            let then = fault(wire);
            let _ = wire.flush();
            shared.is_sound.store(true, Ordering::SeqCst);
            then
        } else {
            let _ = wire.write_all(SOUND);
            Then::GoOn
        };
        let _ = wire.flush();
        if then == Then::Close {
            break;
        }
    }
}

/// An empty list.
pub(crate) const SOUND: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]";

pub(crate) fn head_of(wire: &mut dyn Wire) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        wire.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// Answers with these bytes and hangs up.
pub(crate) fn raw(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Fault {
    Arc::new(move |wire| {
        let _ = wire.write_all(bytes.as_ref());
        Then::Close
    })
}

/// Answers with these bytes and waits for more requests.
pub(crate) fn kept(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Fault {
    Arc::new(move |wire| {
        let _ = wire.write_all(bytes.as_ref());
        Then::GoOn
    })
}

/// As [`kept`], and a moment later says more, which nobody has asked for.
pub(crate) fn later(bytes: Vec<u8>, more: &'static [u8]) -> Fault {
    Arc::new(move |wire| {
        let _ = wire.write_all(&bytes).and_then(|()| wire.flush());
        thread::sleep(Duration::from_millis(20));
        let _ = wire.write_all(more);
        Then::GoOn
    })
}

/// Answers with these bytes, and then says nothing until the client has gone.
pub(crate) fn silent(bytes: &'static [u8]) -> Fault {
    Arc::new(move |wire| {
        let _ = wire.write_all(bytes).and_then(|()| wire.flush());
        until_gone(wire);
        Then::Close
    })
}

/// Answers with these bytes, and takes nothing more for longer than the client has patience.
pub(crate) fn answering(bytes: &'static [u8], patience: Duration) -> Fault {
    Arc::new(move |wire| {
        let _ = wire.write_all(bytes).and_then(|()| wire.flush());
        thread::sleep(patience * 4);
        Then::Close
    })
}

/// Takes nothing, for longer than the client has patience.
pub(crate) fn stuck(patience: Duration) -> Fault {
    Arc::new(move |wire| {
        thread::sleep(patience * 4);
        until_gone(wire);
        Then::Close
    })
}

fn until_gone(wire: &mut dyn Wire) {
    let _ = std::io::copy(wire, &mut std::io::sink());
}

/// Repeats something until the client has had enough of it.
pub(crate) fn endless(begin: impl AsRef<[u8]> + Send + Sync + 'static, more: &[u8]) -> Fault {
    let block = more.repeat(1 + (16 << 10) / more.len());
    Arc::new(move |wire| {
        let mut is_taken = wire.write_all(begin.as_ref()).is_ok();
        while is_taken {
            is_taken = wire.write_all(&block).is_ok();
        }
        Then::Close
    })
}

/// Says this, and then the rest byte by byte, slowly.
pub(crate) fn dripping(begin: &'static [u8], rest: &'static [u8]) -> Fault {
    Arc::new(move |wire| {
        let mut is_taken = wire.write_all(begin).is_ok();
        for byte in rest.iter().cycle() {
            is_taken = is_taken && wire.write_all(&[*byte]).and_then(|()| wire.flush()).is_ok();
            if !is_taken {
                break;
            }
            thread::sleep(Duration::from_millis(30));
        }
        Then::Close
    })
}
