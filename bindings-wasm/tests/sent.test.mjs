// What goes out as it was given, and what does not go out at all.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { Client, ResolveError, loadPack } from "contajners";

const folder = mkdtempSync(join(tmpdir(), "contajners-"));
const path = join(folder, "the engine's 100%.sock");
/** The requests that came: method and target. */
let came = [];
const answer = ({ method, url }, response) => {
  came.push(`${method} ${url}`);
  response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
};
const servers = [createServer(answer), createServer(answer)];
let base;

before(async () => {
  servers[0].listen(path);
  servers[1].listen(0, "127.0.0.1");
  await Promise.all(servers.map((server) => once(server, "listening")));
  base = `http://127.0.0.1:${servers[1].address().port}`;
});

after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

const client = (uri = base, more = {}) => Client.create({ engine: "docker", version: "v1.41", uri, ...more });
const rejected = (promise) => promise.then(() => assert.fail("nothing failed"), (error) => error);

test("targets go over a unix socket as they were given", async () => {
  const docker = await client(`unix://${path}`);
  const targets = ["/x?a=it's", '/x?a="<>', "/\"<`{\\", "/v1.41/./_ping", "/%2e%2e/x", "//a", "//a/b?c=/d", "/x?a=http://b/c"];
  came = [];
  for (const target of targets) await docker.request("GET", target);
  assert.deepEqual(came, targets.map((target) => `GET ${target}`));
  const filters = { label: ["it's \"<`{\\"] };
  const { target } = docker.resolve("ContainerList", { params: { filters } });
  came = [];
  await docker.invoke("ContainerList", { params: { filters } });
  assert.deepEqual(came, [`GET ${target}`]);
});

test("the path of a socket may have spaces, as text and in a URL", async () => {
  const { href, pathname } = pathToFileURL(path);
  for (const uri of [`unix://${path}`, new URL(`unix://${pathname}`), new URL(href.replace("file:", "unix:"))]) {
    came = [];
    await (await client(uri)).invoke("SystemInfo");
    assert.deepEqual(came, ["GET /v1.41/info"], `${uri}`);
  }
  for (const [uri, code] of [["unix:///no/such%.sock", "cannot-connect"], ["unix://far/x.sock", "invalid-address"]]) {
    const error = await rejected(client(new URL(uri)).then((docker) => docker.invoke("SystemInfo")));
    assert.equal(error.code, code, uri);
  }
});

test("what `fetch` refuses is told as that, and that nothing was sent", async () => {
  const docker = await client();
  const shared = new Uint8Array(new SharedArrayBuffer(4));
  const far = "http://127.0.0.1:6000";
  came = [];
  for (const [call, cause] of [
    [() => docker.request("GET", "/x", { body: "x" }), /GET/],
    [() => docker.request("HEAD", "/x", { body: "x" }), /HEAD/],
    [() => docker.request("TRACE", "/x"), /TRACE/],
    [() => docker.request("POST", "/x", { body: shared }), /SharedArrayBuffer/],
    [async () => (await client(far)).request("POST", "/x"), /fetch failed/],
    [() => Client.create({ engine: "docker", uri: far }), /fetch failed/],
  ]) {
    const error = await rejected(call());
    assert.ok(error instanceof ResolveError, error.name);
    assert.deepEqual([error.code, error.mayHaveActed], ["fetch-refused", false]);
    assert.match(error.message, /^`fetch` refuses to send `/);
    assert.match(error.cause.message, cause);
  }
  assert.deepEqual(came, []);
  // A fetch of the caller's may have sent something before it failed.
  const own = await client(base, { fetch: async () => null.x });
  assert.equal((await rejected(own.request("POST", "/x"))).mayHaveActed, true);
});

test("a call that is given up before it begins has done nothing", async () => {
  const docker = await client(base, { WebSocket: class { constructor() { assert.fail("it opened"); } } });
  const signal = AbortSignal.abort("why");
  came = [];
  for (const as of ["data", "response", "socket", "websocket"]) {
    const error = await rejected(docker.request("POST", "/x", { signal, as }));
    assert.deepEqual([error.code, error.cause, error.mayHaveActed], ["aborted", "why", false], as);
  }
  await assert.rejects(docker.frames("ContainerLogs", { params: { id: "x" }, signal }).next(), { code: "aborted", mayHaveActed: false });
  assert.deepEqual(came, []);
});

test("a path where a URL is wanted is told", async () => {
  const error = await rejected(loadPack("/no/such.postcard"));
  assert.deepEqual([error.code, error.message], ["pack-unreachable", "cannot read a pack from `/no/such.postcard`"]);
  assert.match(error.hint, /pathToFileURL/);
  assert.equal((await rejected(loadPack("file:///no/such.postcard"))).hint, undefined);
});
