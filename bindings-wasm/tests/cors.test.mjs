// A page of another origin, and an engine that lets it: what browsers do with that, and do not.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";

import { Client } from "contajners";

import { launch } from "./chromium.mjs";

const { serve } = await import(process.env.CONTAJNERS_EXPLORER + "/proxy.mjs");
const engine = process.env.CONTAJNERS_ENGINE;
const uri = process.env.CONTAJNERS_TCP.replace("http:", "tcp:");

let server;
let browser;
let page;
let own;
let id;

before(async () => {
  const folders = { "": process.env.CONTAJNERS_EXPLORER, contajners: fileURLToPath(new URL("node_modules/contajners/", import.meta.url)) };
  server = await serve({ engines: {}, folders });
  browser = await launch();
  own = await Client.create({ engine, uri: `unix://${process.env.CONTAJNERS_SOCKET}` });
  await own.invoke("ImageLoad", { body: readFileSync(process.env.CONTAJNERS_IMAGE) });
  const body = { Image: "localhost/busybox:local", Cmd: ["sh", "-c", "echo out; sleep 60"], HostConfig: { NetworkMode: "none" } };
  ({ Id: id } = await own.invoke("ContainerCreate", { body }));
  page = await browser.open(`http://127.0.0.1:${server.address().port}/`);
  await page.until(() => document.querySelectorAll("#list button").length > 10);
  await page.run(async (engine, uri, version) => {
    const { Client } = await import("/contajners/browser.js");
    globalThis.client = await Client.create({ engine, uri, version });
  }, engine, uri, own.version);
});

after(async () => {
  if (id) await own.invoke("ContainerDelete", { params: { [named]: id, force: true } });
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

const named = engine === "docker" ? "id" : "name";

test("the version, which no engine exposes", async () => {
  const found = await page.run(async (engine, uri) => {
    const { Client } = await import("/contajners/browser.js");
    const error = await Client.create({ engine, uri }).catch((error) => error);
    return [error.name, error.code, error.hint];
  }, engine, uri);
  assert.deepEqual(found, [
    "NegotiateError", "version-hidden", "give the `version` to speak, or put a proxy of the same origin in front",
  ]);
});

test("what is read", async () => {
  const found = await page.run(async (id, named) => {
    const list = await client.invoke("ContainerList", { params: { all: true } });
    const error = await client.invoke("ContainerInspect", { params: { [named]: "nobody" } }).catch((error) => error);
    return [client.version, list.some(({ Id }) => Id === id), error.code, error.status, error.engineMessage];
  }, id, named);
  assert.deepEqual(found.slice(0, 4), [own.version, true, "engine-error", 404]);
  assert.match(found[4], /no such container/i);
});

test("what is changed: Docker lets it, Podman answers preflights with an error", async () => {
  const found = await page.run(async (id, named) => {
    const params = { [named]: id };
    const said = await client.invoke("ContainerStart", { params }).then(() => "started", (error) => error.code);
    const body = { Image: "localhost/busybox:local", Cmd: ["true"], HostConfig: { NetworkMode: "none" } };
    const made = await client.invoke("ContainerCreate", { body }).then(({ Id }) => Id, (error) => ({ code: error.code, hint: error.hint }));
    const gone = await client.invoke("ContainerDelete", { params: { [named]: made.code ? id : made, force: true } }).then(() => "gone", (error) => error.code);
    const usable = Array.isArray(await client.invoke("ContainerList"));
    return { said, made, gone, usable };
  }, id, named);
  assert.equal(found.said, "started");
  assert.ok(found.usable);
  if (engine === "docker") {
    assert.equal(found.gone, "gone");
    return;
  }
  assert.equal(found.made.code, "cannot-connect");
  assert.match(found.made.hint, /proxy of the same origin/);
  assert.equal(found.gone, "cannot-connect");
});

test("a log as it is written, until it is given up", async () => {
  const found = await page.run(async (id, named) => {
    const controller = new AbortController();
    let text = "";
    const params = { [named]: id, follow: true, stdout: true };
    const error = await (async () => {
      for await (const frame of client.frames("ContainerLogs", { params, signal: controller.signal })) {
        text += frame.text;
        controller.abort();
      }
    })().catch((error) => error);
    return [text, error?.name];
  }, id, named);
  assert.deepEqual(found, ["out\n", "AbortError"]);
});
