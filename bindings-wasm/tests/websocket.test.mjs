// Attaching over WebSockets that do what they are told to.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Client } from "contajners";

// No connection is open here, and timers of calls hold no program: something has to.
const held = setInterval(() => {}, 1000);
after(() => clearInterval(held));

const client = (more) => Client.create({ engine: "docker", version: "v1.41", uri: "http://engine", ...more });
/** What a promise fails with. */
const rejected = (promise) => promise.then(() => assert.fail("nothing failed"), (error) => error);
const all = async (iterator) => {
  const items = [];
  for await (const item of iterator) items.push(item);
  return items;
};

/** A client whose WebSockets open at once, and what they were made of. */
async function attachedOverWeb(more, call) {
  const sent = [];
  class Own {
    constructor(url) {
      setTimeout(() => this.onopen());
      Own.last = Object.assign(this, { url, sent });
    }
    send(piece) {
      sent.push(piece);
    }
    close() {
      this.closed = true;
    }
  }
  const over = await client({ WebSocket: Own, ...more });
  const opened = await over.invoke("ContainerAttachWebsocket", { params: { id: "x" }, as: "websocket", ...call });
  return { ...opened, socket: Own.last };
}

test("WebSockets: what nobody reads is kept up to a limit", async () => {
  const { readable, socket } = await attachedOverWeb({ answerLimit: 10 });
  socket.onmessage({ data: "12345" });
  socket.onmessage({ data: new Uint8Array(5).buffer });
  const reader = readable.getReader();
  assert.equal((await reader.read()).value.length, 5);
  socket.onmessage({ data: "12345" });
  assert.equal(socket.closed, undefined);
  socket.onmessage({ data: "1" });
  assert.equal(socket.closed, true);
  // What comes before the other side has closed is dropped.
  socket.onmessage({ data: "late" });
  const error = await rejected(reader.read());
  assert.deepEqual([error.code, error.hint], ["answer-too-large", "read what comes, or allow more with `answerLimit`"]);
  socket.onclose();
  const left = await attachedOverWeb();
  await left.readable.cancel();
  left.socket.onmessage({ data: "late" });
  left.socket.onclose();
  assert.equal(left.socket.closed, true);
});

test("WebSockets: text and bytes are written, and nothing after the end", async () => {
  const { readable, writable, socket, close } = await attachedOverWeb();
  const writer = writable.getWriter();
  await writer.write("text");
  await writer.write(new Uint8Array(2).buffer);
  assert.deepEqual(socket.sent, ["text", new Uint8Array(2)]);
  socket.onclose();
  await assert.rejects(writer.write("late"), { code: "connection-broken" });
  assert.deepEqual(await all(readable), []);
  const other = await attachedOverWeb();
  const error = await rejected(other.writable.getWriter().write({ data: 1 }));
  assert.equal(error.code, "invalid-body");
  assert.match(error.message, /^what goes to `ContainerAttachWebsocket` .* is text or bytes; an object was given$/);
  const third = await attachedOverWeb();
  third.close();
  await assert.rejects(third.writable.getWriter().write("late"), { code: "connection-broken" });
  assert.equal(socket.sent.length, 2);
  close();
});

test("WebSockets: empty messages are not kept, and who takes slowly is waited for", async () => {
  const { readable, writable, socket } = await attachedOverWeb({ answerLimit: 10 });
  for (const data of ["", new ArrayBuffer(0), "text"]) socket.onmessage({ data });
  socket.onclose();
  assert.equal(Buffer.concat(await all(readable)).toString(), "text");
  const other = await attachedOverWeb();
  const writer = other.writable.getWriter();
  other.socket.bufferedAmount = 2 << 20;
  let written = false;
  const writing = writer.write("text").then(() => (written = true));
  await sleep(50);
  assert.deepEqual([other.socket.sent, written], [["text"], false]);
  other.socket.bufferedAmount = 0;
  await writing;
  other.socket.bufferedAmount = 2 << 20;
  // It is not waited for by who wants no more.
  const last = writer.write("text").catch(() => {});
  await Promise.all([last, writer.abort()]);
  assert.ok(other.socket.closed);
  await writable.abort();
});

test("WebSockets: what waits to go out when the connection is lost is not written", async () => {
  const { writable, close, socket } = await attachedOverWeb();
  socket.bufferedAmount = 2 << 20;
  const writer = writable.getWriter();
  const written = rejected(writer.write("x"));
  await sleep(20);
  // One after the other, as browsers do.
  socket.onerror();
  socket.onclose({ wasClean: false });
  assert.equal((await written).code, "connection-broken");

  // Who closes it knows.
  const own = await attachedOverWeb();
  own.socket.bufferedAmount = 2 << 20;
  const taken = own.writable.getWriter().write("x");
  await sleep(20);
  own.close();
  await taken;
  close();
});

test("WebSockets: a connection that is lost is no end", async () => {
  const ended = async (event) => {
    const { readable, socket } = await attachedOverWeb();
    const reader = readable.getReader();
    socket.onmessage({ data: "a" });
    assert.equal((await reader.read()).value.length, 1);
    socket.onclose(event);
    return reader.read().then(({ done }) => done, ({ code }) => code);
  };
  assert.equal(await ended({ wasClean: true, code: 1000 }), true);
  // Not every WebSocket says.
  assert.equal(await ended(), true);
  assert.equal(await ended({ wasClean: false, code: 1006 }), "connection-broken");
  // Whoever has closed it wants no more than that.
  const { readable, close, socket } = await attachedOverWeb();
  close();
  socket.onclose({ wasClean: false, code: 1006 });
  assert.deepEqual(await all(readable), []);
});

test("WebSockets: what cannot be sent or opened is refused", async () => {
  const refused = async (more, call) => {
    const { name, code, message, hint, operation } = await rejected(attachedOverWeb(more, call));
    return { name, code, message: message.replace(/ \(GET.*?\)/, ""), hint, operation };
  };
  const at = { name: "ConfigError", code: "invalid-option", operation: "ContainerAttachWebsocket" };
  const headers = { ...at, message: "a WebSocket at `ContainerAttachWebsocket` takes no headers", hint: "give a `WebSocket` that sends them" };
  assert.deepEqual(await refused({}, { headers: { "X-Foo": "1" } }), headers);
  assert.deepEqual(await refused({ WebSocket: undefined, headers: { "X-Foo": "1" } }), globalThis.WebSocket ? headers : await refused({ WebSocket: undefined }));
  // Who gives a WebSocket sends those of the client.
  assert.ok(await attachedOverWeb({ headers: { "X-Foo": "1" } }));
  const body = await rejected((await client({ WebSocket: class {} })).request("GET", "/x", { body: "x", as: "websocket" }));
  assert.deepEqual([body.code, body.hint], ["invalid-option", "write it to the socket"]);
  class Insecure {
    constructor() {
      throw new DOMException("of an insecure page", "SecurityError");
    }
  }
  const error = await rejected(attachedOverWeb({ WebSocket: Insecure }));
  assert.deepEqual([error.name, error.code, error.cause.name, error.mayHaveActed], ["ConnectError", "cannot-connect", "SecurityError", false]);
});

test("WebSockets: time-outs are for the opening alone", async () => {
  const made = [];
  class Own {
    constructor(url) {
      this.url = url;
      made.push(this);
    }
    close() {
      this.closed = true;
      // Some tell of it before they return.
      this.onerror?.({});
    }
  }
  const over = await client({ WebSocket: Own });
  const open = (more) => over.invoke("ContainerAttachWebsocket", { params: { id: "x" }, as: "websocket", ...more });
  for (const name of ["timeout", "readTimeout"]) {
    const error = await open({ [name]: 30 }).then(() => assert.fail("it opened"), (error) => error);
    assert.deepEqual([error.code, error.hint, made.pop().closed], ["timed-out", `allow more with \`${name}\``, true]);
  }
  const hasty = await client({ WebSocket: Own, connectTimeout: 30 });
  const late = await rejected(hasty.invoke("ContainerAttachWebsocket", { params: { id: "x" }, as: "websocket" }));
  assert.deepEqual([late.code, late.hint, made.pop().closed], ["timed-out", "allow more with `connectTimeout`", true]);
  const controller = new AbortController();
  const given = open({ signal: controller.signal });
  controller.abort("enough");
  assert.deepEqual([(await rejected(given)).code, made.pop().closed], ["aborted", true]);
  const opening = open({ timeout: 100, readTimeout: 100 });
  await sleep(10);
  const [socket] = made;
  socket.onopen();
  const { readable } = await opening;
  await sleep(150);
  assert.equal(socket.closed, undefined);
  socket.onmessage({ data: "late" });
  socket.onclose();
  assert.equal(Buffer.concat(await all(readable)).toString(), "late");
});
