//! Runs that download from a server of their own.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use insta::assert_snapshot;

use super::*;
use crate::download::tests::nobody;
use crate::download::{Proxies, Settings};

/// A server that answers each path with the next of its answers, the last one again and again.
struct Site {
    url: String,
    pages: Pages,
}

type Pages = Arc<Mutex<BTreeMap<String, Page>>>;

#[derive(Default)]
struct Page {
    replies: Vec<Vec<u8>>,
    /// The heads of all requests.
    asked: Vec<String>,
}

impl Site {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let pages = Pages::default();
        let shared = Arc::clone(&pages);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let pages = Arc::clone(&shared);
                thread::spawn(move || answer(stream.unwrap(), &pages));
            }
        });
        Self { url, pages }
    }

    fn page(&self, version: &str, replies: &[Vec<u8>]) {
        let page = Page { replies: replies.to_vec(), asked: Vec::new() };
        lock(&self.pages).insert(format!("/{version}.yaml"), page);
    }

    fn asked(&self, version: &str) -> Vec<String> {
        lock(&self.pages)[&format!("/{version}.yaml")].asked.clone()
    }
}

fn answer(mut stream: TcpStream, pages: &Pages) {
    let mut head = String::new();
    let mut reader = BufReader::new(&stream);
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let reply = {
        let mut pages = lock(pages);
        let page = pages.entry(path).or_default();
        page.asked.push(head);
        match page.replies.len() {
            0 => reply("404 Not Found", "", "not here"),
            1 => page.replies[0].clone(),
            _ => page.replies.remove(0),
        }
    };
    let _ = stream.write_all(&reply);
}

fn reply(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn good(version: &str) -> Vec<u8> {
    reply("200 OK", "content-type: application/yaml\r\n", &spec(version))
}

/// A plan that downloads all versions, with pauses that no test notices.
fn plan(room: &Room, site: &Site, cache: Option<PathBuf>) -> Plan {
    let mut plan = room.plan();
    for source in &mut plan.engines[0].0.versions {
        source.url = source.url.replace("http://localhost", &site.url);
    }
    let settings = Settings {
        cache,
        pause: Duration::from_millis(1),
        limit: 2000,
        proxies: Proxies::None,
        ..Settings::default()
    };
    plan.origin = Origin::Network { settings: Box::new(settings), downloads: None };
    plan
}

#[test]
fn each_download_that_fails_is_named_with_its_cause() {
    let versions = ["v1.0", "v1.1", "v1.2", "v1.3", "v1.4", "v1.5", "v1.6", "v1.7", "v1.8", "v1.9"];
    let room = Room::new(&versions);
    let (site, html) = (Site::new(), "<!DOCTYPE html><title>Sign in</title>");
    for version in versions {
        site.page(version, &[good(version)]);
    }
    let (_held, nowhere) = nobody();
    let nowhere = format!("http://{nowhere}");
    site.page("v1.1", &[reply("404 Not Found", "", "gone")]);
    site.page("v1.2", &[reply("500 Internal Server Error", "", ""), good("v1.2")]);
    site.page("v1.3", &[reply("200 OK", "content-type: text/html\r\n", &spec("v1.3"))]);
    site.page("v1.4", &[reply("200 OK", "", html)]);
    let mut cut = good("v1.5");
    cut.truncate(cut.len() - 10);
    site.page("v1.5", &[cut]);
    site.page("v1.7", &[reply("200 OK", "", &"# large\n".repeat(1000))]);
    // Whole as a download, and yet only half of it.
    site.page("v1.8", &[reply("200 OK", "", &spec("v1.8")[..200])]);
    let mut plan = plan(&room, &site, None);
    plan.engines[0].0.versions[6].url = format!("{nowhere}/v1.6.yaml");

    let ran = room.run(&plan);
    assert!(!ran.good);
    let text = ran.text.replace(&nowhere, "http://nowhere").replace(&site.url, "http://site");
    // What the systems call a refused connection, they number differently.
    let text = text.split_inclusive('\n').filter(|line| !line.contains("os error"));
    assert_snapshot!(text.collect::<String>(), @r"
    toy v1.1: cannot download http://site/v1.1.yaml
      caused by: the server answered 404 Not Found
    toy v1.3: cannot download http://site/v1.3.yaml
      caused by: expected a spec, found an HTML page
    toy v1.4: cannot download http://site/v1.4.yaml
      caused by: expected a spec, found an HTML page
    toy v1.5: cannot download http://site/v1.5.yaml
      caused by: the download broke off after 327 of 337 bytes
      caused by: end of file before message length reached
    toy v1.6: cannot download http://nowhere/v1.6.yaml
      caused by: cannot connect
      caused by: tcp connect error
    toy v1.7: cannot download http://site/v1.7.yaml
      caused by: the answer is larger than the 2000 bytes that are read
    toy v1.8: the spec is not well-formed: found unexpected end of stream at line 9 column 49, while scanning a quoted scalar at line 9 column 43
      in http://site/v1.8.yaml
    toy: failed and missing in the pack: v1.1, v1.3, v1.4, v1.5, v1.6, v1.7, v1.8
      hint: a proxy is taken from `HTTPS_PROXY`; without a network, `--from DIR` reads specs from a folder
    toy: 3 versions compiled, …/packs/toy.postcard written
    ");
    assert_snapshot!(room.operations(), @r"
    v1.0: Onlyv1_0 Toys
    v1.2: Onlyv1_2 Toys
    v1.9: Onlyv1_9 Toys
    ");
    assert_eq!(site.asked("v1.1").len(), 1, "404 is an answer");
    assert_eq!(site.asked("v1.2").len(), 2);
    assert_eq!(site.asked("v1.5").len(), 4);
    assert_eq!(site.asked("v1.7").len(), 1);

    // All of them come at last; then all fail, and the pack has lost nothing.
    for version in versions {
        site.page(version, &[good(version)]);
    }
    plan.engines[0].0.versions[6].url = format!("{}/v1.6.yaml", site.url);
    assert!(room.run(&plan).good);
    let whole = room.pack();
    for version in versions {
        site.page(version, &[reply("200 OK", "", html)]);
    }
    let ran = room.run(&plan);
    assert!(!ran.good);
    assert!(ran.text.ends_with("toy: 0 versions compiled, no change"), "{}", ran.text);
    assert_eq!(room.pack(), whole);
}

/// A run waited for ever once all threads that read specs had panicked.
#[test]
fn a_run_ends_when_all_that_read_have_panicked() {
    let versions = ["v1.0", "v1.1", "v1.2", "v1.3", "v1.4", "v1.5"];
    let (room, site) = (Room::new(&versions), Site::new());
    let plan = plan(&room, &site, None);
    let (sender, ended) = std::sync::mpsc::channel();
    let run = thread::spawn(move || {
        let jobs = &plan.engines[0].0.versions;
        let ends = std::panic::catch_unwind(|| {
            let each = |_: &Source, _| panic!("nobody can read this");
            fetch::with_each(&plan.origin, jobs, |job| ("toy", job), 2, each)
        });
        sender.send(ends.is_err()).unwrap();
    });
    let panicked = ended.recv_timeout(Duration::from_secs(60));
    assert_eq!(panicked, Ok(true), "the panic is passed on");
    run.join().unwrap();
}

#[test]
fn the_cache_is_asked_about_and_mended() {
    let room = Room::new(&["v1.0", "v1.1"]);
    let (site, cache) = (Site::new(), room.folder.path().join("cache"));
    let tagged =
        |tag: &str, version: &str| reply("200 OK", &format!("etag: \"{tag}\"\r\n"), &spec(version));
    let unchanged = b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n".to_vec();
    site.page("v1.0", &[tagged("a", "v1.0"), unchanged.clone()]);
    site.page("v1.1", &[tagged("b", "v1.1"), unchanged, tagged("b", "v1.1")]);
    let plan = plan(&room, &site, Some(cache.clone()));
    assert!(room.run(&plan).good);
    let whole = room.pack();
    fs::remove_file(room.pack_file()).unwrap();
    assert!(room.run(&plan).good);
    assert_eq!(room.pack(), whole, "the same from the cache");
    assert!(site.asked("v1.0")[1].contains("if-none-match: \"a\""));
    // One file of the cache is damaged: that one is downloaded anew, without asking.
    for entry in fs::read_dir(&cache).unwrap() {
        let file = entry.unwrap().path();
        let mut bytes = fs::read(&file).unwrap();
        if String::from_utf8_lossy(&bytes).contains(r#""etag":"\"b\"""#) {
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(&file, bytes).unwrap();
        }
    }
    assert!(room.run(&plan).good);
    assert_eq!(room.pack(), whole);
    assert!(site.asked("v1.0")[2].contains("if-none-match"));
    assert!(!site.asked("v1.1")[2].contains("if-none-match"));
}

#[test]
fn user_info_of_an_address_goes_to_the_server_alone() {
    let room = Room::new(&["v1.0", "v1.1", "v1.2"]);
    let (site, cache) = (Site::new(), room.folder.path().join("cache"));
    let tagged = |body: &str| reply("200 OK", "etag: \"a\"\r\n", body);
    let unchanged = b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n".to_vec();
    site.page("v1.0", &[tagged(&spec("v1.0")), unchanged]);
    site.page("v1.1", &[tagged("swagger: '2.0'\npaths: {}\n")]);
    site.page("v1.2", &[reply("404 Not Found", "", "")]);
    let mut plan = plan(&room, &site, Some(cache.clone()));
    for source in &mut plan.engines[0].0.versions {
        source.url = source.url.replacen("http://", "http://me:t0ken@", 1);
    }
    for _ in 0..2 {
        let text = room.run(&plan).text.replace(&site.url.replacen("http://", "", 1), "site");
        assert!(!text.contains("t0ken"), "{text}");
        for line in ["cannot download http://…@site/v1.2.yaml\n", "  in http://…@site/v1.1.yaml\n"]
        {
            assert!(text.contains(line), "{text}");
        }
    }
    for version in ["v1.0", "v1.1", "v1.2"] {
        for head in site.asked(version) {
            assert!(head.contains("authorization: Basic bWU6dDBrZW4=\r\n"), "{head}");
        }
    }
    assert!(site.asked("v1.0")[1].contains("if-none-match"));
    assert!(!format!("{plan:?}").contains("t0ken"));
    let mut kept = 0;
    for entry in fs::read_dir(&cache).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("t0ken"));
        kept += 1;
    }
    assert_eq!(kept, 2);
}

#[test]
fn a_cache_that_cannot_be_made_stops_the_run() {
    let room = Room::new(&["v1.0"]);
    let file = room.folder.path().join("file");
    fs::write(&file, "").unwrap();
    let plan = plan(&room, &Site::new(), Some(file.join("cache")));
    let error = compile(&plan, &()).unwrap_err();
    let text = error.to_string().replace(room.folder.path().to_str().unwrap(), "…");
    assert_eq!(text, "cannot create the cache folder …/file/cache");
    assert_eq!(error.code(), "download-cache");
}
