use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::net::TcpSocket;

use super::*;

/// A server that answers each connection with the next of its answers, and notes the requests.
struct Server {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

/// What is sent for one request.
enum Reply {
    /// These bytes; then the connection closes.
    Bytes(Vec<u8>),
    /// The head of an answer, then nothing until the client goes.
    Silence,
}

impl Server {
    fn new(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/spec.yaml", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&requests);
        thread::spawn(move || {
            for reply in replies {
                let (mut stream, _) = listener.accept().unwrap();
                noted.lock().unwrap().push(read_head(&stream));
                match reply {
                    Reply::Bytes(bytes) => stream.write_all(&bytes).unwrap(),
                    Reply::Silence => {
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n").unwrap();
                        let _ = stream.read(&mut [0]);
                    }
                }
            }
        });
        Self { url, requests }
    }

    fn get(&self, settings: Settings) -> Result<Vec<u8>, DownloadError> {
        self.get_at(&self.url, settings)
    }

    fn get_at(&self, url: &str, settings: Settings) -> Result<Vec<u8>, DownloadError> {
        let downloader = Downloader::new(settings).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(downloader.get(url))
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn read_head(stream: &TcpStream) -> String {
    let mut head = String::new();
    let mut reader = BufReader::new(stream);
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "the client has gone");
    }
    head
}

fn reply(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Bytes(
        format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}")
            .into_bytes(),
    )
}

fn settings() -> Settings {
    Settings {
        pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(20),
        proxies: Proxies::None,
        ..Settings::default()
    }
}

/// A port where nobody listens, and nobody else may while it is held.
pub(crate) fn nobody() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

#[track_caller]
fn fails(replies: Vec<Reply>, settings: Settings, expected: &str) {
    let count = replies.len();
    let server = Server::new(replies);
    let error = server.get(settings).unwrap_err();
    assert_eq!(error.to_string(), expected);
    // A client that was in a hurry may have left before the server counted it.
    let start = std::time::Instant::now();
    while server.requests().len() < count && start.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(server.requests().len(), count, "tries");
}

#[test]
fn a_missing_file_is_asked_for_once() {
    fails(vec![reply("404 Not Found", "", "no")], settings(), "the server answered 404 Not Found");
}

#[test]
fn trouble_that_may_pass_is_tried_again() {
    let server = Server::new(vec![
        reply("500 Internal Server Error", "", ""),
        reply("429 Too Many Requests", "retry-after: 3600\r\n", ""),
        reply("200 OK", "", "swagger: '2.0'"),
    ]);
    assert_eq!(server.get(settings()).unwrap(), b"swagger: '2.0'");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn trouble_that_stays_is_reported() {
    let all = (0..4).map(|_| reply("503 Service Unavailable", "", "")).collect();
    fails(all, settings(), "the server answered 503 Service Unavailable");
}

#[test]
fn a_web_page_is_no_spec() {
    let expected = "expected a spec, found an HTML page";
    let page = "<!DOCTYPE html><html></html>";
    fails(
        vec![reply("200 OK", "content-type: text/html; charset=utf-8\r\n", page)],
        settings(),
        expected,
    );
    fails(vec![reply("200 OK", "", page)], settings(), expected);
}

#[test]
fn a_download_that_breaks_off_is_noticed() {
    let broken = || Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nswagger".to_vec());
    let expected = "the download broke off after 7 of 100 bytes";
    fails((0..4).map(|_| broken()).collect(), settings(), expected);
}

#[test]
fn an_endless_answer_is_cut_off() {
    let small = || Settings { limit: 8, ..settings() };
    let expected = "the answer is larger than the 8 bytes that are read";
    fails(vec![reply("200 OK", "", "123456789")], small(), expected);
    let chunked =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n";
    fails(vec![Reply::Bytes(chunked.to_vec())], small(), expected);
}

/// What counts is what is kept, and not the little that came.
#[test]
fn an_answer_that_grows_is_cut_off() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    io::copy(&mut io::repeat(b' ').take(64 << 20), &mut packed).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 1 << 17, "{}", packed.len());
    let length = packed.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n");
    let bomb = Reply::Bytes([head.into_bytes(), packed].concat());
    let settings = Settings { limit: 1 << 20, ..settings() };
    fails(vec![bomb], settings, "the answer is larger than the 1048576 bytes that are read");
}

#[test]
fn a_silent_server_is_left() {
    let hasty = Settings { read_timeout: Duration::from_secs(1), tries: 2, ..settings() };
    fails(vec![Reply::Silence, Reply::Silence], hasty, "no answer in time");
}

#[test]
fn nobody_there_is_named_so() {
    let (_held, gone) = nobody();
    let server = Server { url: format!("http://{gone}/"), requests: Arc::default() };
    let error = server.get(Settings { tries: 1, ..settings() }).unwrap_err();
    assert_eq!(error.to_string(), "cannot connect");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn ten_redirections_are_followed() {
    let next = || reply("302 Found", "location: /next\r\n", "");
    let replies = |count| (0..count).map(|_| next()).chain([reply("200 OK", "", "swagger: '2.0'")]);
    assert_eq!(Server::new(replies(10).collect()).get(settings()).unwrap(), b"swagger: '2.0'");
    fails(replies(11).take(11).collect(), settings(), "the request failed");
}

#[test]
fn a_connection_that_ends_before_the_answer_is_tried_again() {
    let server = Server::new(vec![Reply::Bytes(Vec::new()), reply("200 OK", "", "swagger: '2.0'")]);
    assert_eq!(server.get(settings()).unwrap(), b"swagger: '2.0'");
    fails((0..4).map(|_| Reply::Bytes(Vec::new())).collect(), settings(), "the request failed");
}

/// Whoever redirects to a host that is not there can be reached itself.
#[test]
fn a_redirection_to_nobody_says_nothing_of_who_redirects() {
    let (_held, gone) = nobody();
    let there = || reply("302 Found", &format!("location: http://{gone}/x?token=t0ken\r\n"), "");
    let server =
        Server::new(vec![there(), there(), there(), reply("200 OK", "", "swagger: '2.0'")]);
    let downloader = Downloader::new(Settings { tries: 2, ..settings() }).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let get = || runtime.block_on(downloader.get(&server.url)).map_err(|error| error.to_string());
    let nobody = Err(format!("redirected to {gone}, and cannot connect to it"));
    assert_eq!(get(), nobody);
    // It is known now.
    assert_eq!(get(), nobody);
    assert_eq!(server.requests().len(), 3);
    assert_eq!(get(), Ok(b"swagger: '2.0'".to_vec()));
}

#[test]
fn who_is_redirected_to_is_not_told_the_address() {
    let next = reply("302 Found", "location: /next\r\n", "");
    let server = Server::new(vec![next, reply("200 OK", "", "swagger: '2.0'")]);
    server.get_at(&format!("{}?token=t0ken", server.url), settings()).unwrap();
    let requests = server.requests();
    assert!(requests[0].contains("t0ken"), "{}", requests[0]);
    assert!(!requests[1].contains("t0ken"), "{}", requests[1]);
}

/// A server's certificate that nobody has vouched for, and what shows it.
fn certified() -> (rcgen::Certificate, Arc<rustls::ServerConfig>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .unwrap();
    (certificate, Arc::new(config))
}

#[test]
fn a_certificate_that_is_not_trusted_is_no_host_that_is_not_there() {
    let (_, config) = certified();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut connection = rustls::ServerConnection::new(config).unwrap();
        // Refused by the client.
        connection.complete_io(&mut stream).unwrap_err();
    });
    let downloader = Downloader::new(settings()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(downloader.get(&format!("https://{address}/"))).unwrap_err();
    // It was asked once.
    server.join().unwrap();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        (error.code(), &*error.to_string()),
        ("download-tls", "no secure connection comes about")
    );
    assert!(cause.contains("certificate"), "{cause}");
    assert_eq!(downloader.reach.prospect(&address.to_string()), Prospect::Good);
}

#[test]
fn no_redirection_leaves_https() {
    let (certificate, config) = certified();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let trusted = reqwest::Certificate::from_der(certificate.der()).unwrap();
    let mut downloader = Downloader::new(settings()).unwrap();
    downloader.client =
        client(&settings(), &downloader.followed).tls_certs_only([trusted]).build().unwrap();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = rustls::ServerConnection::new(config).unwrap();
        let mut stream = BufReader::new(rustls::StreamOwned::new(connection, stream));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(stream.read_line(&mut head).unwrap(), 0, "the client has gone");
        }
        let there = "location: http://user:token@127.0.0.1:1/spec.yaml?token=t\r\n";
        let Reply::Bytes(bytes) = reply("302 Found", there, "") else { return };
        stream.get_mut().write_all(&bytes).unwrap();
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(downloader.get(&format!("https://{address}/"))).unwrap_err();
    server.join().unwrap();
    assert_eq!(
        error.to_string(),
        "redirected from https to http://…@127.0.0.1:1/spec.yaml?…, which is not followed"
    );
}

#[test]
fn the_cache_asks_whether_it_is_still_right() {
    let folder = tempfile::tempdir().unwrap();
    let cached = || Settings { cache: Some(folder.path().join("cache")), ..settings() };
    let server = Server::new(vec![
        reply(
            "200 OK",
            "etag: \"one\"\r\nlast-modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n",
            "first",
        ),
        Reply::Bytes(b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n".to_vec()),
        reply("200 OK", "etag: \"two\"\r\n", "second"),
        reply("500 Internal Server Error", "", ""),
        Reply::Bytes(b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n".to_vec()),
    ]);
    for expected in ["first", "first", "second", "second"] {
        assert_eq!(server.get(cached()).unwrap(), expected.as_bytes());
    }
    let requests = server.requests();
    assert!(!requests[0].contains("if-none-match"), "{}", requests[0]);
    assert!(requests[1].contains("if-none-match: \"one\""), "{}", requests[1]);
    assert!(requests[1].contains("if-modified-since: Mon, 01 Jan 2024"), "{}", requests[1]);
    assert!(requests[4].contains("if-none-match: \"two\""), "{}", requests[4]);
}

#[test]
fn the_cache_knows_the_whole_address_and_does_not_tell_it() {
    let folder = tempfile::tempdir().unwrap();
    let cached = || Settings { cache: Some(folder.path().to_owned()), ..settings() };
    let dated = |body| reply("200 OK", "last-modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n", body);
    let same = || Reply::Bytes(b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n".to_vec());
    let server =
        Server::new(vec![dated("one"), dated("two"), dated("three"), same(), same(), same()]);
    let one = format!("{}?of=one", server.url);
    let others = [one.replace("one", "two"), one.replace("//", "//user:one@")];
    let urls = [&one, &others[0], &others[1]];
    for _ in 0..2 {
        for (url, expected) in urls.into_iter().zip(["one", "two", "three"]) {
            assert_eq!(server.get_at(url, cached()).unwrap(), expected.as_bytes(), "{url}");
        }
    }
    for (number, request) in server.requests().iter().enumerate() {
        assert_eq!(request.contains("if-modified-since"), number >= 3, "{request}");
    }
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("of=") && !text.contains("user"), "{text}");
    }
}

#[test]
fn a_damaged_cache_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path()).unwrap();
    let kept = |etag: Option<&str>| Cached {
        etag: etag.map(str::to_owned),
        last_modified: None,
        body: b"body".to_vec(),
    };
    cache.write("http://x/", &kept(None)).unwrap();
    assert_eq!(cache.read("http://x/"), None, "nothing to ask with");
    cache.write("http://x/", &kept(Some("e"))).unwrap();
    assert_eq!(cache.read("http://x/"), Some(kept(Some("e"))));
    assert_eq!(cache.read("http://y/"), None);
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(cache.read("http://x/"), None);
    // What no request could carry is not asked with.
    cache.write("http://x/", &kept(Some("e\n"))).unwrap();
    assert_eq!(cache.read("http://x/"), Some(kept(None)));
}

#[test]
fn a_host_that_is_not_there_is_given_up() {
    let ((_held, gone), (_also_held, other)) = (nobody(), nobody());
    let server = Server::new(vec![reply("200 OK", "", "swagger: '2.0'")]);
    // Pauses so long that whoever makes one is noticed.
    let tries = |tries| Settings { tries, pause: Duration::from_secs(3600), ..settings() };
    let patient = Settings { longest_pause: Duration::from_secs(2), ..tries(2) };
    let downloader = Downloader::new(patient).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let get = |url: &str| {
        let start = std::time::Instant::now();
        let text = runtime.block_on(downloader.get(url)).map_err(|error| error.to_string());
        (text, start.elapsed() >= Duration::from_secs(2))
    };
    let connect = Err("cannot connect".to_owned());
    assert_eq!(get(&format!("http://{gone}/1")), (connect.clone(), true));
    let given_up = format!("not tried: {gone} could not be reached for an earlier file");
    assert_eq!(get(&format!("http://{gone}/2")), (Err(given_up), false));
    // Once nothing could be reached, another host is tried, but not for long.
    assert_eq!(get(&format!("http://{other}/")), (connect, false));
    assert_eq!(get(&server.url).0, Ok(b"swagger: '2.0'".to_vec()));
    assert_eq!(downloader.reach.prospect("elsewhere"), Prospect::Good);
}
