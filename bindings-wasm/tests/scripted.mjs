// A server that says what it is told to, and what asks it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Client } from "contajners";

/** What the server does with a request. */
export const scripts = { answer: undefined };
let server;
export let docker;
export const json = { "Content-Type": "application/json" };

process.on("unhandledRejection", (error) => {
  console.error("unhandled", error);
  process.exit(1);
});

before(async () => {
  server = createServer((request, response) => scripts.answer(request, response)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  docker = await client();
});

after(() => {
  server.closeAllConnections();
  server.close();
});

export const base = () => `http://127.0.0.1:${server.address().port}`;
export const client = (more) => Client.create({ engine: "docker", version: "v1.41", uri: base(), ...more });

/** What a call fails with; afterwards the client works as before. */
export async function failure(script, call) {
  scripts.answer = script;
  const error = await call().then(
    () => assert.fail("nothing failed"),
    (error) => error,
  );
  scripts.answer = (_, response) => response.writeHead(200, json).end("[]");
  assert.deepEqual(await docker.invoke("ContainerList"), []);
  assert.ok(error instanceof Error);
  return error;
}

export const list = () => docker.invoke("ContainerList");
/** Waits for what comes by itself. */
export async function until(is) {
  for (let i = 0; !is() && i < 2000; i += 1) await sleep(5);
  assert.ok(is(), `never: ${is}`);
}
/** What a promise fails with. */
export const rejected = (promise) => promise.then(() => assert.fail("nothing failed"), (error) => error);
/** Does something over TCP and over a unix socket, of the same server. */
export async function overBoth(work) {
  const folder = mkdtempSync(join(tmpdir(), "contajners-"));
  const path = join(folder, "engine.sock");
  const local = createServer((request, response) => scripts.answer(request, response)).listen(path);
  await once(local, "listening");
  try {
    for (const uri of [base(), `unix://${path}`]) await work(await client({ uri }), uri);
  } finally {
    local.closeAllConnections();
    local.close();
    rmSync(folder, { recursive: true });
  }
}
export const frame = (channel, text) => {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(8);
  head[0] = channel;
  head.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
};
export const logs = (more) => docker.frames("ContainerLogs", { params: { id: "x", stdout: true }, ...more });
export const all = async (iterator) => {
  const items = [];
  for await (const item of iterator) items.push(item);
  return items;
};

/** A server whose connections all become sockets. */
export async function upgrading(script, work) {
  const engine = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (head) => script(socket, head));
  }).listen(0, "127.0.0.1");
  await once(engine, "listening");
  try {
    const uri = `http://127.0.0.1:${engine.address().port}`;
    return await work(await client({ uri }), uri);
  } finally {
    engine.close();
  }
}
export const switched = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
export const attached = (client, more) => client.invoke("ContainerAttach", { params: { id: "x", stream: true }, as: "socket", ...more });
