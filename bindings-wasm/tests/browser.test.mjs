// A real browser and a real engine: the package in a page, and the explorer, behind its proxy.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";

import { Client } from "contajners";

import { launch } from "./chromium.mjs";

const { serve } = await import(process.env.CONTAJNERS_EXPLORER + "/proxy.mjs");
const engine = process.env.CONTAJNERS_ENGINE;
const socket = process.env.CONTAJNERS_SOCKET;
const image = "localhost/busybox:local";

let server;
let origin;
let browser;
let client;

before(async () => {
  server = await serve({
    engines: { [engine]: socket },
    folders: {
      "": process.env.CONTAJNERS_EXPLORER,
      contajners: fileURLToPath(new URL("node_modules/contajners/", import.meta.url)),
      bundled: fileURLToPath(new URL("dist/", import.meta.url)),
    },
  });
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await launch();
  client = await Client.create({ engine, uri: `unix://${socket}` });
  await client.invoke("ImageLoad", { body: readFileSync(process.env.CONTAJNERS_IMAGE) });
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

const named = (operation, id) => {
  const { parameters } = client.doc(operation);
  return { [parameters.find((parameter) => parameter.in === "path").name]: id };
};

async function container(command, more, work) {
  const { Id: id } = await client.invoke("ContainerCreate", {
    body: { Image: image, Cmd: command, HostConfig: { NetworkMode: "none" }, ...more },
  });
  try {
    return await work(id);
  } finally {
    await client.invoke("ContainerDelete", { params: { ...named("ContainerDelete", id), force: true } });
  }
}

test("the package in a page", async () => {
  const page = await browser.open(`${origin}/`);
  await page.until(() => document.querySelectorAll("#list button").length > 10);
  await container(["sh", "-c", "echo out; echo err >&2; sleep 60"], {}, async (id) => {
    const found = await page.run(
      async (engine, image, id, start, logs, archive) => {
        const { Client } = await import("/contajners/browser.js");
        const client = await Client.create({ engine, uri: `/engine/${engine}` });
        const out = { version: client.version };
        out.list = (await client.invoke("ContainerList", { params: { all: true } })).some(({ Id }) => Id === id);
        await client.invoke("ContainerStart", { params: start });
        const put = await client.invoke("PutContainerArchive", { params: { ...archive, path: "/" }, body: new Blob([new Uint8Array(1024)]) });
        out.put = put;
        const texts = { stdout: "", stderr: "" };
        const controller = new AbortController();
        try {
          for await (const { stream, text } of client.frames("ContainerLogs", { params: { ...logs, follow: true, stdout: true, stderr: true }, signal: controller.signal })) {
            texts[stream] += text;
            if (texts.stdout && texts.stderr) controller.abort();
          }
        } catch (error) {
          out.abort = error.name;
        }
        out.texts = texts;
        const code = (promise) => promise.then(() => "none", (error) => error.code);
        out.missing = await code(client.invoke("ContainerInspect", { params: { ...logs, id: "nobody", name: undefined } }));
        out.socket = await code(client.invoke("ContainerAttach", { params: { ...logs }, as: "socket" }));
        out.usable = Array.isArray(await client.invoke("ContainerList"));
        return out;
      },
      engine, image, id, named("ContainerStart", id), named("ContainerLogs", id), named("PutContainerArchive", id),
    );
    assert.equal(found.version, client.version);
    assert.deepEqual(found.texts, { stdout: "out\n", stderr: "err\n" });
    assert.equal(found.abort, "AbortError");
    assert.ok(["engine-error", "unknown-parameter"].includes(found.missing));
    assert.equal(found.socket, "no-sockets");
    assert.ok(found.list && found.usable);
    assert.equal(found.put, null);
  });
});

test("the first request of a page", async () => {
  const page = await browser.open(`${origin}/`);
  await page.until(() => document.querySelectorAll("#list button").length > 10);
  const target = await page.run(async () => {
    const bytes = await (await fetch("/contajners/engine_bg.wasm")).arrayBuffer();
    const { init, resolve } = await import("/contajners/browser.js");
    await init(bytes);
    return resolve("docker", "v1.41", "ContainerList").target;
  });
  assert.equal(target, "/v1.41/containers/json");
});

test("attaching over a WebSocket, where the engine has a route for it", async () => {
  const page = await browser.open(`${origin}/`);
  await page.until(() => document.querySelectorAll("#list button").length > 10);
  if (engine !== "docker") {
    const code = await page.run(async (engine) => {
      const { Client } = await import("/contajners/browser.js");
      const client = await Client.create({ engine, uri: `/engine/${engine}` });
      return client.invoke("ContainerAttachWebsocket", { as: "websocket" }).catch((error) => error.code);
    }, engine);
    assert.equal(code, "unknown-operation");
    return;
  }
  await container(["sh", "-c", "read line; echo got $line"], { OpenStdin: true, StdinOnce: true }, async (id) => {
    await client.invoke("ContainerStart", { params: { id } });
    const said = await page.run(async (id) => {
      const { Client } = await import("/contajners/browser.js");
      const client = await Client.create({ engine: "docker", uri: "/engine/docker" });
      const params = { id, stream: true };
      const { readable, writable } = await client.invoke("ContainerAttachWebsocket", { params, as: "websocket" });
      await writable.getWriter().write(new TextEncoder().encode("hello\n"));
      let text = "";
      const reader = readable.getReader();
      for (let piece; !text.includes("\n") && !(piece = await reader.read()).done; ) text += new TextDecoder().decode(piece.value);
      await reader.cancel();
      return text;
    }, id);
    assert.equal(said, "got hello\n");
  });
});

test("an engine of another origin, which sends no CORS headers", async () => {
  const page = await browser.open(`${origin}/`);
  await page.until(() => document.querySelectorAll("#list button").length > 10);
  const found = await page.run(async (engine, uri) => {
    const { Client } = await import("/contajners/browser.js");
    const error = await Client.create({ engine, uri }).then(() => undefined, (error) => error);
    return [error?.name, error?.code, error?.hint];
  }, engine, process.env.CONTAJNERS_TCP.replace("http:", "tcp:"));
  assert.deepEqual(found.slice(0, 2), ["ConnectError", "cannot-connect"]);
  assert.match(found[2], /proxy of the same origin/);
});

test("the explorer by keyboard: a search, an operation, its request", async () => {
  const page = await browser.open(`${origin}/`);
  await page.until(() => document.querySelectorAll("#list button").length > 10);
  await page.run((engine) => {
    const select = document.getElementById("engine");
    select.value = engine;
    select.dispatchEvent(new Event("change"));
    document.getElementById("search").focus();
  }, engine);
  await page.type("containerlogs");
  await page.until(() => [...document.querySelectorAll("#list button")].every(({ textContent }) => /containerlogs/i.test(textContent)));
  await page.key("Tab");
  // A list that scrolls can be focused, too.
  await page.run(() => document.activeElement.tagName === "BUTTON" || document.querySelector("#list button").focus());
  await page.key("Enter", "\r");
  await page.until(() => document.querySelector("#operation h2")?.textContent === "ContainerLogs");
  assert.match(await page.run(() => document.getElementById("request").textContent), /needs the path parameter/);
  const unlabelled = await page.run(() =>
    [...document.querySelectorAll("input, select, textarea")].filter(({ labels }) => labels.length === 0).map(({ id }) => id));
  assert.deepEqual(unlabelled, []);
});

test("the explorer shows history, differences, and findings while one types", async () => {
  const page = await browser.open(`${origin}/#docker/v1.41/ContainerCreate`);
  await page.until(() => document.getElementById("request")?.textContent);
  const findings = () => page.run(() => [...document.querySelectorAll("#findings li")].map(({ textContent }) => textContent));
  await page.run(() => document.getElementById("body").focus());
  await page.type('{"HostConfig":{"Annotations":{"a":"b"}}}');
  assert.deepEqual(await findings(), ["unknown field `/HostConfig/Annotations` of `ContainerCreate` in docker v1.41: available from v1.43; this call speaks v1.41"]);
  await page.run(() => (document.getElementById("body").value = ""));
  await page.type('{"Image":"busybox"}');
  assert.deepEqual(await findings(), []);
  await page.run(() => document.querySelector("#history summary").focus());
  await page.key("Enter", "\r");
  await page.until(() => document.querySelectorAll("#history h4").length > 5);
  const steps = await page.run(() => document.querySelector("#history div").innerText);
  assert.match(steps, /v1\.43[^]*\/HostConfig\/Annotations/);
  await page.run(() => document.getElementById("compare").focus());
  await page.key("Enter", "\r");
  await page.until(() => document.querySelector("#differences p"));
  assert.match(await page.run(() => location.hash), /^#diff\/docker@v1\.41\/docker@v1\.\d+$/);
  const told = () => page.run(() => document.querySelector("#differences p").textContent);
  const [, all, breaking] = /^(\d+) differences, (\d+) of them/.exec(await told());
  assert.ok(Number(all) > Number(breaking) && Number(breaking) > 0);
  await page.run(() => document.getElementById("breaking").click());
  assert.equal(await page.run(() => document.querySelectorAll("#differences li").length), Number(breaking));
  // Of two engines, too, and from there to an operation.
  await page.run(() => {
    const select = document.getElementById("to-engine");
    select.value = "podman";
    select.dispatchEvent(new Event("change"));
  });
  await page.until(() => /Of two engines/.test(document.querySelector("#differences p").textContent));
  await page.run(() => document.querySelector("#differences button").click());
  await page.until(() => document.getElementById("request")?.textContent);
  const unlabelled = await page.run(() =>
    [...document.querySelectorAll("input, select, textarea")].filter(({ labels }) => labels.length === 0).map(({ id }) => id));
  assert.deepEqual(unlabelled, []);
});

test("the explorer runs a call and shows a log while it is written", async () => {
  const version = client.version;
  await container(["sh", "-c", "echo '<b>on</b>'; sleep 60"], {}, async (id) => {
    await client.invoke("ContainerStart", { params: named("ContainerStart", id) });
    const page = await browser.open(`${origin}/#${engine}/${version}/ContainerLogs`);
    await page.until(() => document.getElementById("request")?.textContent);
    await page.run((values) => {
      for (const [name, value] of Object.entries(values)) document.getElementById(`parameter-${name}`).value = String(value);
      document.getElementById("form").dispatchEvent(new Event("input"));
    }, { ...named("ContainerLogs", id), follow: true, stdout: true });
    const listening = { docker: "/var/run/docker.sock", podman: "/run/podman/podman.sock" }[engine];
    assert.match(await page.run(() => document.getElementById("curl").textContent), new RegExp(`^curl --unix-socket ${listening} .*/containers/${id}/logs\\?.*follow=true`));
    await page.run(() => document.getElementById("run").click());
    // What a container writes is text, never part of the page.
    await page.until(() => document.getElementById("output").textContent === "<b>on</b>\n");
    assert.equal(await page.run(() => document.getElementById("state").textContent), "Answered 200.");
    // Who looks for another operation goes on reading.
    await page.run(() => document.getElementById("search").focus());
    await page.type("containerlist");
    await page.until(() => [...document.querySelectorAll("#list button")].every(({ textContent }) => /containerlist/i.test(textContent)));
    const kept = await page.run(() => ["state", "output"].map((id) => document.getElementById(id).textContent));
    assert.deepEqual(kept, ["Answered 200.", "<b>on</b>\n"]);
    await page.run(() => document.getElementById("stop").click());
    await page.until(() => document.getElementById("state").textContent === "Stopped.");
  });
});

test("the page that Vite made", async () => {
  const page = await browser.open(`${origin}/bundled/`);
  const title = await page.until(() => document.title !== "bundled" && document.title);
  assert.equal(title, "docker,podman /v1.41/containers/json?all=true function");
});

/** What the proxy answers. */
const asked = (headers, path = `/engine/${engine}/_ping`) =>
  new Promise((resolve, reject) => {
    const { port } = server.address();
    request({ host: "127.0.0.1", port, path, headers: { host: `127.0.0.1:${port}`, ...headers }, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject).end();
  });

test("the proxy answers its own page and no other", async () => {
  assert.equal(await asked({}), 200);
  assert.equal(await asked({ origin }), 200);
  assert.equal(await asked({ "sec-fetch-site": "same-origin" }), 200);
  assert.equal(await asked({ origin: "http://evil.example" }), 403);
  assert.equal(await asked({ origin: "null" }), 403);
  assert.equal(await asked({ "sec-fetch-site": "cross-site" }), 403);
  assert.equal(await asked({ host: "evil.example" }), 403);
  const upgrade = { connection: "Upgrade", upgrade: "websocket" };
  assert.equal(await asked({ ...upgrade, origin: "http://evil.example" }), 403);
  assert.equal(await asked(upgrade), 403);
  assert.equal(await asked({}, "/../package.json"), 200);
  assert.equal(await asked({}, "/..%2f..%2fCargo.toml"), 404);
  assert.equal(server.address().address, "127.0.0.1");
});
