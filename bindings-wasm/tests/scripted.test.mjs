// Answers that no well-behaved engine gives, from a server that says what it is told to.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect, promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { Client, ConnectError, DecodeError, InBandError, SendError, StatusError, loadPack, versions } from "contajners";

import { all, attached, base, client, docker, failure, frame, json, list, logs, overBoth, rejected, scripts } from "./scripted.mjs";

test("an engine's error has its status and its own words", async () => {
  const error = await failure((_, response) => response.writeHead(404, json).end('{"message":"No such container: x"}'), list);
  assert.ok(error instanceof StatusError);
  assert.deepEqual([error.code, error.status, error.engineMessage], ["engine-error", 404, "No such container: x"]);
  assert.equal(error.message, "docker answered 404 to `ContainerList` (GET /v1.41/containers/json): No such container: x");
});

test("the error page of a proxy", async () => {
  const page = "<html><head><title>502 Bad Gateway</title></head></html>";
  const error = await failure((_, response) => response.writeHead(502, { "Content-Type": "text/html" }).end(page), list);
  assert.deepEqual([error.code, error.status, error.engineMessage], ["engine-error", 502, "502 Bad Gateway"]);
});

test("an error whose body never ends", async () => {
  const error = await failure((_, response) => void response.writeHead(500, json).write('{"message":"slow"}'), list);
  assert.deepEqual([error.code, error.engineMessage], ["engine-error", "slow"]);
});

test("a connection that the engine closed while it was idle", async () => {
  const folder = mkdtempSync(join(tmpdir(), "contajners-"));
  const path = join(folder, "engine.sock");
  // Answers once on each connection, and hangs up when it is used again.
  let connections = 0;
  const engine = createTcpServer((socket) => {
    connections += 1;
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]");
      socket.once("data", () => socket.destroy());
    });
  }).listen(path);
  await new Promise((resolve) => engine.once("listening", resolve));
  try {
    const over = await client({ uri: `unix://${path}` });
    for (let i = 0; i < 4; i += 1) assert.deepEqual(await over.invoke("ContainerList"), []);
    assert.equal(connections, 4);
    // What may have been acted upon is not sent again.
    const error = await over.invoke("ContainerStart", { params: { id: "x" } }).catch((error) => error);
    const after = await over.invoke("ContainerStart", { params: { id: "x" } }).catch((error) => error);
    assert.ok([error, after].some((error) => error?.code === "connection-broken"));
  } finally {
    engine.close();
    rmSync(folder, { recursive: true });
  }
});

test("redirections are not followed", async () => {
  const error = await failure((_, response) => response.writeHead(301, { Location: "/v1.41/x?secret=hush" }).end(), list);
  assert.deepEqual([error.code, error.status], ["redirected", 301]);
  assert.match(error.message, /go to `\/v1\.41\/x`$/);
});

test("JSON that is none, cut, or several documents", async () => {
  const broken = await failure((_, response) => response.writeHead(200, json).end("[{]"), list);
  assert.ok(broken instanceof DecodeError);
  assert.equal(broken.code, "invalid-json");
  const cut = await failure((_, response) => response.writeHead(200, json).end('[{"a":'), list);
  assert.equal(cut.code, "invalid-json");
  const page = await failure((_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<html>log in</html>"), list);
  assert.equal(page.code, "invalid-json");
  scripts.answer = (_, response) => response.writeHead(200, json).end('{"a":1}\n{"a":2}');
  assert.deepEqual(await docker.invoke("SystemInfo"), [{ a: 1 }, { a: 2 }]);
  scripts.answer = (_, response) => response.writeHead(200, json).end();
  assert.equal(await docker.invoke("SystemInfo"), null);
});

test("text where JSON is documented", async () => {
  const says = (body) => (scripts.answer = (_, response) => response.writeHead(200, { "Content-Type": "text/plain" }).end(body));
  says("137\n");
  assert.equal(await docker.invoke("SystemInfo"), 137);
  says("well");
  assert.equal(await docker.invoke("SystemInfo"), "well");
  says("137");
  // Text is what a ping is.
  assert.equal(await docker.invoke("SystemPing"), "137");
});

test("an error inside an answer that began as a success", async () => {
  const script = (_, response) => {
    response.writeHead(200, json).end('{"status":"Pulling"}\r\n{"errorDetail":{"message":"denied"},"error":"denied"}\r\n');
  };
  const pull = { params: { fromImage: "x" } };
  const whole = await failure(script, () => docker.invoke("ImageCreate", pull));
  assert.ok(whole instanceof InBandError);
  assert.deepEqual([whole.code, whole.engineMessage, whole.mayHaveActed], ["in-band-error", "denied", true]);
  const seen = [];
  const piecewise = await failure(script, async () => {
    for await (const message of docker.documents("ImageCreate", pull)) seen.push(message);
  });
  assert.equal(piecewise.code, "in-band-error");
  assert.deepEqual(seen, [{ status: "Pulling" }]);
  const text = await failure(script, async () => (await docker.invoke("ImageCreate", { ...pull, as: "response" })).text());
  assert.equal(text.code, "in-band-error");
  // A request that no spec knows may be a pull; what is got may have fields of any name.
  const raw = await failure(script, () => docker.request("POST", "/v1.41/images/create?fromImage=x"));
  assert.equal(raw.engineMessage, "denied");
  scripts.answer = (_, response) => response.writeHead(200, json).end('{"error":"none"}');
  assert.deepEqual(await docker.request("GET", "/x"), { error: "none" });
  scripts.answer = (_, response) => response.writeHead(200, json).end('{"Id":"a"}');
  assert.deepEqual(await docker.request("POST", "/x"), { Id: "a" });
});

test("documents cut anywhere, also within a character", async () => {
  scripts.answer = async (_, response) => {
    response.writeHead(200, json);
    for (const byte of Buffer.from('{"a":"ü€"}{"b":2}\n')) {
      response.write(Buffer.of(byte));
      await sleep(1);
    }
    response.end();
  };
  assert.deepEqual(await all(docker.documents("SystemEvents")), [{ a: "ü€" }, { b: 2 }]);
});

test("frames cut anywhere, and characters that go on in the next one", async () => {
  const bytes = Buffer.from("ü€😀");
  const stream = Buffer.concat([
    frame(1, "out\n"), frame(2, "err\n"), frame(1, bytes.subarray(0, 1)), frame(2, "between"),
    frame(1, bytes.subarray(1, 6)), frame(1, bytes.subarray(6, 7)), frame(1, bytes.subarray(7)),
  ]);
  for (const size of [1, 3, 8, 1000]) {
    scripts.answer = async (_, response) => {
      response.writeHead(200, { "Content-Type": "application/vnd.docker.multiplexed-stream" });
      for (let at = 0; at < stream.length; at += size) {
        response.write(stream.subarray(at, at + size));
        if (size < 8) await sleep(1);
      }
      response.end();
    };
    const texts = { stdout: "", stderr: "" };
    for await (const { stream, text } of logs()) texts[stream] += text;
    assert.deepEqual(texts, { stdout: "out\nü€😀", stderr: "err\nbetween" });
  }
});

test("a character whose end does not come is told at the end", async () => {
  const output = Buffer.concat([frame(1, Buffer.of(0x61, 0xe2, 0x82)), frame(2, "err")]);
  scripts.answer = (_, response) => response.writeHead(200, { "Content-Type": "application/vnd.docker.multiplexed-stream" }).end(output);
  const frames = await all(logs());
  assert.deepEqual(frames.map(({ stream, text }) => [stream, text]), [["stdout", "a"], ["stderr", "err"], ["stdout", "\ufffd"]]);
  assert.equal(Buffer.concat(frames.map(({ bytes }) => bytes)).length, 6);
  assert.equal(await docker.invoke("ContainerLogs", { params: { id: "x", stdout: true } }), "a\ufffderr");
});

test("output of a terminal is passed on as it is", async () => {
  scripts.answer = (_, response) => response.writeHead(200, { "Content-Type": "application/vnd.docker.raw-stream" }).end("\x01ab");
  const frames = await all(logs());
  assert.equal(frames.map(({ text }) => text).join(""), "\x01ab");
  assert.equal(await docker.invoke("ContainerLogs", { params: { id: "x", stdout: true } }), "\x01ab");
});

test("damaged frames: what came before is handed out", async () => {
  const damaged = Buffer.concat([frame(1, "fine"), Buffer.from([9, 0, 0, 0, 0, 0, 0, 1, 65])]);
  const seen = [];
  const error = await failure(
    (_, response) => response.writeHead(200, { "Content-Type": "application/vnd.docker.multiplexed-stream" }).end(damaged),
    async () => {
      for await (const { text } of logs()) seen.push(text);
    },
  );
  assert.deepEqual([error.code, seen], ["frame-header", ["fine"]]);
  const cut = await failure(
    (_, response) => response.writeHead(200, { "Content-Type": "application/vnd.docker.multiplexed-stream" }).end(frame(1, "cut").subarray(0, 9)),
    () => all(logs()),
  );
  assert.equal(cut.code, "stream-cut");
});

test("an error that the engine puts between the frames", async () => {
  const stream = Buffer.concat([frame(1, "fine"), frame(3, "the log is gone")]);
  const error = await failure(
    (_, response) => response.writeHead(200, { "Content-Type": "application/vnd.docker.multiplexed-stream" }).end(stream),
    () => all(logs()),
  );
  assert.deepEqual([error.code, error.engineMessage], ["in-band-error", "the log is gone"]);
});

test("what an engine says about an error is told whole, however it is cut", async () => {
  const output = Buffer.concat([frame(1, "fine"), frame(3, "the log is gone")]);
  const head = { "Content-Type": "application/vnd.docker.multiplexed-stream" };
  for (const size of [1, 7, 21]) {
    const script = async (_, response) => {
      response.writeHead(200, head);
      for (let at = 0; at < output.length; at += size) {
        response.write(output.subarray(at, at + size));
        await sleep(2);
      }
      response.end();
    };
    for (const way of [() => all(logs()), () => docker.invoke("ContainerLogs", { params: { id: "x", stdout: true } })]) {
      const error = await failure(script, way);
      assert.deepEqual([error.code, error.engineMessage], ["in-band-error", "the log is gone"]);
    }
  }
  // What it said before the connection ended or broke is why.
  for (const end of ["end", "destroy"]) {
    const script = async (_, response) => {
      response.writeHead(200, head).write(output.subarray(0, -5));
      setTimeout(() => response[end](), 20);
    };
    assert.equal((await failure(script, () => all(logs()))).engineMessage, "the log is");
  }
  // The words lie on both sides of what is looked at at once.
  const long = Buffer.concat([frame(1, "x".repeat((1 << 16) - 20)), frame(3, "the log is gone")]);
  const whole = await failure((_, response) => response.writeHead(200, head).end(long), () => docker.invoke("ContainerLogs", { params: { id: "x", stdout: true } }));
  assert.equal(whole.engineMessage, "the log is gone");
});

test("a whole log of tiny frames wants little more memory than it has bytes", async () => {
  const script = `
    import { Client } from "contajners";
    const count = 7e6;
    const bytes = Buffer.alloc(9 * count, Buffer.from([1, 0, 0, 0, 0, 0, 0, 1, 97]));
    const fetch = async () => new Response(bytes, { headers: { "Content-Type": "application/vnd.docker.multiplexed-stream" } });
    const docker = await Client.create({ engine: "docker", version: "v1.41", uri: "http://engine", fetch });
    const text = await docker.invoke("ContainerLogs", { params: { id: "x", stdout: true } });
    if (text !== "a".repeat(count)) throw new Error(text.length);
  `;
  await promisify(execFile)(process.execPath, ["--max-old-space-size=50", "--input-type=module", "--eval", script]);
});

test("many documents in one answer", async () => {
  const one = (n) => `{"n":${n}}${" ".repeat(n % 7)}\n`;
  const numbers = Array.from({ length: 50_000 }, (_, n) => n);
  for (const type of ["application/json", "application/x-ndjson"]) {
    scripts.answer = (_, response) => response.writeHead(200, { "Content-Type": type }).end(numbers.map(one).join(""));
    assert.deepEqual(await docker.invoke("SystemInfo"), numbers.map((n) => ({ n })));
  }
});

test("a connection that breaks in the middle", async () => {
  const script = (_, response) => {
    response.writeHead(200, { ...json, "Content-Length": "100" }).write("[");
    setTimeout(() => response.destroy(), 20);
  };
  const error = await failure(script, list);
  assert.ok(error instanceof SendError);
  assert.equal(error.code, "connection-broken");
  const before = await failure((request) => request.socket.destroy(), () => docker.invoke("ContainerStart", { params: { id: "x" } }));
  assert.deepEqual([before.code, before.mayHaveActed], ["connection-broken", true]);
});

test("what is no HTTP, and what is not there", async () => {
  const { createServer: listen } = await import("node:net");
  const other = listen((socket) => socket.end("SSH-2.0-x\r\n\r\n")).listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address();
  const there = await client({ uri: `tcp://127.0.0.1:${port}` });
  const error = await failure(undefined, () => there.invoke("ContainerList"));
  assert.equal(error.code, "not-http");
  other.close();
  const gone = await failure(undefined, () => there.invoke("ContainerStart", { params: { id: "x" } }));
  assert.ok(gone instanceof ConnectError);
  assert.deepEqual([gone.code, gone.mayHaveActed], ["cannot-connect", false]);
});

test("an answer larger than the limit", async () => {
  const small = await client({ answerLimit: 10 });
  const error = await failure((_, response) => response.writeHead(200, json).end(JSON.stringify("x".repeat(100))), () => small.invoke("SystemInfo"));
  assert.equal(error.code, "answer-too-large");
  // Of many tiny values the bytes say little.
  const little = await client({ answerLimit: 100_000 });
  const list = (one, count) => `[${Array(count).fill(one).join()}]`;
  for (const type of ["application/json", "text/plain"]) {
    const says = (body) => (_, response) => response.writeHead(200, { "Content-Type": type }).end(body);
    const call = () => little.invoke("SystemInfo");
    if (type === "text/plain") {
      scripts.answer = says(list("{}", 3000));
      assert.equal(await call(), list("{}", 3000));
    } else {
      const bomb = await failure(says(list("{}", 3000)), call);
      assert.match(bomb.message, /would take more than 16 times the 100000 bytes that are kept$/);
      assert.deepEqual([bomb.name, bomb.code], ["DecodeError", "answer-too-large"]);
    }
    scripts.answer = says(list("{}", 2000));
    assert.equal((await call()).length, 2000);
    const text = JSON.stringify(`${"\\\"{[,".repeat(10_000)}`);
    scripts.answer = says(text);
    assert.equal(await call(), JSON.parse(text));
  }
});

test("a text and a stream are judged by one measure, which stands in JavaScript and in the core", async () => {
  // The limit of a stream's documents.
  const limited = await client({ answerLimit: 1 << 24 });
  const asValue = () => limited.invoke("SystemInfo");
  const asDocuments = async () => all((await limited.invoke("SystemInfo", { as: "response" })).documents());
  const [bracket, comma] = [128, 64];
  for (const [one, weight] of [["{}", 640], ["[]", bracket], ["0", 0]]) {
    const most = Math.floor((16 * (1 << 24) - bracket + comma) / (weight + comma));
    const says = (count) => (_, response) => response.writeHead(200, json).end(`[${`${one},`.repeat(count - 1)}${one}]`);
    scripts.answer = says(most);
    assert.equal((await asValue()).length, most);
    assert.equal((await asDocuments())[0].length, most);
    const codes = [];
    for (const call of [asValue, asDocuments]) codes.push((await failure(says(most + 1), call)).code);
    assert.deepEqual(codes, ["answer-too-large", "document-too-long"]);
  }
});

test("a response, a stream, an error status that is wanted", async () => {
  scripts.answer = (_, response) => response.writeHead(409, { ...json, "X-Own": "1" }).end('{"message":"no"}');
  const response = await docker.invoke("ContainerList", { as: "response", allowErrorStatus: true });
  assert.deepEqual([response.status, response.ok, response.headers.get("x-own")], [409, false, "1"]);
  assert.deepEqual(await response.json(), { message: "no" });
  scripts.answer = (_, response) => response.writeHead(200, { "Content-Type": "application/x-tar" }).end("bytes");
  const stream = await docker.invoke("ContainerExport", { params: { id: "x" }, as: "stream" });
  const read = await all(stream);
  assert.equal(Buffer.concat(read).toString(), "bytes");
});

test("bodies of every kind arrive as they are", async () => {
  scripts.answer = async (request, response) => {
    const all = [];
    for await (const piece of request) all.push(piece);
    response.writeHead(200, json).end(JSON.stringify({ text: Buffer.concat(all).toString(), type: request.headers["content-type"] }));
  };
  const put = async (body, more) => (await docker.request("POST", "/x", { body, ...more }));
  const bytes = new TextEncoder().encode("abc");
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  async function* pieces() {
    yield "a";
    yield new TextEncoder().encode("bc");
  }
  for (const body of [bytes, bytes.buffer, new DataView(bytes.buffer), new Blob([bytes]), stream, pieces()]) {
    assert.deepEqual(await put(body), { text: "abc", type: "application/octet-stream" });
  }
  assert.deepEqual(await put({ a: 1 }), { text: '{"a":1}', type: "application/json" });
  assert.deepEqual(await put(JSON.stringify({ a: 1 })), { text: '{"a":1}', type: "application/json" });
  assert.deepEqual(await put("hello", { contentType: "text/plain" }), { text: "hello", type: "text/plain" });
  assert.deepEqual(await put(bytes, { contentType: "application/gzip" }), { text: "abc", type: "application/gzip" });
  const headers = await (async () => {
    scripts.answer = (request, response) => response.writeHead(200, json).end(JSON.stringify(request.headers));
    return docker.invoke("SystemInfo", { headers: { "X-Own": "1" } });
  })();
  assert.equal(headers["x-own"], "1");
  const error = await failure(undefined, () => docker.invoke("SystemInfo", { headers: { "X-Own": "a\r\nb: c" } }));
  assert.equal(error.code, "invalid-header");
});

test("a fetch of the caller's gets a URL and a plain object", async () => {
  const seen = [];
  const own = await Client.create({
    engine: "docker", uri: "http://engine", init: { mark: 1 },
    fetch: async (url, init) => {
      seen.push([url, init.method, init.mark]);
      return new Response(null, { headers: { "Api-Version": "1.41" } });
    },
  });
  assert.equal(own.version, "v1.41");
  assert.deepEqual(seen, [["http://engine/_ping", "HEAD", 1]]);
  const broken = await client({ fetch: async () => { throw new TypeError("Failed to fetch"); } });
  const error = await failure(undefined, () => broken.invoke("SystemInfo"));
  assert.equal(error.code, "cannot-connect");
  assert.match(error.hint, /proxy of the same origin/);
  const odd = await client({ fetch: async () => 7 });
  assert.equal((await failure(undefined, () => odd.invoke("SystemInfo"))).code, "not-http");
});

test("the version is asked for, and what goes wrong with that", async () => {
  const uri = base();
  const auto = (connectTimeout = 10_000) => Client.create({ engine: "docker", uri, connectTimeout });
  scripts.answer = (request, response) => response.writeHead(request.method === "HEAD" ? 404 : 200, { "Api-Version": "1.41" }).end();
  assert.equal((await auto()).version, "v1.41");
  for (const [script, code] of [
    [(_, response) => response.end("OK"), "negotiate-silent"],
    [(_, response) => response.writeHead(200, { "Api-Version": "new" }).end(), "negotiate-unreadable"],
    [(_, response) => response.writeHead(200, { "Api-Version": "1.1" }).end(), "engine-too-old"],
    [(_, response) => response.writeHead(500).end(), "negotiate-refused"],
    [() => {}, "timed-out"],
  ]) {
    const limit = code === "timed-out" ? 200 : undefined;
    assert.equal((await failure(script, () => auto(limit))).code, code);
  }
});

test("an engine that says its version in a body", async () => {
  const pack = await loadPack(readFileSync(process.env.CONTAJNERS_PACK));
  const newest = versions(pack).at(-1);
  const uri = base();
  const auto = (more) => Client.create({ pack, uri, ...more });
  const seen = [];
  scripts.answer = async (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.writeHead(200, json).write('{"firecracker_version":');
    await sleep(20);
    response.end('"99.0.0"}');
  };
  assert.equal((await auto()).version, newest);
  assert.deepEqual(seen, ["GET /version"]);
  for (const [script, code] of [
    [(_, response) => response.writeHead(200, json).end("{}"), "negotiate-silent"],
    [(_, response) => response.writeHead(200, json).end("{"), "negotiate-silent"],
    [(_, response) => response.writeHead(200).end(), "negotiate-silent"],
    [(_, response) => response.writeHead(200, json).end(`{"firecracker_version":"99.0.0","x":"${"x".repeat(1 << 20)}"}`), "negotiate-silent"],
    [(_, response) => response.writeHead(200, json).end('{"firecracker_version":"new"}'), "negotiate-unreadable"],
    [(_, response) => response.writeHead(200, json).end('{"firecracker_version":"0.1"}'), "engine-too-old"],
    [(_, response) => response.writeHead(500, json).end("{}"), "negotiate-refused"],
    [(_, response) => void response.writeHead(200, json).write("{"), "timed-out"],
  ]) {
    const limit = code === "timed-out" ? { connectTimeout: 200 } : {};
    assert.equal((await failure(script, () => auto(limit))).code, code);
  }
});

test("a long log takes no more memory than a short one", async () => {
  const piece = Buffer.concat(Array.from({ length: 16 }, () => frame(1, "a".repeat(4096))));
  scripts.answer = async (_, response) => {
    response.writeHead(200, { "Content-Type": "application/vnd.docker.multiplexed-stream" });
    for (let sent = 0; sent < 100e6; sent += piece.length) {
      if (!response.write(piece)) await once(response, "drain");
    }
    response.end();
  };
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  let all = 0;
  let early;
  let most = 0;
  for await (const { bytes } of logs()) {
    all += bytes.length;
    if (all % (4 << 20) !== 0) continue;
    collect();
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    if (all <= 20 << 20) early = arrayBuffers + heapUsed;
    else most = Math.max(most, arrayBuffers + heapUsed);
  }
  assert.equal(all, Math.ceil(100e6 / piece.length) * 16 * 4096);
  // The server is in this process, too, and what it has not sent yet.
  assert.ok(most < early + (32 << 20), `${early} bytes early, ${most} at the most`);
});

test("an `init` takes the place of a socket where it brings a way of its own", async () => {
  await overBoth(async (_, uri) => {
    scripts.answer = (request, response) => response.writeHead(200, json).end(JSON.stringify(request.headers.host));
    for (const init of [{}, { keepalive: false }, { dispatcher: undefined }]) {
      const over = await client({ uri, init });
      assert.equal(await over.invoke("SystemInfo"), uri.startsWith("unix:") ? "localhost" : new URL(uri).host);
    }
  });
  const asked = [];
  const dispatcher = {
    dispatch(options, handler) {
      asked.push(options.origin + options.path);
      handler.onError(Object.assign(new Error("no"), { code: "ENOENT" }));
    },
  };
  const over = await client({ uri: "unix:///nowhere", init: { dispatcher } });
  assert.equal((await rejected(over.invoke("SystemInfo"))).code, "cannot-connect");
  assert.deepEqual(asked, ["http://localhost/v1.41/info"]);
});

test("an answer is read once", async () => {
  scripts.answer = (_, response) => response.writeHead(200, json).end('{"a":1}');
  const again = {
    bytes: (response) => response.bytes(),
    data: (response) => response.data(),
    json: (response) => response.json(),
    text: (response) => response.text(),
    stream: async (response) => all(response.stream()),
    frames: (response) => all(response.frames()),
    documents: (response) => all(response.documents()),
  };
  for (const read of [...Object.values(again), (response) => response.cancel()]) {
    const response = await docker.invoke("SystemInfo", { as: "response" });
    await read(response).catch(() => {});
    for (const [name, way] of Object.entries(again)) {
      const error = await rejected(way(response));
      assert.deepEqual([error.name, error.code], ["DecodeError", "answer-taken"], name);
      assert.equal(error.message, "the answer to `SystemInfo` (GET /v1.41/info) has been taken already");
    }
    await response.cancel();
  }
});

test("a byte order mark in output is a character like others", async () => {
  const stream = Buffer.concat([frame(1, "\ufeffa"), frame(1, "\ufeffb"), frame(2, "\ufeffü"), frame(1, "ü")]);
  const script = (_, response) => response.writeHead(200, { "Content-Type": "application/vnd.docker.multiplexed-stream" }).end(stream);
  scripts.answer = script;
  assert.deepEqual((await all(logs())).map(({ text }) => text), ["\ufeffa", "\ufeffb", "\ufeffü", "ü"]);
  scripts.answer = script;
  assert.equal(await docker.invoke("ContainerLogs", { params: { id: "x", stdout: true } }), "\ufeffa\ufeffb\ufeffüü");
  const error = await failure((_, response) => response.writeHead(500, json).end('\ufeff{"message":"no"}'), list);
  assert.equal(error.engineMessage, "no");
});

test("what an error holds of an answer is not printed", async () => {
  const script = (_, response) => response.writeHead(500, { ...json, "X-Own": "hush" }).end('{"message":"no","more":"hush"}');
  const error = await failure(script, list);
  assert.doesNotMatch(inspect(error), /hush|104, 117, 115, 104/);
  assert.deepEqual(Object.keys(error).filter((name) => ["body", "headers", "target", "method"].includes(name)), []);
  assert.match(Buffer.from(error.body).toString(), /hush/);
  assert.equal(error.headers.get("x-own"), "hush");
});

test("what caused an error shows neither what came nor a query", async () => {
  const { inspect: shown } = await import("node:util");
  const chunked = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhush\r\nhushzz\r\n";
  await overBoth(async (over) => {
    const call = () => over.invoke("ImageBuild", { params: { buildargs: { TOKEN: "hush" } }, body: "" });
    for (const [script, code] of [
      [(_, response) => response.writeHead(200, json).end('{"Token": hush}'), "invalid-json"],
      [(request) => request.socket.end(chunked), "connection-broken"],
      [(request) => request.socket.end("HTTP/1.1 hush OK\r\n\r\nhush"), "not-http"],
      [(request) => request.socket.destroy(), "connection-broken"],
    ]) {
      scripts.answer = script;
      const error = await rejected(call());
      assert.equal(error.code, code);
      assert.doesNotMatch(shown(error), /hush|68 75 73 68/);
    }
    scripts.answer = (request) => request.socket.end("HTTP/1.1 hush OK\r\n\r\nhush");
    assert.doesNotMatch(shown(await rejected(attached(over))), /hush|68 75 73 68/);
  });
  // The words of Deno, the fields of Bun, and those of undici.
  const deno = (url, what) => new TypeError("fetch failed", { cause: new Error(`error sending request for url (${url}): client error (${what}): no`) });
  const bun = (url) => Object.defineProperty(Object.assign(new TypeError("no"), { code: "ConnectionRefused" }), "path", { value: url, writable: true, enumerable: true });
  const undici = () => new TypeError("fetch failed", { cause: Object.assign(new Error("no"), { name: "HTTPParserError", data: "hush" }) });
  for (const [made, code, acted] of [
    [(url) => deno(url, "Connect"), "cannot-connect", false],
    [(url) => deno(url, "Connect").cause, "cannot-connect", false],
    [(url) => deno(url, "SendRequest"), "connection-broken", true],
    [bun, "cannot-connect", false],
    [undici, "not-http", true],
  ]) {
    const own = await client({ fetch: async (url) => Promise.reject(made(url)) });
    const error = await rejected(own.request("POST", "/x?token='hush'&a=(hush)"));
    assert.deepEqual([error.code, error.mayHaveActed], [code, acted]);
    assert.doesNotMatch(shown(error), /hush/);
    assert.ok(error.cause instanceof Error);
  }
});

test("a browser that does not send streams is not given one", async () => {
  const { Request } = globalThis;
  // What it would send is text, whose type it adds.
  globalThis.Request = class {
    headers = new Headers({ "Content-Type": "text/plain" });
  };
  try {
    const put = (body) => docker.request("POST", "/x", { body });
    const error = await failure(undefined, () => put(new Blob(["a"]).stream()));
    assert.deepEqual([error.name, error.code, error.hint], ["ResolveError", "invalid-body", "give a Blob or bytes"]);
    scripts.answer = (_, response) => response.writeHead(200, json).end("[]");
    assert.deepEqual(await put(new Blob(["a"])), []);
  } finally {
    globalThis.Request = Request;
  }
});

test("items that are asked for at once come in that order", async () => {
  scripts.answer = async (_, response) => {
    response.writeHead(200, json).write('{"n":1}{"n":2}{"n":3}');
    await sleep(50);
    response.end('{"n":4}');
  };
  const documents = docker.documents("SystemEvents");
  const first = documents.next();
  const others = [documents.next()];
  await first;
  others.push(documents.next(), documents.next(), documents.next());
  const all = await Promise.all([first, ...others]);
  assert.deepEqual(all.map(({ value }) => value?.n), [1, 2, 3, 4, undefined]);
});

test("tiny pieces want little more memory than their bytes", async () => {
  const script = `
    import { Client, loadPack } from "contajners";
    const tiny = (count, head) => {
      let left = count;
      return new ReadableStream({
        start: (controller) => head && controller.enqueue(head),
        pull: (controller) => {
          for (let i = 0; i < 1000; i += 1, left -= 1) controller.enqueue(Uint8Array.of(32));
          if (left <= 0) controller.close();
        },
      });
    };
    let head;
    let type = "application/json";
    const fetch = async () => new Response(tiny(1e6, head), { headers: { "Content-Type": type } });
    const docker = await Client.create({ engine: "docker", version: "v1.41", uri: "http://engine", fetch });
    if ((await docker.invoke("SystemInfo")) !== null) throw new Error("something");
    await loadPack("http://engine/x", { fetch }).catch(({ code }) => {
      if (code !== "pack-foreign") throw new Error(code);
    });
    // All of an engine's words about an error.
    type = "application/vnd.docker.multiplexed-stream";
    head = Uint8Array.of(3, 0, 0, 0, 0, 0xf0, 0, 0);
    const frames = docker.frames("ContainerLogs", { params: { id: "x", stdout: true } });
    await frames.next().catch(({ code }) => {
      if (code !== "in-band-error") throw new Error(code);
    });
  `;
  await promisify(execFile)(process.execPath, ["--max-old-space-size=50", "--input-type=module", "--eval", script]);
});
