// Sockets, with an engine that makes them as it is told to, or makes none.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createTcpServer } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { all, attached, client, docker, failure, frame, json, overBoth, rejected, scripts, switched, until, upgrading } from "./scripted.mjs";

test("sockets that break before anybody reads", async () => {
  const reset = (socket) => {
    socket.write(switched);
    setTimeout(() => socket.resetAndDestroy(), 30);
  };
  await upgrading(reset, async (client) => {
    const { readable, writable } = await attached(client);
    // Without a listener the error would end the process here.
    await sleep(100);
    const error = await rejected(readable.getReader().read());
    assert.deepEqual([error.name, error.code, error.cause.code], ["SendError", "connection-broken", "ECONNRESET"]);
    await assert.rejects(writable.getWriter().write(new Uint8Array(1)), { code: "connection-broken" });
  });
  await upgrading((socket) => socket.write(switched), async (client) => {
    const controller = new AbortController();
    const { readable } = await attached(client, { signal: controller.signal });
    controller.abort("enough");
    await sleep(50);
    await assert.rejects(readable.getReader().read(), { code: "aborted" });
  });
});

test("sockets: time-outs are for the head alone", async () => {
  const late = (socket) => {
    socket.write(switched);
    setTimeout(() => socket.end("late"), 1500);
  };
  await upgrading(late, async (client) => {
    const { readable } = await attached(client, { timeout: 1000, readTimeout: 1000 });
    assert.equal(Buffer.concat(await all(readable)).toString(), "late");
  });
  await upgrading(() => {}, async (client) => {
    for (const name of ["timeout", "readTimeout"]) {
      const error = await attached(client, { [name]: 30 }).then(() => assert.fail("it opened"), (error) => error);
      assert.deepEqual([error.code, error.hint], ["timed-out", `allow more with \`${name}\``]);
    }
  });
});

test("sockets: a limit for connecting ends before anything is sent", async () => {
  // Takes connections, and never says a word of TLS.
  const mute = createTcpServer(() => {}).listen(0, "127.0.0.1");
  await once(mute, "listening");
  const uri = `https://127.0.0.1:${mute.address().port}`;
  const error = await attached(await client({ uri, connectTimeout: 50 })).then(() => assert.fail("it opened"), (error) => error);
  assert.deepEqual([error.code, error.hint, error.mayHaveActed], ["timed-out", "allow more with `connectTimeout`", false]);
  mute.close();
  // Where there is a connection it is over.
  const late = (socket) => setTimeout(() => socket.end(switched), 1500);
  await upgrading(late, async (_, uri) => {
    const { readable } = await attached(await client({ uri, connectTimeout: 1000 }));
    assert.deepEqual(await all(readable), []);
  });
});

test("sockets: the caller's own word for an upgrade is kept", async () => {
  let asked;
  const script = (socket, head) => {
    asked = /^upgrade: (.*)\r$/im.exec(String(head))[1];
    socket.end(switched);
  };
  await upgrading(script, async (client) => {
    for (const [headers, expected] of [[undefined, "tcp"], [{ Upgrade: "h2c" }, "h2c"], [{ upgrade: "h2c" }, "h2c"]]) {
      await all((await client.invoke("Session", { headers, as: "socket" })).readable);
      assert.equal(asked, expected);
    }
  });
});

test("sockets: an answer of 200 without a length is one, too", async () => {
  const head = (type) => `HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.${type}\r\n\r\n`;
  const raw = (socket) => {
    socket.write(head("raw-stream"));
    socket.on("data", (piece) => socket.end(`got ${piece}`));
  };
  await upgrading(raw, async (client) => {
    const { readable, writable } = await attached(client);
    await writable.getWriter().write(new TextEncoder().encode("input"));
    assert.equal(Buffer.concat(await all(readable)).toString(), "got input");
  });
  for (const start of [head("multiplexed-stream"), switched.replace("raw", "multiplexed")]) {
    const framed = (socket) => socket.end(Buffer.concat([Buffer.from(start), frame(2, "err")]));
    await upgrading(framed, async (client) => {
      const frames = await all((await attached(client)).frames());
      assert.deepEqual(frames.map(({ stream, text }) => [stream, text]), [["stderr", "err"]]);
    });
  }
});

test("sockets: redirections are told as they are of other calls", async () => {
  const error = await failure((_, response) => response.writeHead(301, { Location: "/v1.41/x?secret=hush" }).end(), () => attached(docker));
  assert.deepEqual([error.code, error.status], ["redirected", 301]);
  assert.match(error.message, /go to `\/v1\.41\/x`$/);
});

test("sockets: what makes none", async () => {
  const never = await failure(undefined, () => docker.invoke("ContainerList", { as: "socket" }));
  assert.equal(never.code, "not-upgraded");
  const attach = () => docker.invoke("ContainerAttach", { params: { id: "x", stream: true }, as: "socket" });
  const refused = await failure((_, response) => response.writeHead(404, json).end('{"message":"No such container: x"}'), attach);
  assert.deepEqual([refused.code, refused.status], ["engine-error", 404]);
  const plain = await failure((_, response) => response.writeHead(200, json).end("{}"), attach);
  assert.equal(plain.code, "not-upgraded");
  const as = await failure(undefined, () => docker.invoke("ContainerList", { as: "sock" }));
  assert.equal(as.code, "invalid-option");
});

test("what refuses a socket is read like any refusal: with headers, and not without an end", async () => {
  await overBoth(async (over) => {
    for (const as of ["data", "socket"]) {
      scripts.answer = (_, response) => response.writeHead(404, { ...json, "X-Request": "7" }).end('{"message":"no"}');
      const error = await rejected(attached(over, { as }));
      assert.deepEqual([error.engineMessage, error.headers.get("x-request")], ["no", "7"]);
      scripts.answer = (_, response) => {
        const more = () => {
          while (!response.destroyed && response.write("x".repeat(1 << 16)));
        };
        response.writeHead(500, { "Content-Type": "text/plain" }).on("drain", more);
        more();
      };
      const endless = await rejected(attached(over, { as }));
      assert.deepEqual([endless.code, endless.body.length], ["engine-error", 1 << 20]);
      scripts.answer = (_, response) => void response.writeHead(500, json).write('{"message":"slow"}');
      assert.equal((await rejected(attached(over, { as }))).engineMessage, "slow");
    }
  });
});

test("sockets: what is written is text or bytes, and what breaks off is told", async () => {
  const heard = [];
  const script = (socket) => {
    socket.write(switched);
    socket.on("data", (piece) => heard.push(String(piece)));
  };
  await upgrading(script, async (client) => {
    const { writable, close } = await attached(client);
    const writer = writable.getWriter();
    for (const piece of ["a", Buffer.from("b"), new TextEncoder().encode("c").buffer]) await writer.write(piece);
    await until(() => heard.join("") === "abc");
    const error = await rejected(writer.write(7));
    assert.deepEqual([error.name, error.code], ["ResolveError", "invalid-body"]);
    assert.match(error.message, /`ContainerAttach` .* is text or bytes; a number was given$/);
    close();
  });
  // The body of a 200 that is cut, and frames of a socket.
  const cut = (socket) => {
    socket.write(switched.replace("raw", "multiplexed"));
    setTimeout(() => socket.resetAndDestroy(), 30);
  };
  await upgrading(cut, async (client) => {
    const error = await rejected(all((await attached(client)).frames()));
    assert.equal(error.code, "connection-broken");
  });
  await upgrading((socket) => socket.write(switched), async (client) => {
    const { readable, close } = await attached(client);
    setTimeout(close, 20);
    const error = await all(readable).catch((error) => error);
    assert.ok(Array.isArray(error) || error.code === "connection-broken", error);
  });
});

test("sockets that are not there", async () => {
  for (const [path, hint] of [["/no/such.sock", /no such socket$/], [`${process.execPath}/engine.sock`, /leads through a file$/]]) {
    const over = await client({ uri: `unix://${path}` });
    const error = await rejected(over.invoke("ContainerStart", { params: { id: "x" } }));
    assert.deepEqual([error.name, error.code, error.mayHaveActed], ["ConnectError", "cannot-connect", false]);
    assert.match(error.hint, hint);
  }
});

test("sockets: a body of what opens one is a value or bytes", async () => {
  for (const body of [new Blob(["{}"]), new Response("{}").body]) {
    const call = { params: { id: "x" }, body, as: "socket" };
    const error = await failure(undefined, () => docker.invoke("ExecStart", call));
    assert.deepEqual([error.name, error.code, error.message], ["ResolveError", "invalid-body", "the body of `ExecStart` is a stream"]);
  }
});
