// Sending: addresses, time-outs, and what went wrong on the way.

import { aborted, error, quoted, redirected, shown, timedOut, unreadable } from "./errors.js";
import { bytesOf, host, plain, text, typeName, wrong } from "./catalogue.js";
import { number } from "./options.js";

/** Whether the caller's `init` brings a way of its own: that of undici, Deno or Bun. */
export const leads = (init) => init?.dispatcher ?? init?.client ?? init?.unix;

/** Reads an address. */
export function placeOf({ uri, fetch, init }) {
  if (uri instanceof URL) uri = host.textOf?.(uri) ?? uri.href;
  text(uri, "an address", "invalid-address");
  const invalid = (why, hint, code = "invalid-address") => error("config", code, `the address ${quoted(plain(uri))} ${why}`, { hint });
  // What has a port and no scheme is `tcp`, as for the engines' own tools.
  if (/^[^/]+:\d+(\/|$)/.test(uri)) uri = `tcp://${uri}`;
  const [, scheme, path] = /^([a-z][a-z0-9+.-]*):\/\/(.*)/is.exec(uri) ?? [];
  // Whoever brings a way of sending knows where the socket is.
  if (scheme === "unix" && (fetch || host.fetchOver || leads(init))) {
    if (!path.startsWith("/")) throw invalid("has no path of a socket");
    return { base: "http://localhost", socket: path, shown: uri };
  }
  if (scheme && !/^(https?|tcp)$/i.test(scheme)) {
    throw invalid("cannot be reached from here", "take `http://`, `https://`, `tcp://` or a path of a page's origin; `unix://` is for Node or a `fetch`", "unsupported-address");
  }
  let url;
  try {
    // Engines listen at 2375. What was parsed would not tell whether 80 was said.
    const http = uri.replace(/^tcp:(\/\/.*?)(:\d+)?(?=[/?#]|$)/i, (_, host, port = ":2375") => `http:${host}${port}`);
    url = new URL(http, globalThis.location?.href);
  } catch {
    // A path alone is for pages, which have an origin.
  }
  if (!uri || !/^https?:/.test(url?.protocol)) throw invalid("is malformed", scheme ? undefined : "a path alone is for pages");
  if (url.username || url.password) throw invalid("has a password in it", "give an `Authorization` header with `headers`");
  if (url.search || url.hash) throw invalid("has a query or a fragment");
  const base = (url.origin + url.pathname).replace(/\/+$/, "");
  return { base, shown: base };
}

/** The longest time a timer takes, 24 days; with a longer one it would be over at once. */
const LONGEST = 2 ** 31 - 1;

/** How long the next piece, and all of it, is waited for; and whether the caller still wants it. */
export class Watch {
  #controller = new AbortController();
  #timers = new Map();
  #unlisten;

  constructor(client, options, call) {
    const { signal } = options;
    this.client = client;
    this.call = call;
    this.given = signal;
    this.readLimit = number(options, "readTimeout") ?? client.readTimeout;
    const limit = number(options, "timeout") ?? client.timeout;
    if (signal) {
      if (signal.aborted) throw aborted(signal.reason, { isSafe: true });
      const listen = () => this.give(aborted(signal.reason, this.call));
      host.unbounded?.(signal);
      signal.addEventListener("abort", listen);
      this.#unlisten = () => signal.removeEventListener("abort", listen);
    }
    this.limit("whole", limit);
  }

  get signal() {
    return this.#controller.signal;
  }

  get reason() {
    return this.signal.reason;
  }

  /** Gives up. */
  give(reason) {
    this.#controller.abort(reason);
    this.end();
  }

  /** Starts a limit, or starts it anew; without a time it ends. */
  limit(what, milliseconds) {
    clearTimeout(this.#timers.get(what));
    if (!(milliseconds <= LONGEST)) return;
    const over = () => this.give(timedOut(what, milliseconds, this.client, this.call));
    const timer = setTimeout(over, milliseconds);
    // A program may end while an answer that nobody reads is still coming.
    timer.unref?.();
    this.#timers.set(what, timer);
  }

  /** Something came. */
  came() {
    this.limit("read", this.readLimit);
  }

  end() {
    this.#timers.forEach((timer) => clearTimeout(timer));
    this.#unlisten?.();
    this.ended?.();
  }
}

/** How long a body may be to be out at once. */
const AT_ONCE = 1 << 16;

/** Sends a request and waits for the head of the answer. */
export async function send(watch, body, streamed) {
  const { client, call } = watch;
  const { place, init } = client;
  const full = {
    cache: "no-store",
    ...(client.fetch ? undefined : host.patient?.()),
    ...init,
    method: call.method,
    headers: call.headers,
    redirect: "manual",
    signal: watch.signal,
  };
  let response;
  // Nothing is waited for before the body is out. Of one that no socket takes at once only who reads
  // it as a stream can tell when that is.
  const sent = () => response || watch.came();
  if (!streamed && !((body?.size ?? body?.length) > AT_ONCE)) sent();
  const own = client.fetch ?? (place.socket && !leads(init) && host.fetchOver?.(place.socket, sent));
  if (streamed) {
    full.duplex = "half";
    // Browsers without streams would send `[object ReadableStream]`, as text.
    if (!own && new Request("http://x", { method: "POST", duplex: "half", body: new ReadableStream() }).headers.has("content-type")) {
      throw error("resolve", "invalid-body", `the body of ${shown(call)} is a stream, which this browser does not send`, {
        call, hint: "give a Blob or bytes",
      });
    }
    body = streamOf(body, sent, watch);
  }
  if (body !== undefined) full.body = body;
  // Not every `fetch` of a caller's heeds its signal.
  const given = new Promise((_, reject) => watch.signal.addEventListener("abort", reject));
  const sending = (async () => (own || globalThis.fetch)(place.base + call.target, full))();
  try {
    response = await Promise.race([sending, given]);
  } catch (thrown) {
    const cause = host.cleaned?.(thrown) ?? thrown;
    watch.end();
    // What such a one still answers is wanted by nobody.
    sending.then((late) => late.body.cancel()).catch(() => {});
    throw watch.reason ?? host.explained?.(client, call, cause) ?? unreached(client, call, cause, streamed);
  }
  watch.limit("read");
  if (response?.status > 0) return response;
  watch.end();
  // A redirection that a browser does not tell more of has no status.
  throw response?.type === "opaqueredirect"
    ? redirected(call)
    : error("send", "not-http", `the given \`fetch\` made no Response of ${shown(call)}`, { call, acted: true });
}

/** Reads a body piece by piece. That it cannot be read is found here, not taken for a fault of the connection. */
function streamOf(body, sent, watch) {
  let source, left, controller;
  const leave = async (reason) => {
    left = true;
    try {
      await (source ? source.return?.(reason) : body.getReader ? body.cancel(reason) : body.destroy?.());
    } catch {
      // It was broken anyway.
    }
  };
  // Not every `fetch` stops reading it when the call is over.
  watch.ended = () => {
    if (left) return;
    controller.error(watch.reason);
    leave(watch.reason);
  };
  return new ReadableStream({
    start: (own) => void (controller = own),
    async pull() {
      try {
        source ??= body.getReader ? itemsOf(body) : body[Symbol.asyncIterator]();
        const { value, done } = await source.next();
        if (left) return;
        if (done) {
          left = true;
          sent();
          return controller.close();
        }
        const piece = pieceOf(value, watch.call);
        controller.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
      } catch (cause) {
        if (left) return;
        controller.error(cause);
        leave(cause);
        watch.give(unreadable(watch.call, cause));
      }
    },
    cancel: leave,
  });
}

/** The pieces of a stream; not every browser's can be iterated over. */
function itemsOf(stream) {
  // A Response refuses streams that somebody has read, or does.
  new Response(stream);
  const reader = stream.getReader();
  return { next: () => reader.read(), return: (reason) => reader.cancel(reason) };
}

/** A piece of what goes out, as a body or over a socket. */
export function pieceOf(piece, call) {
  const own = typeof piece === "string" ? piece : bytesOf(piece);
  if (own !== undefined) return own;
  throw wrong(`what goes to ${shown(call)} is text or bytes`, typeName(piece), "invalid-body", "resolve", { call });
}

/** No head of an answer came, and a browser does not say why. */
function unreached({ engine, place }, call, cause, streamed) {
  return error("connect", "cannot-connect", `cannot reach ${engine} at ${place.shown}`, {
    call, cause, acted: true,
    hint: streamed
      ? "browsers send streams only over HTTP/2; give a Blob or bytes"
      : "nothing listens there, or does not let this page: put a proxy of the same origin in front",
  });
}
