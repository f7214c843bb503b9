// What `fetch` cannot do and Node can: unix sockets, and connections that become sockets.

import { Agent, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { refusal } from "./answer.js";
import { answered, broken, error, quoted, redirected, shown } from "./errors.js";
import { cleaned, explained } from "./node-errors.js";
import { Watch, leads, pieceOf } from "./send.js";
import { frames } from "./streams.js";

/** Lets idle connections go before the engine does: Podman closes them after five seconds. */
const agent = new Agent({ keepAlive: true, timeout: 4000 });

/** The address of a socket that a URL has, whose path may have spaces and whatever else URLs encode. */
export function textOf({ protocol, host, pathname, search, hash }) {
  if (protocol !== "unix:" || host + search + hash) return undefined;
  try {
    return `unix://${decodeURIComponent(pathname)}`;
  } catch {
    return `unix://${pathname}`;
  }
}

/** A `fetch` over a unix socket, as far as clients of engines need one; `sent` is told when a body is out. */
export function fetchOver(socketPath, sent) {
  const over = (agent) => (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const length = lengthOf(body);
      const all = length === undefined ? headers : { ...headers, "Content-Length": length };
      // The path as it is: parsed and put together again it would be another one.
      const path = url.slice(url.indexOf("/", "http://".length));
      const outgoing = httpRequest({ socketPath, path, method, headers: all, signal, agent });
      outgoing.on("error", (cause) => {
        if (signal?.aborted) return reject(signal.reason);
        // The engine closed the idle connection while the request was on its way.
        const gone = outgoing.reusedSocket && /^(ECONNRESET|EPIPE)$/.test(cause.code);
        if (!gone || body || !/^(GET|HEAD)$/.test(method)) return reject(cause);
        return resolve(over(false)(url, { method, headers, body, signal }));
      });
      outgoing.on("finish", sent);
      outgoing.on("response", (incoming) => resolve(responseOf(incoming, signal)));
      outgoing.on("upgrade", (incoming, socket) => {
        socket.destroy();
        resolve(responseOf(incoming, signal));
      });
      if (body === undefined || body === null) outgoing.end();
      else if (typeof body === "string" || body instanceof Uint8Array) outgoing.end(body);
      else {
        const stream = typeof body.stream === "function" ? body.stream() : body;
        // By itself Node does so for some methods alone, and sends others without anything that tells their end.
        outgoing.useChunkedEncodingByDefault = true;
        pipeline(Readable.fromWeb(stream), outgoing).catch((cause) => {
          // An engine that refuses an upload in the middle answers and hangs up: the answer counts.
          if (cause?.code !== "EPIPE" && cause?.code !== "ECONNRESET") {
            reject(signal?.aborted ? signal.reason : Object.assign(new Error("body", { cause }), { bodyUnreadable: true }));
          }
        });
      }
    });
  return over(agent);
}

function lengthOf(body) {
  if (typeof body === "string") return Buffer.byteLength(body);
  return body?.byteLength ?? body?.size;
}

/** Not a Response, which knows no status 101 and no unknown methods: what a client asks of one. */
function responseOf(incoming, signal) {
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
  }
  const status = incoming.statusCode;
  // None is complete yet, not even one that has no body.
  // Of an upgrade the request is not known.
  const hasNone = [101, 204, 304].includes(status) || incoming.req.method === "HEAD" || headers.get("content-length") === "0";
  if (hasNone) incoming.resume();
  return { status, headers, body: hasNone ? null : webStream(incoming, signal) };
}

/** Bytes as they come, no more than one piece ahead; `told` makes an error of what breaks them off. */
function webStream(incoming, signal, told = (cause) => cause) {
  const iterator = incoming[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { value, done } = await iterator.next();
          // A body without a length ends with its connection, whoever ended that.
          if (signal?.aborted) controller.error(signal.reason);
          else if (done) controller.close();
          else controller.enqueue(value);
        } catch (cause) {
          controller.error(signal?.aborted ? signal.reason : told(cause));
        }
      },
      cancel: () => void incoming.destroy(),
    },
    { highWaterMark: 0 },
  );
}

/**
 * What has Node's `fetch` wait as long as a call may: by itself it gives up an answer of which nothing came for
 * five minutes. It sends with whatever it would send with.
 */
export function patient() {
  // It is there once a `fetch` could be.
  const own = globalThis.Request && globalThis[Symbol.for("undici.globalDispatcher.1")];
  return own && { dispatcher: { dispatch: (options, handler) => own.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler) } };
}

const sockets = "attach, exec and sessions make sockets";

/** Makes a socket of the connection, once the head of the answer has arrived. */
export async function upgrade(client, request, call, body, given) {
  if (!request.mayOpenSocket) throw error("resolve", "not-upgraded", `${shown(call)} makes no socket`, { call, hint: sockets });
  if (body !== undefined && typeof body !== "string" && !(body instanceof Uint8Array)) {
    throw error("resolve", "invalid-body", `the body of ${quoted(call.operation ?? call.target)} is a stream`, {
      call,
      hint: "what opens a socket carries a value or bytes; write the rest to the socket",
    });
  }
  const { place, init } = client;
  const url = new URL(place.base);
  // Where it leads, the certificates that it shows and those that it trusts are nothing that a socket could have.
  if (!place.socket && (leads(init) || (url.protocol === "https:" && init?.tls))) {
    throw error("resolve", "no-sockets", `${shown(call)} cannot become a socket with the connections of \`init\``, {
      call,
      hint: "it would go elsewhere, or without its certificates: reach the engine at a `unix://`, to which `ssh -L` forwards",
    });
  }
  const watch = new Watch(client, given, call);
  const headers = { ...call.headers, Connection: "Upgrade" };
  // The word that engines expect; who wants another one (`h2c`) has given it as a header.
  if (!Object.keys(headers).some((name) => name.toLowerCase() === "upgrade")) headers.Upgrade = "tcp";
  const length = lengthOf(body);
  if (length !== undefined) headers["Content-Length"] = length;
  else if (call.method !== "GET") headers["Content-Length"] = 0;
  const target = place.socket
    ? { socketPath: place.socket }
    : { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port || undefined };
  const prefix = url.pathname === "/" ? "" : url.pathname;
  const [ask, connected] = url.protocol === "https:" ? [httpsRequest, "secureConnect"] : [httpRequest, "connect"];
  /** Why an answer made no socket. */
  const unmade = async (response) => {
    const { status, headers } = response;
    switch (request.outcome(status, headers.get("content-type") ?? undefined)) {
      case "redirect":
        return redirected(call, status, headers.get("location")?.split("?")[0]);
      case "failure":
        return refusal(watch, response);
      default:
        return error("decode", "not-upgraded", `${answered(call, status)} and made no socket`, { call, status, acted: true, hint: sockets });
    }
  };
  const { socket, source, content } = await new Promise((resolve, reject) => {
    const outgoing = ask({ ...target, path: prefix + call.target, method: call.method, headers, agent: false });
    const give = () => outgoing.destroy(watch.reason);
    watch.signal.addEventListener("abort", give, { once: true });
    watch.limit("connect", client.connectTimeout);
    outgoing.on("socket", (socket) => socket.once(connected, () => watch.limit("connect")));
    outgoing.on("finish", () => watch.came());
    outgoing.on("error", (thrown) => {
      const cause = cleaned(thrown);
      watch.end();
      // It has shown no certificate, whatever `fetch` and `init` would have.
      const own = { engine: client.engine, place };
      reject(watch.reason ?? explained(own, call, cause, outgoing.socket?.bytesRead) ?? broken(watch, cause));
    });
    const opened = (socket, source, contentType) => {
      // Readers and writers get the error; with nobody there yet it would end the process.
      socket.on("error", () => {});
      source.on("error", () => {});
      // Its time is the caller's from here on; giving the call up still ends it.
      watch.limit("whole");
      watch.limit("read");
      // The content type counts after 101, too.
      const content = request.outcome(200, contentType) === "frames" ? "frames" : "output";
      resolve({ socket, source, content });
    };
    outgoing.on("upgrade", (incoming, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      opened(socket, socket, incoming.headers["content-type"]);
    });
    outgoing.on("response", (incoming) => {
      watch.limit("read");
      const { statusCode, headers } = incoming;
      // A success whose body has no length goes on raw both ways.
      if (statusCode === 200 && !headers["content-length"] && !headers["transfer-encoding"]) {
        return opened(incoming.socket, incoming, headers["content-type"]);
      }
      // Its reader gets the error, if it still reads.
      incoming.on("error", () => {});
      return unmade(responseOf(incoming)).then(reject, reject).finally(() => {
        watch.end();
        outgoing.destroy();
      });
    });
    outgoing.end(body);
  });
  watch.signal.addEventListener("abort", () => socket.destroy(watch.reason), { once: true });
  socket.once("close", () => watch.end());
  socket.setNoDelay?.(true);
  socket.allowHalfOpen = true;
  const readable = webStream(source, watch.signal, (cause) => broken(watch, cause));
  // Not those of `node:stream`, which wait for both sides when one ends.
  const writable = new WritableStream({
    write: (piece) =>
      new Promise((resolve, reject) => {
        socket.write(pieceOf(piece, call), (cause) => (cause ? reject(watch.reason ?? broken(watch, cause)) : resolve()));
      }),
    close: () => new Promise((resolve) => socket.end(resolve)),
    abort: () => void socket.destroy(),
  });
  return {
    readable,
    writable,
    /** Output as it comes, stdout and stderr told apart where there is no terminal. */
    frames: () => frames(() => ({ pieces: piecesOf(readable), content, call })),
    close: () => void socket.destroy(),
  };
}

function piecesOf(readable) {
  const reader = readable.getReader();
  return {
    next: async () => (await reader.read()).value,
    cancel: () => reader.cancel().catch(() => {}),
  };
}
