// A real engine, over its unix socket: with the package's own way there, and with undici's.

import assert from "node:assert/strict";
import { readFileSync, createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";

import { Agent, fetch as undiciFetch } from "undici";
import { Client, StatusError } from "contajners";

const engine = process.env.CONTAJNERS_ENGINE;
const socket = process.env.CONTAJNERS_SOCKET;
const agent = new Agent({ connect: { socketPath: socket } });
const image = "localhost/busybox:local";
let client;

process.on("unhandledRejection", (error) => {
  console.error("unhandled", error);
  process.exit(1);
});

before(async () => {
  client = await Client.create({ engine, uri: `unix://${socket}` });
  const loaded = await client.invoke("ImageLoad", { body: readFileSync(process.env.CONTAJNERS_IMAGE) });
  assert.ok(loaded);
});

after(() => agent.close());

/** Runs with a container that is gone afterwards. */
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

/** The parameter that names the container, which the two engines do not call alike. */
const named = (operation, id) => {
  const { parameters } = client.doc(operation);
  return { [parameters.find((parameter) => parameter.in === "path").name]: id };
};

test("the version is negotiated", async () => {
  assert.equal(client.version, { docker: "v1.41", podman: "v4.3.1" }[engine]);
});

test("undici's dispatcher goes through in `init`, over the global fetch and over its own", async () => {
  const place = { engine, uri: "http://localhost", init: { dispatcher: agent } };
  for (const fetch of [undefined, undiciFetch]) {
    const other = await Client.create({ ...place, fetch });
    assert.equal(other.version, client.version);
    assert.ok(Array.isArray(await other.invoke("ContainerList", { params: { all: true, filters: { status: ["exited"] } } })));
  }
});

test("over TCP, in one category", async () => {
  const other = await Client.create({ engine, uri: process.env.CONTAJNERS_TCP.replace("http:", "tcp:"), category: "containers" });
  assert.ok(Array.isArray(await other.invoke("ContainerList")));
  const error = await other.invoke("ImageLoad", { body: "x" }).catch((error) => error);
  assert.equal(error.code, "other-category");
});

test("an error has the engine's words", async () => {
  const error = await client.invoke("ContainerInspect", { params: named("ContainerInspect", "nobody") }).catch((error) => error);
  assert.ok(error instanceof StatusError);
  assert.equal(error.status, 404);
  assert.match(error.engineMessage, /no such container/i);
});

test("a container's output, as frames, as text and as a stream", async () => {
  await container(["sh", "-c", "echo out; echo err >&2"], {}, async (id) => {
    await client.invoke("ContainerStart", { params: named("ContainerStart", id) });
    await client.invoke("ContainerWait", { params: named("ContainerWait", id) });
    const params = { ...named("ContainerLogs", id), stdout: true, stderr: true };
    const texts = { stdout: "", stderr: "" };
    for await (const { stream, text } of client.frames("ContainerLogs", { params: { ...params, follow: true } })) {
      texts[stream] += text;
    }
    assert.deepEqual(texts, { stdout: "out\n", stderr: "err\n" });
    const text = await client.invoke("ContainerLogs", { params });
    assert.deepEqual(text.split("\n").sort(), ["", "err", "out"]);
    let bytes = 0;
    for await (const piece of await client.invoke("ContainerLogs", { params, as: "stream" })) bytes += piece.length;
    assert.equal(bytes, 8 + 4 + 8 + 4);
  });
});

test("events as they come, until one has had enough", async () => {
  const events = client.documents("SystemEvents", { params: { filters: { type: ["container"] }, since: "0" } });
  await container(["true"], {}, async (id) => {
    for await (const event of events) {
      if (event.Action === "create" && event.Actor?.ID === id) break;
    }
  });
});

test("an archive up, as a stream, and down", async () => {
  const archive = process.env.CONTAJNERS_IMAGE;
  await container(["true"], {}, async (id) => {
    await client.invoke("PutContainerArchive", {
      params: { ...named("PutContainerArchive", id), path: "/" },
      body: Readable.toWeb(createReadStream(archive)),
    });
    const response = await client.invoke("ContainerArchive", {
      params: { ...named("ContainerArchive", id), path: "/manifest.json" },
      as: "response",
    });
    assert.equal(response.content, "bytes");
    assert.ok(response.headers.get("X-Docker-Container-Path-Stat"));
    assert.match(new TextDecoder().decode(await response.bytes()), /manifest\.json/);
  });
});

test("an upload that the engine refuses before it has read it", async () => {
  const params = { ...named("PutContainerArchive", "nobody"), path: "/" };
  const stream = () => new Blob([new Uint8Array(8 << 20)]).stream();
  for (const body of [new Uint8Array(8 << 20), stream()]) {
    const error = await client.invoke("PutContainerArchive", { params, body }).catch((error) => error);
    assert.deepEqual([error.code, error.status], ["engine-error", 404], error.message);
  }
});

test("attach: written to, closed on one side, read to the end", async () => {
  await container(["sh", "-c", "cat; echo done >&2"], { OpenStdin: true, StdinOnce: true, AttachStdin: true }, async (id) => {
    const socket = await client.invoke("ContainerAttach", {
      params: { ...named("ContainerAttach", id), stream: true, stdin: true, stdout: true, stderr: true },
      as: "socket",
    });
    await client.invoke("ContainerStart", { params: named("ContainerStart", id) });
    const writer = socket.writable.getWriter();
    await writer.write(new TextEncoder().encode("hello\n"));
    await writer.close();
    const texts = { stdout: "", stderr: "" };
    for await (const { stream, text } of socket.frames()) texts[stream] += text;
    assert.deepEqual(texts, { stdout: "hello\n", stderr: "done\n" });
  });
});

test("exec: written to, and its exit status", async () => {
  await container(["sleep", "60"], {}, async (id) => {
    await client.invoke("ContainerStart", { params: named("ContainerStart", id) });
    const { Id: exec } = await client.invoke("ContainerExec", {
      params: named("ContainerExec", id),
      body: { AttachStdin: true, AttachStdout: true, AttachStderr: true, Cmd: ["sh", "-c", "read line; echo $line; exit 7"] },
    });
    const socket = await client.invoke("ExecStart", { params: named("ExecStart", exec), body: { Detach: false, Tty: false }, as: "socket" });
    const writer = socket.writable.getWriter();
    await writer.write(new TextEncoder().encode("hello\n"));
    let text = "";
    for await (const frame of socket.frames()) text += frame.text;
    assert.equal(text, "hello\n");
    const { ExitCode } = await client.invoke("ExecInspect", { params: named("ExecInspect", exec) });
    assert.equal(ExitCode, 7);
  });
});

test("giving a followed log up", async () => {
  await container(["sh", "-c", "echo on; sleep 60"], {}, async (id) => {
    await client.invoke("ContainerStart", { params: named("ContainerStart", id) });
    const controller = new AbortController();
    const params = { ...named("ContainerLogs", id), follow: true, stdout: true };
    const error = await (async () => {
      for await (const { text } of client.frames("ContainerLogs", { params, signal: controller.signal })) {
        assert.equal(text, "on\n");
        controller.abort();
      }
    })().catch((error) => error);
    assert.equal(error.name, "AbortError");
    assert.ok(await client.invoke("ContainerList"));
  });
});

test("what no spec knows", async () => {
  const info = await client.request("GET", "/v1.41/info");
  assert.ok(info.ServerVersion);
});
