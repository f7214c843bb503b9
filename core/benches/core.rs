//! How long opening a pack, reaching an operation, resolving a call and decoding output take.
//!
//! `cargo bench -p contajners-core --features serde_json`; times are per iteration, allocations
//! are counted.

use contajners_core::stream::{Demultiplexer, Documents};
use contajners_core::{Body, Pack, Value};
use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box};

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// How much is read from a connection at a time.
const PIECE: usize = 64 << 10;

const PACKS: [(&str, &[u8], &str, &str); 2] = [
    ("docker", contajners_resources::DOCKER, "v1.41", "ContainerList"),
    ("podman", contajners_resources::PODMAN, "v4.3.1", "ContainerListLibpod"),
];

#[divan::bench(args = ["docker", "podman"])]
fn open_and_reach_one_operation(bencher: Bencher<'_, '_>, engine: &str) {
    let (_, bytes, version, id) = PACKS.iter().find(|pack| pack.0 == engine).unwrap();
    bencher.bench(|| {
        let pack = Pack::open(black_box(bytes)).unwrap();
        let operation = pack.api(version).unwrap().operation(id).unwrap();
        black_box(operation.path())
    });
}

#[divan::bench]
fn reach_one_operation(bencher: Bencher<'_, '_>) {
    let api = Pack::open(contajners_resources::DOCKER).unwrap().api("v1.41").unwrap();
    bencher.bench(|| black_box(api).operation(black_box("ContainerList")).unwrap());
}

#[divan::bench]
fn resolve_container_list(bencher: Bencher<'_, '_>) {
    let api = Pack::open(contajners_resources::DOCKER).unwrap().api("v1.41").unwrap();
    let operation = api.operation("ContainerList").unwrap();
    bencher.bench(|| {
        let values: [(&str, &dyn Value); 2] = [("all", &true), ("limit", &5)];
        black_box(operation).resolve(black_box(&values), Body::Nothing).unwrap()
    });
}

#[divan::bench]
fn reach_and_resolve_container_list(bencher: Bencher<'_, '_>) {
    let api = Pack::open(contajners_resources::DOCKER).unwrap().api("v1.41").unwrap();
    bencher.bench(|| {
        let values: [(&str, &dyn Value); 2] = [("all", &true), ("limit", &5)];
        let operation = black_box(api).operation(black_box("ContainerList")).unwrap();
        operation.resolve(black_box(&values), Body::Nothing).unwrap()
    });
}

#[divan::bench]
fn list_all_operations(bencher: Bencher<'_, '_>) {
    let api = Pack::open(contajners_resources::PODMAN).unwrap().api("v4.3.1").unwrap();
    bencher
        .bench(|| black_box(api).operations().map(|operation| operation.id().len()).sum::<usize>());
}

/// 8 MiB of output in frames of one size.
fn framed(frame: usize) -> Vec<u8> {
    let mut stream = Vec::new();
    while stream.len() < 8 << 20 {
        stream.extend_from_slice(&[1, 0, 0, 0]);
        stream.extend_from_slice(&(frame as u32).to_be_bytes());
        stream.resize(stream.len() + frame, b'x');
    }
    stream
}

/// Finds where content is, which touches none of it.
#[divan::bench(args = [64, 32 << 10])]
fn decode_frames(bencher: Bencher<'_, '_>, frame: usize) {
    let stream = framed(frame);
    bencher.counter(BytesCount::new(stream.len())).bench(|| {
        let mut demultiplexer = Demultiplexer::framed();
        let mut total = 0;
        for piece in stream.chunks(PIECE) {
            let mut input = black_box(piece);
            while let Some(chunk) = demultiplexer.decode(&mut input).unwrap() {
                total += black_box(chunk.bytes).len();
            }
        }
        total
    });
}

/// What somebody gets who takes the content along.
#[divan::bench(args = [64, 32 << 10])]
fn decode_and_copy_frames(bencher: Bencher<'_, '_>, frame: usize) {
    let stream = framed(frame);
    let mut copy = vec![0; PIECE];
    bencher.counter(BytesCount::new(stream.len())).bench_local(|| {
        let mut demultiplexer = Demultiplexer::framed();
        for piece in stream.chunks(PIECE) {
            let mut input = black_box(piece);
            while let Some(chunk) = demultiplexer.decode(&mut input).unwrap() {
                copy[..chunk.bytes.len()].copy_from_slice(chunk.bytes);
                black_box(&mut copy);
            }
        }
    });
}

/// What decoders stand beside: the same bytes in the same pieces, copied.
#[divan::bench]
fn copy_memory(bencher: Bencher<'_, '_>) {
    let stream = vec![b'x'; 8 << 20];
    let mut copy = vec![0; PIECE];
    bencher.counter(BytesCount::new(stream.len())).bench_local(|| {
        for piece in stream.chunks(PIECE) {
            copy.copy_from_slice(black_box(piece));
            black_box(&mut copy);
        }
    });
}

#[divan::bench]
fn cut_json_lines(bencher: Bencher<'_, '_>) {
    let line =
        br#"{"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"a3ed95"}"#;
    let stream: Vec<u8> =
        std::iter::repeat_n([line, &b"\n"[..]].concat(), 10_000).flatten().collect();
    bencher.counter(BytesCount::new(stream.len())).bench(|| {
        let mut documents = Documents::new();
        let mut count = 0;
        for piece in stream.chunks(PIECE) {
            documents.push(black_box(piece));
            while let Some(document) = documents.pop().unwrap() {
                count += black_box(document).len();
            }
        }
        count
    });
}

/// The body of a container as a command sends it, 4 KB of JSON.
#[cfg(all(feature = "schemas", feature = "serde_json"))]
#[divan::bench]
fn check_a_body(bencher: Bencher<'_, '_>) {
    let api = Pack::open(contajners_resources::DOCKER).unwrap().api("v1.41").unwrap();
    let operation = api.operation("ContainerCreate").unwrap();
    let list = |length: usize| vec!["some text of middling length"; length];
    let body = serde_json::json!({
        "Image": "busybox:musl", "Cmd": list(20), "Env": list(30), "Labels": { "a": "b", "c": "d" },
        "ExposedPorts": { "80/tcp": {}, "443/tcp": {} }, "StopTimeout": 1, "Tty": false,
        "Healthcheck": { "Test": list(4), "Interval": 1, "Timeout": 2, "Retries": 3 },
        "HostConfig": {
            "Binds": list(20), "Memory": 1, "NanoCpus": 2, "CapAdd": list(5), "Privileged": false,
            "PortBindings": { "80/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "80" }] },
            "RestartPolicy": { "Name": "always", "MaximumRetryCount": 0 }, "Dns": list(3),
            "Mounts": [
                { "Type": "bind", "Source": "/a", "Target": "/b", "ReadOnly": true },
                { "Type": "volume", "Source": "v", "Target": "/c", "VolumeOptions": { "Labels": {} } },
            ],
            "Ulimits": [{ "Name": "nofile", "Soft": 1, "Hard": 2 }], "ExtraHosts": list(20),
        },
        "NetworkingConfig": { "EndpointsConfig": { "any": { "Aliases": list(10) } } },
    });
    assert!((3800..4500).contains(&body.to_string().len()), "{}", body.to_string().len());
    bencher.bench(|| assert_eq!(black_box(operation).check_body(black_box(&body)), []));
}

#[cfg(feature = "schemas")]
#[divan::bench(args = ["docker v1.25 v1.55", "podman v3.1.0 v6.0.0", "podman v5.0.0 v5.8.2"])]
fn difference(bencher: Bencher<'_, '_>, sides: &str) {
    let words: Vec<&str> = sides.split(' ').collect();
    let pack = Pack::open(contajners_resources::pack(words[0]).unwrap()).unwrap();
    let (from, to) = (pack.api(words[1]).unwrap(), pack.api(words[2]).unwrap());
    bencher.bench(|| black_box(from).diff(black_box(to)).len());
}
