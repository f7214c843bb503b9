//! Connections that are reset after each byte of an answer: what is closed with something unread is
//! reset; with TLS it ends without a word. In between the client is served as it should be.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;

use contajners::{Client, Credentials, Error, Output, Tls};
use serde_json::json;
use tokio_rustls::rustls::{ServerConnection, StreamOwned};

use crate::engine::{SOUND, Transport, Wire, certified, head_of};
use crate::row::Wanted;
use crate::{AMPLE, told};

const ALL: [Transport; 3] = [Transport::Unix, Transport::Tcp, Transport::Tls];

fn head(content_type: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n")
}

/// What ends a call is an error, until the last byte has come.
#[test]
fn an_answer_may_be_reset_anywhere() {
    let json = head("application/json");
    let frames = head("application/vnd.docker.multiplexed-stream");
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    let answers = [
        (Wanted::Value, "a list of 2", format!("{json}Content-Length: 9\r\n\r\n[\"a\",\"b\"]")),
        (
            Wanted::Value,
            "a list of 2",
            format!("{json}{chunked}5\r\n[\"a\",\r\n4\r\n\"b\"]\r\n0\r\n\r\n"),
        ),
        (
            Wanted::Output,
            "3 bytes of output",
            format!(
                "{frames}{chunked}a\r\n\u{1}\0\0\0\0\0\0\u{2}ab\r\n\
                 9\r\n\u{2}\0\0\0\0\0\0\u{1}c\r\n0\r\n\r\n"
            ),
        ),
        (
            Wanted::Documents,
            "2 documents",
            format!("{json}{chunked}3\r\n{{}}\n\r\n2\r\n{{}}\r\n0\r\n\r\n"),
        ),
        (
            Wanted::Bytes,
            "3 bytes",
            format!("{}Content-Length: 3\r\n\r\nabc", head("application/x-tar")),
        ),
    ];
    for (wanted, whole, answer) in answers {
        for transport in ALL {
            let check = async |client: &Client, sent: usize| {
                let expected =
                    if sent == answer.len() { Ok(whole) } else { Err("connection-broken") };
                let came = told(client, wanted).await;
                let came = came.as_deref().map_err(Error::code);
                assert_eq!(came, expected, "{wanted:?} after {sent} bytes over {transport:?}");
            };
            reset_anywhere(transport, answer.as_bytes(), &check);
        }
    }
}

/// Behind an upgrade there is no length: what has come was output, and what breaks is told.
#[test]
fn a_socket_may_be_reset_anywhere() {
    let answer = "HTTP/1.1 101 UPGRADED\r\n\
        Content-Type: application/vnd.docker.multiplexed-stream\r\n\
        Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n\
        \u{1}\0\0\0\0\0\0\u{2}ab\u{2}\0\0\0\0\0\0\u{1}c";
    let begin = answer.find("\r\n\r\n").unwrap() + 4;
    for transport in ALL {
        let check = async |client: &Client, sent: usize| {
            let call = client.invoke("ContainerAttach").param("id", "x").param("stream", true);
            let about = format!("after {sent} bytes over {transport:?}");
            let socket = match call.socket().await {
                Ok(socket) => socket,
                Err(error) => {
                    assert!(sent < begin, "{about}: {error:?}");
                    return assert_eq!(error.code(), "connection-broken", "{about}");
                }
            };
            assert!(sent >= begin, "{about}");
            let (mut output, _input) = socket.split();
            let (mut came, mut end) = (String::new(), "done");
            while let Some(piece) = output.next().await {
                match piece {
                    Ok(piece) => {
                        assert_ne!(piece.output, Output::EngineError, "{about}");
                        came.push_str(std::str::from_utf8(&piece.bytes).unwrap());
                    }
                    Err(error) => end = error.code(),
                }
            }
            let content = match sent - begin {
                ..9 => "",
                9 => "a",
                10..19 => "ab",
                _ => "abc",
            };
            assert_eq!((&*came, end), (content, "connection-broken"), "{about}");
        };
        reset_anywhere(transport, answer.as_bytes(), &check);
    }
}

/// A connection that breaks when so many bytes have been sent.
struct Cut {
    stream: TcpStream,
    left: usize,
}

impl Read for Cut {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Cut {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let sent = self.stream.write(&bytes[..bytes.len().min(self.left)])?;
        self.left -= sent;
        Ok(sent)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// The record that an answer comes in may be cut, too.
#[test]
fn a_record_of_tls_may_be_cut_anywhere() {
    // TLS 1.3 has a head, the type of what is inside and a tag (RFC 8446, section 5.2).
    const AROUND: usize = 5 + 1 + 16;
    let (config, tls) = certified();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("tcp://{}", listener.local_addr().unwrap());
    let engine = std::thread::spawn(move || {
        for sent in 0..=SOUND.len() + AROUND {
            let stream = Cut { stream: listener.accept().unwrap().0, left: usize::MAX };
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            head_of(&mut stream).unwrap();
            stream.sock.left = sent;
            let _ = stream.write_all(SOUND).and_then(|()| stream.flush());
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = Client::builder("docker").uri(uri).tls(tls).api_version("v1.41").timeout(AMPLE);
    let client = client.credentials(Credentials::none()).build().unwrap();
    for sent in 0..=SOUND.len() + AROUND {
        let list = runtime.block_on(async { client.invoke("ContainerList").await });
        let list = list.map_err(|error| error.code());
        let is_whole = sent == SOUND.len() + AROUND;
        let expected = if is_whole { Ok(json!([])) } else { Err("connection-broken") };
        assert_eq!(list, expected, "after {sent} bytes");
    }
    engine.join().unwrap();
}

/// Resets connections after each byte of an answer, or lets it be whole; then each time the client
/// has to be of use.
fn reset_anywhere(transport: Transport, answer: &[u8], check: &impl AsyncFn(&Client, usize)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (uri, tls, accept) = accepting(transport, &folder.path().join("engine.sock"));
    let client = Client::builder("docker").uri(uri).api_version("v1.41").timeout(AMPLE);
    let client = tls.into_iter().fold(client, |client, tls| client.tls(tls));
    let client = client.credentials(Credentials::none()).build().unwrap();
    // No scope waits for the engine when something below is wrong: it would wait for a connection.
    let engine = std::thread::spawn({
        let answer = answer.to_vec();
        move || {
            for sent in 0..=answer.len() {
                let mut stream = accept();
                stream.read_exact(&mut [0; 9]).unwrap();
                stream.write_all(&answer[..sent]).unwrap();
                stream.flush().unwrap();
                drop(stream);
                let mut stream = accept();
                head_of(&mut *stream).unwrap();
                stream.write_all(SOUND).unwrap();
                stream.flush().unwrap();
            }
        }
    });
    for sent in 0..=answer.len() {
        runtime.block_on(check(&client, sent));
        let after = runtime.block_on(async { client.invoke("ContainerList").await });
        assert_eq!(after.ok(), Some(json!([])), "after {sent} bytes over {transport:?}");
    }
    engine.join().unwrap();
    assert_eq!(runtime.metrics().num_alive_tasks(), 0);
}

type Accept = Box<dyn Fn() -> Box<dyn Wire> + Send>;

/// An address, what trusts it, and what waits for whoever connects to it.
fn accepting(transport: Transport, path: &Path) -> (String, Option<Tls>, Accept) {
    if transport == Transport::Unix {
        let listener = UnixListener::bind(path).unwrap();
        let uri = format!("unix://{}", path.display());
        return (uri, None, Box::new(move || Box::new(listener.accept().unwrap().0)));
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("tcp://{}", listener.local_addr().unwrap());
    let accept = move || {
        let stream = listener.accept().unwrap().0;
        stream.set_nodelay(true).unwrap();
        stream
    };
    if transport == Transport::Tcp {
        return (uri, None, Box::new(move || Box::new(accept())));
    }
    let (config, tls) = certified();
    let accept: Accept = Box::new(move || {
        let connection = ServerConnection::new(config.clone()).unwrap();
        Box::new(StreamOwned::new(connection, accept()))
    });
    (uri, Some(tls), accept)
}
