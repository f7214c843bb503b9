// Calls that end before their answers do: given up, out of time, or with a body that cannot be read.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createReadStream, mkdtempSync, openAsBlob, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Client, TimeoutError } from "contajners";

import { all, attached, base, client, docker, failure, frame, json, logs, overBoth, rejected, scripts, until } from "./scripted.mjs";

test("giving up: before, during and after the head", async () => {
  const signal = AbortSignal.abort();
  const before = await failure(undefined, () => docker.invoke("ContainerList", { signal }));
  assert.equal(before.name, "AbortError");
  const during = await failure(() => {}, () => docker.invoke("ContainerList", { signal: AbortSignal.timeout(30) }));
  assert.equal(during.name, "TimeoutError");
  const controller = new AbortController();
  const script = (_, response) => void response.writeHead(200, json).write('{"a":1}\n');
  const seen = [];
  const after = await failure(script, async () => {
    for await (const event of docker.documents("SystemEvents", { signal: controller.signal })) {
      seen.push(event);
      setTimeout(() => controller.abort("enough"), 10);
    }
  });
  assert.deepEqual([after.code, after.cause, seen], ["aborted", "enough", [{ a: 1 }]]);
});

test("leaving a loop closes the connection", async () => {
  let closed;
  const gone = new Promise((resolve) => (closed = resolve));
  scripts.answer = (_, response) => {
    response.on("close", closed);
    response.writeHead(200, json).write('{"a":1}\n');
  };
  for await (const event of docker.documents("SystemEvents")) {
    assert.deepEqual(event, { a: 1 });
    break;
  }
  await gone;
});

test("leaving before the head has come, and while a piece is waited for", async () => {
  for (const open of [() => docker.documents("SystemEvents"), () => logs()]) {
    let arrived;
    const asked = new Promise((resolve) => (arrived = resolve));
    const early = open();
    scripts.answer = (_, response) => arrived(response);
    const next = early.next();
    const response = await asked;
    assert.deepEqual(await early.return(7), { value: 7, done: true });
    await once(response, "close");
    assert.deepEqual(await next, { value: undefined, done: true });
    assert.deepEqual(await early.next(), { value: undefined, done: true });

    // An error of a call that nobody waits for is none.
    let refuse;
    const refused = new Promise((resolve) => (refuse = resolve));
    scripts.answer = (_, response) => refuse(response);
    const unwanted = open();
    const failing = unwanted.next();
    const late = await refused;
    await unwanted.return();
    late.writeHead(500, json).end("{}");
    assert.deepEqual(await failing, { value: undefined, done: true });

    let gone, begun;
    const left = new Promise((resolve) => (gone = resolve));
    const came = new Promise((resolve) => (begun = resolve));
    scripts.answer = (_, response) => {
      begun();
      response.on("close", gone);
      response.writeHead(200, json).flushHeaders();
    };
    const waiting = open();
    const piece = waiting.next();
    await came;
    assert.deepEqual(await waiting.return(), { value: undefined, done: true });
    assert.deepEqual(await piece, { value: undefined, done: true });
    await left;
  }
});

test("leaving before the head has come, by a fetch that takes no signals", async () => {
  const deaf = (url, init) => fetch(url, { ...init, signal: undefined });
  const own = await client({ fetch: deaf });
  let arrived;
  const asked = new Promise((resolve) => (arrived = resolve));
  scripts.answer = (_, response) => arrived(response);
  const early = own.documents("SystemEvents");
  const next = early.next();
  const response = await asked;
  assert.deepEqual(await early.return(), { value: undefined, done: true });
  const closed = once(response, "close");
  response.writeHead(200, json).write("{");
  assert.deepEqual(await next, { value: undefined, done: true });
  await closed;
});

test("time-outs: whole and read", async () => {
  const silent = () => {};
  const whole = await failure(silent, () => docker.invoke("ContainerList", { timeout: 30 }));
  assert.ok(whole instanceof TimeoutError);
  assert.deepEqual([whole.code, whole.hint], ["timed-out", "allow more with `timeout`"]);
  const script = (_, response) => void response.writeHead(200, json).write("[");
  const read = await failure(script, () => docker.invoke("ContainerList", { readTimeout: 30 }));
  assert.deepEqual([read.code, read.hint], ["timed-out", "allow more with `readTimeout`"]);
  scripts.answer = async (_, response) => {
    response.writeHead(200, json).write("[");
    for (let i = 0; i < 6; i += 1) {
      await sleep(20);
      response.write(" ");
    }
    response.end("]");
  };
  assert.deepEqual(await docker.invoke("ContainerList", { readTimeout: 5000 }), []);
  // Longer than timers take: a month.
  const month = 31 * 24 * 3600 * 1000;
  assert.deepEqual(await docker.invoke("ContainerList", { readTimeout: month, timeout: month }), []);
});

test("time-outs: that of reading does not run before a body is out", async () => {
  const folder = mkdtempSync(join(tmpdir(), "contajners-"));
  const path = join(folder, "engine.sock");
  const local = createServer((request, response) => scripts.answer(request, response)).listen(path);
  await once(local, "listening");
  async function* slow() {
    for (let i = 0; i < 4; i += 1) {
      yield "a";
      await sleep(200);
    }
  }
  try {
    for (const over of [docker, await client({ uri: `unix://${path}` })]) {
      const put = (body) => over.request("POST", "/x", { body, readTimeout: 600 });
      // An engine that takes its time before it takes what is sent.
      scripts.answer = async (request, response) => {
        await sleep(800);
        let length = 0;
        for await (const piece of request) length += piece.length;
        response.writeHead(200, json).end(String(length));
      };
      assert.equal(await put(slow()), 4);
      assert.equal(await put(new Uint8Array(16 << 20)), 16 << 20);
      assert.equal(await put(new Blob([new Uint8Array(16 << 20)])), 16 << 20);
      for (const body of [slow(), "text", new Uint8Array(4)]) {
        const error = await failure((request) => request.resume(), () => put(body));
        assert.deepEqual([error.code, error.hint], ["timed-out", "allow more with `readTimeout`"]);
      }
      const unreadable = await failure(
        (request) => request.resume(),
        () => put(new ReadableStream({ start: (controller) => controller.error(new Error("gone")) })),
      );
      assert.deepEqual([unreadable.name, unreadable.code, unreadable.cause?.message], ["BodyError", "body-unreadable", "gone"]);
    }
  } finally {
    local.closeAllConnections();
    local.close();
    rmSync(folder, { recursive: true });
  }
});

test("an answer without a length that is given up is no success", async () => {
  const piece = Buffer.concat([frame(1, "out"), frame(2, "err")]);
  await overBoth(async (over) => {
    scripts.answer = (request, response) => {
      // Its end is that of the connection.
      request.socket.write("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: close\r\n\r\n");
      request.socket.write(piece);
    };
    const call = { params: { id: "x", stdout: true } };
    const ways = [
      (more) => over.invoke("ContainerAttach", { ...call, ...more }),
      (more) => over.invoke("ContainerLogs", { ...call, ...more }),
      async (more) => (await over.invoke("ContainerLogs", { ...call, ...more, as: "response" })).text(),
      async (more) => all(await over.invoke("ContainerLogs", { ...call, ...more, as: "stream" })),
      (more) => all(over.frames("ContainerLogs", { ...call, ...more })),
    ];
    for (const way of ways) {
      for (const name of ["timeout", "readTimeout"]) {
        const error = await rejected(way({ [name]: 100 }));
        assert.deepEqual([error.code, error.hint], ["timed-out", `allow more with \`${name}\``]);
      }
      assert.equal((await rejected(way({ signal: AbortSignal.timeout(100) }))).name, "TimeoutError");
    }
    const controller = new AbortController();
    const { readable } = await over.invoke("ContainerAttach", { ...call, as: "socket", signal: controller.signal });
    setTimeout(() => controller.abort("enough"), 50);
    assert.equal((await rejected(all(readable))).code, "aborted");
  });
});

test("a body that cannot be read is no fault of the engine's", async () => {
  const yielding = async function* (...pieces) {
    for (const piece of pieces) {
      yield piece;
      await sleep(10);
    }
  };
  let left = false;
  async function* watched() {
    try {
      yield "good";
      yield 7;
    } finally {
      left = true;
    }
  }
  async function* throwing() {
    yield "good";
    throw new Error("gone");
  }
  const read = new Response("read").body;
  await all(read);
  const folder = mkdtempSync(join(tmpdir(), "contajners-"));
  writeFileSync(join(folder, "file"), "a".repeat(100));
  const changed = await openAsBlob(join(folder, "file"));
  rmSync(folder, { recursive: true });
  await overBoth(async (over) => {
    const put = (body) => over.request("POST", "/x", { body });
    scripts.answer = async (request, response) => {
      try {
        await all(request);
        response.writeHead(200, json).end("[]");
      } catch {
        // It is cut.
      }
    };
    for (const [body, cause] of [
      [createReadStream("/no/such"), /ENOENT/],
      [throwing(), /^gone$/],
      [yielding("good", 7), /^what goes to .* is text or bytes; a number was given$/],
      [yielding("good", null), /^what goes to .* is text or bytes; null was given$/],
      [yielding(undefined), /undefined was given$/],
      [new ReadableStream({ start: (controller) => controller.enqueue({}) }), /an object was given$/],
      [watched(), /a number was given$/],
      [read, /disturbed or locked/],
      [changed, /could not be read/],
    ]) {
      const error = await rejected(put(body));
      assert.deepEqual([error.name, error.code, error.message], ["BodyError", "body-unreadable", "cannot read the body"]);
      assert.match(error.cause.message, cause);
    }
    await until(() => left);
    left = false;
    assert.deepEqual(await put(yielding("a", new Uint8Array(1), new DataView(new ArrayBuffer(1)), new ArrayBuffer(1), "")), []);
  });
});

test("time-outs and signals hold for a fetch that takes no signals, too", async () => {
  const own = await client({ fetch: (url, init) => fetch(url, { ...init, signal: undefined }) });
  const silent = () => {};
  const begun = (_, response) => void response.writeHead(200, json).write('{"a":1}\n');
  for (const script of [silent, begun]) {
    const closed = [];
    scripts.answer = (request, response) => {
      closed.push(once(response, "close"));
      script(request, response);
    };
    for (const name of ["timeout", "readTimeout"]) {
      for (const call of [
        () => own.invoke("ContainerList", { [name]: 50 }),
        () => all(own.documents("SystemEvents", { [name]: 50 })),
      ]) {
        const error = await rejected(call());
        assert.deepEqual([error.code, error.hint], ["timed-out", `allow more with \`${name}\``]);
      }
    }
    const error = await rejected(own.invoke("ContainerList", { signal: AbortSignal.timeout(50) }));
    assert.equal(error.name, "TimeoutError");
    if (script === begun) await Promise.all(closed);
  }
  const deaf = await client({ fetch: () => new Promise(() => {}) });
  assert.equal((await rejected(deaf.invoke("ContainerList", { timeout: 20 }))).code, "timed-out");
});

test("many calls may have one signal", async () => {
  scripts.answer = (_, response) => setTimeout(() => response.writeHead(200, json).end("[]"), 50);
  const warnings = [];
  const warned = (warning) => warnings.push(warning.name);
  process.on("warning", warned);
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 30 }, () => docker.invoke("ContainerList", { signal })));
  await sleep(10);
  process.off("warning", warned);
  assert.deepEqual(warnings, []);
});

test("a body is left when its call is over", async () => {
  /** A body without an end, and what became of it. */
  const endless = () => {
    const state = { read: 0, left: false };
    async function* pieces() {
      try {
        for (;;) {
          state.read += 1;
          yield new Uint8Array(1 << 16);
          await sleep(1);
        }
      } finally {
        state.left = true;
      }
    }
    return [pieces(), state];
  };
  let complete = false;
  const swallow = (request) => {
    request.on("end", () => (complete = true));
    request.on("error", () => {});
    request.resume();
  };
  await overBoth(async (over) => {
    for (const [script, call] of [
      [swallow, { signal: AbortSignal.timeout(100) }],
      [swallow, { timeout: 100 }],
      // It is answered before it is out.
      [(_, response) => response.writeHead(404, json).end('{"message":"no"}'), {}],
      [(request, response) => (swallow(request), response.writeHead(200, json).end("[]")), {}],
    ]) {
      const [body, state] = endless();
      scripts.answer = script;
      await over.request("POST", "/x", { body, ...call }).catch(() => {});
      await until(() => state.left);
      const { read } = state;
      await sleep(100);
      assert.deepEqual(state, { read, left: true });
    }
    scripts.answer = swallow;
    let cancelled = false;
    const silent = new ReadableStream({ pull: () => new Promise(() => {}), cancel: () => void (cancelled = true) });
    await rejected(over.request("POST", "/x", { body: silent, timeout: 50 }));
    await until(() => cancelled);
  });
  assert.equal(complete, false);
  const [body, state] = endless();
  await rejected((await client({ uri: "unix:///no/such.sock" })).request("POST", "/x", { body }));
  await until(() => state.left);
});

test("giving up while a refusal is read, and while the engine is asked for its version", async () => {
  const slow = (_, response) => void response.writeHead(500, json).write('{"message":"slow"}');
  for (const as of ["data", "socket"]) {
    const error = await failure(slow, () => attached(docker, { as, signal: AbortSignal.timeout(200) }));
    assert.equal(error.name, "TimeoutError");
  }
  const ping = (request, response) => {
    if (request.method === "HEAD") return response.writeHead(404).end();
    return void response.writeHead(200, { "Api-Version": "1.41" }).write("O");
  };
  const uri = base();
  const error = await failure(ping, () => Client.create({ engine: "docker", uri, signal: AbortSignal.timeout(200) }));
  assert.equal(error.name, "TimeoutError");
  scripts.answer = ping;
  assert.equal((await Client.create({ engine: "docker", uri, connectTimeout: 1000 })).version, "v1.41");
});
