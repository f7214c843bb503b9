// What is held for as long as it is wanted, and no longer: connections, bodies, and patience.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createReadStream, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Client } from "contajners";

const folder = mkdtempSync(join(tmpdir(), "contajners-"));
const path = join(folder, "engine.sock");
const json = { "Content-Type": "application/json" };
let answer;
const servers = [createServer((...all) => answer(...all)), createServer((...all) => answer(...all))];
/** An address of each. */
let uris;

before(async () => {
  servers[0].listen(path);
  servers[1].listen(0, "127.0.0.1");
  await Promise.all(servers.map((server) => once(server, "listening")));
  uris = [`unix://${path}`, `http://127.0.0.1:${servers[1].address().port}`];
});

after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

const client = (uri, more = {}) => Client.create({ engine: "docker", version: "v1.41", uri, ...more });
const rejected = (promise) => promise.then(() => assert.fail("nothing failed"), (error) => error);
const all = async (stream) => {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces).toString();
};
async function until(is) {
  for (let i = 0; !(await is()) && i < 2000; i += 1) await sleep(5);
  assert.ok(await is(), `never: ${is}`);
}

test("an answer without a body holds no connection, read or not", async () => {
  for (const [number, uri] of uris.entries()) {
    const over = await client(uri);
    const head = { Id: "x" };
    for (const [status, headers, operation, params] of [
      [204, head, "ContainerStart", { id: "x" }],
      [200, { ...head, "Content-Length": 0 }, "ContainerStart", { id: "x" }],
      [200, { ...head, "X-Docker-Container-Path-Stat": "e30=" }, "ContainerArchiveInfo", { id: "x", path: "/" }],
    ]) {
      answer = (_, response) => response.writeHead(status, headers).end();
      for (let i = 0; i < 20; i += 1) {
        const response = await over.invoke(operation, { params, as: "response" });
        assert.deepEqual([response.status, response.headers.get("id")], [status, "x"]);
        if (i % 2) assert.equal((await response.bytes()).length, 0);
      }
    }
    // One after another they take one connection, which is let go.
    const open = () => new Promise((resolve) => servers[number].getConnections((_, count) => resolve(count)));
    await until(async () => (await open()) <= 2);
  }
});

test("who gives up an answer while it is read is told", async () => {
  for (const uri of uris) {
    const over = await client(uri);
    answer = (_, response) => void response.writeHead(200, { "Content-Type": "application/x-tar" }).write("hello ");
    const asked = () => over.invoke("ContainerExport", { params: { id: "x" }, as: "response" });
    for (const way of [(response) => response.bytes(), (response) => response.text(), (response) => all(response.stream())]) {
      const response = await asked();
      setTimeout(() => response.cancel(), 20);
      assert.equal((await rejected(way(response))).code, "aborted");
    }
    // Nobody is there to be told.
    await (await asked()).cancel();
    // Nor does it look like the end to whoever reads on later.
    const response = await asked();
    const reader = response.stream().getReader();
    assert.equal((await reader.read()).value.length, 6);
    await response.cancel();
    assert.equal((await rejected(reader.read())).code, "aborted");
  }
});

test("a socket that nobody asked for is told, whatever it is taken as", async () => {
  const upgrade = (socket) => socket.end("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
  const server = createTcpServer((socket) => socket.once("data", () => upgrade(socket)));
  const own = join(folder, "upgrades.sock");
  server.listen(own);
  await once(server, "listening");
  const over = await client(`unix://${own}`);
  for (const as of ["data", "stream", "response"]) {
    assert.equal((await rejected(over.invoke("ContainerAttach", { params: { id: "x" }, as }))).code, "upgraded");
  }
  server.close();
});

test("a stream has an end, whatever the method", async () => {
  const over = await client(uris[0]);
  const seen = [];
  answer = (request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece)).on("end", () => {
      seen.push([request.method, body]);
      response.writeHead(204).end();
    });
  };
  const other = "POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
  async function* pieces() {
    yield other;
  }
  for (const method of ["DELETE", "GET", "OPTIONS", "POST"]) await over.request(method, "/x", { body: pieces() });
  assert.deepEqual(seen, ["DELETE", "GET", "OPTIONS", "POST"].map((method) => [method, other]));
});

test("a body is left, begun or not", { skip: process.platform !== "linux" && "there is no list of descriptors" }, async () => {
  const file = join(folder, "body");
  writeFileSync(file, Buffer.alloc(1 << 20));
  answer = (request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(200, json).end("[]"));
  };
  const link = (name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return undefined;
    }
  };
  const open = () => readdirSync("/proc/self/fd").filter((name) => link(name) === file).length;
  for (const uri of [...uris, "unix:///no/such.sock"]) {
    const over = await client(uri);
    for (let i = 0; i < 10; i += 1) {
      const body = createReadStream(file);
      await once(body, "open");
      const controller = new AbortController();
      const call = over.request("POST", "/x", { body, signal: controller.signal });
      if (i % 2) controller.abort();
      await call.catch(() => {});
    }
    await until(() => open() === 0);
  }
});

test("Node's own `fetch` waits for as long as a call may", async () => {
  const name = Symbol.for("undici.globalDispatcher.1");
  const over = await client(uris[1]);
  answer = (_, response) => response.writeHead(200, json).end("[]");
  await over.invoke("ContainerList");
  const real = globalThis[name];
  const seen = [];
  globalThis[name] = {
    dispatch(options, handler) {
      seen.push([options.path, options.headersTimeout, options.bodyTimeout]);
      return real.dispatch(options, handler);
    },
  };
  try {
    assert.deepEqual(await over.invoke("ContainerList"), []);
    // Whoever has a way of its own has its limits, too.
    const own = await client(uris[1], { init: { dispatcher: globalThis[name] } });
    assert.deepEqual(await own.invoke("ContainerList"), []);
  } finally {
    globalThis[name] = real;
  }
  assert.deepEqual(seen.map(([path, ...limits]) => [path, ...limits.map((limit) => limit ?? "usual")]), [
    ["/v1.41/containers/json", 0, 0],
    ["/v1.41/containers/json", "usual", "usual"],
  ]);
});

test("a socket goes where the other calls go, or nowhere", async () => {
  let asked = 0;
  answer = (_, response) => {
    asked += 1;
    response.writeHead(200, json).end("[]");
  };
  const dispatcher = { dispatch: () => assert.fail("it was asked") };
  const over = await client(uris[1], { init: { dispatcher }, headers: { Authorization: "hush" } });
  const error = await rejected(over.invoke("ContainerAttach", { params: { id: "x" }, as: "socket" }));
  assert.deepEqual([error.code, error.mayHaveActed, asked], ["no-sockets", false, 0]);
});
