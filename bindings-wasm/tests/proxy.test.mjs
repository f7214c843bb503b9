// The explorer's proxy, asked for what is no file of it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const { serve } = await import(process.env.CONTAJNERS_EXPLORER + "/proxy.mjs");

/** Status and text of what is got; the path goes as it is. */
const got = (server, path) =>
  new Promise((resolve, reject) => {
    const outgoing = request({ port: server.address().port, host: "127.0.0.1", path }, (incoming) => {
      let text = "";
      incoming.on("data", (piece) => (text += piece)).on("end", () => resolve([incoming.statusCode, text]));
    });
    outgoing.on("error", reject).end();
  });

/** How long anything may take, in milliseconds. */
const patience = 10_000;

/** The first line that comes of bytes that are sent as they are. */
const said = (server, bytes) =>
  new Promise((resolve) => {
    const socket = connect({ port: server.address().port, host: "127.0.0.1", allowHalfOpen: true }, () => socket.write(bytes));
    let text = "";
    const done = () => (socket.destroy(), resolve(text.split("\r\n")[0]));
    socket.on("data", (piece) => (text += piece).includes("\r\n") && done()).on("error", () => {});
    socket.on("end", done).setTimeout(patience, done);
  });

test("whatever an engine answers, and whoever asks for a WebSocket, the proxy goes on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "contajners-"));
  const path = join(folder, "engine.sock");
  const engine = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (head) => socket.write(`HTTP/1.1 ${decodeURIComponent(String(head).split(" ")[1].slice(1))}\r\n\r\n`));
  }).listen(path);
  await once(engine, "listening");
  const server = await serve({ engines: { docker: path }, folders: { "": folder } });
  try {
    const host = `127.0.0.1:${server.address().port}`;
    const asked = (answer, more = "") => said(server, `GET /engine/docker/${encodeURIComponent(answer)} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`);
    assert.equal(await asked("200 OK\r\nContent-Length: 0"), "HTTP/1.1 200 OK");
    for (const answer of ["099 X\r\nContent-Length: 0", "200 OK\r\nTrailer: x\r\nContent-Length: 0", "101 X\r\nConnection: Upgrade\r\nUpgrade: tcp"]) {
      assert.match(await asked(answer), /^HTTP\/1\.1 502 /, answer);
    }
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    assert.equal(await asked("101 X", upgrade), "HTTP/1.1 403 Forbidden");
    for (let i = 0; i < 10; i += 1) {
      const socket = connect(server.address().port, "127.0.0.1", () => {
        socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
        setTimeout(() => socket.resetAndDestroy(), i % 3);
      });
      await once(socket.on("error", () => {}), "close");
    }
    // Whoever was refused keeps no connection, whether it hangs up or not.
    const kept = connect({ port: server.address().port, host: "127.0.0.1", allowHalfOpen: true });
    kept.on("error", () => {}).resume().write(`GET / HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
    await once(kept, "end");
    const connections = promisify(server.getConnections.bind(server));
    for (const end = Date.now() + patience; (await connections()) > 0 && Date.now() < end; ) await sleep(10);
    assert.equal(await connections(), 0);
    kept.destroy();
    assert.equal((await got(server, "/no"))[0], 404);
  } finally {
    engine.close();
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  }
});

test("paths that are no files are refused, and the proxy goes on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "contajners-"));
  mkdirSync(join(folder, "page/folder"), { recursive: true });
  writeFileSync(join(folder, "page/index.html"), "page");
  writeFileSync(join(folder, "secret"), "secret");
  const server = await serve({ engines: { docker: join(folder, "no.sock") }, folders: { "": join(folder, "page") } });
  try {
    for (const path of ["/%", "/%00", "/%ff", "/folder", "/folder/", "/../secret", "/%2e%2e/secret", "/..%2fsecret", "http://x/../../secret", "http://x/..", "//", "/no", `/${"x".repeat(5000)}`]) {
      const [status, text] = await got(server, path);
      const expected = path === "//" ? [200, "page"] : [404, '{"message":"there is no such file"}'];
      assert.deepEqual([status, text], expected, path);
    }
    assert.equal((await got(server, "/engine/docker/info"))[0], 502);
    assert.deepEqual(await got(server, "/?x=%"), [200, "page"]);
  } finally {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  }
});
