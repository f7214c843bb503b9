// What needs no engine: packs, versions, operations, requests.

import * as core from "./engine.js";
import { aborted, error, guarded, quoted } from "./errors.js";
import { knownOfCall, knownOfDoc, knownOfPack, number, options } from "./options.js";
import { Kept } from "./streams.js";

/** What the entry file of a host brings along. */
export const host = {
  // ready: whether the core can be called
  // start: gets the core ready where that takes waiting
  // fetchFile: a `fetch` of files
  // sourceHint: what to give instead of what is no URL
  // textOf: an address of a socket without what a URL has encoded
  // fetchOver: a `fetch` over a unix socket
  // patient: what of an `init` has the host's `fetch` wait
  // cleaned: lets what caused an error show nothing that may be secret
  // explained: says why no answer came
  // tlsSpoken: the error where the body of another one tells that the engine speaks TLS
  // upgrade: makes a socket of an HTTP connection
  // unbounded: lets any number of calls listen to a signal
};

function ready() {
  if (!host.ready) {
    throw error("config", "not-initialised", "the WebAssembly of this package is not there yet", {
      hint: "`await init()` first",
    });
  }
}

/** The name of a type in a word, for messages; where a number is asked for, one is told itself. */
export function typeName(value, isAsked) {
  if (value == null || (typeof value === "number" && (isAsked || !Number.isFinite(value)))) return String(value);
  if (Array.isArray(value)) return "a list";
  const object = value[Symbol.toStringTag] ?? "an object";
  return { string: "text", object }[typeof value] ?? `a ${typeof value}`;
}

/** Whether an object keeps what it holds to itself, as a promise does, a form and a Map. */
export const isOpaque = (value) =>
  (value?.[Symbol.toStringTag] || value instanceof RegExp || value instanceof Error) && !Object.keys(value).length;

export const wrong = (what, given, code = "invalid-option", kind = "config", more) =>
  error(kind, code, `${what}; ${given} was given`, more);

export function text(value, what, code, kind) {
  if (typeof value === "string") return value;
  throw wrong(`${what} is a text`, typeName(value), code, kind);
}

/** What is made once for a name. */
export function cached(all, name, make) {
  let found = all.get(name);
  if (!found) all.set(name, (found = guarded(make)));
  return found;
}

/** An engine's pack: one that is inside, by its name, or one that was loaded. */
export function packOf(engine) {
  ready();
  if (engine instanceof core.Pack) return engine;
  const name = text(engine, "an engine's name", "unknown-engine");
  return cached(packs, name, () => core.Pack.of(name));
}

/** The packs that are inside, opened once. */
const packs = new Map();
/** The versions that were asked for, by the names they were asked for with. */
const apis = new WeakMap();

const apisOf = (pack) => cached(apis, pack, () => new Map());

export function apiOf(pack, version) {
  const name = text(version, "an API version", "unknown-version");
  return cached(apisOf(pack), name, () => pack.api(name));
}

export function newestOf(pack) {
  // A pack without versions has none of that name, either. Names are texts: none is found under 0.
  return cached(apisOf(pack), 0, () => pack.api(pack.versions().at(-1) ?? "auto"));
}

/** Engines whose packs are inside, sorted. */
export function engines() {
  ready();
  return core.engines();
}

/** The API versions of an engine, oldest first. */
export function versions(engine) {
  return packOf(engine).versions();
}

/** The most of a pack that is fetched; all of Podman takes a tenth of a megabyte. */
const PACK_LIMIT = 16 << 20;

/** Reads a pack from its bytes, or from where they are. */
export async function loadPack(source, given) {
  const { fetch, signal } = options(given, knownOfPack, "loadPack");
  await host.start?.();
  ready();
  let bytes = source;
  if (typeof source === "string" || source instanceof URL) {
    const get = fetch ?? ((/^file:/i.test(source) && host.fetchFile) || globalThis.fetch);
    let listen;
    // Not every `fetch` of a caller's heeds its signal.
    const given = new Promise((_, reject) => signal?.addEventListener("abort", (listen = reject)));
    try {
      bytes = await Promise.race([fetched(get, source, signal), given]);
    } catch (cause) {
      if (signal?.aborted) throw aborted(signal.reason, { isSafe: true });
      throw error("config", "pack-unreachable", `cannot read a pack from ${quoted(plain(source))}`, {
        // Some say the address, with all that is secret in it.
        cause: String(cause?.message).includes(source) ? undefined : (host.cleaned?.(cause) ?? cause),
        hint: host.sourceHint?.(source),
      });
    } finally {
      signal?.removeEventListener("abort", listen);
    }
  }
  bytes = bytesOf(bytes);
  if (!bytes) {
    throw wrong("a pack is bytes or a URL", typeName(source), "pack-foreign");
  }
  return guarded(() => core.Pack.load(bytes));
}

async function fetched(get, source, signal) {
  signal?.throwIfAborted();
  const { ok, status, body } = await get(source, { signal });
  const reader = body?.getReader();
  try {
    if (!ok) throw new Error(`the answer is ${status}`);
    const all = new Kept();
    for (let left = PACK_LIMIT; ; ) {
      const { value, done } = await reader.read();
      signal?.throwIfAborted();
      if (done) return all.whole();
      all.add(value);
      left -= value.length;
      if (left < 0) throw new Error(`no pack is longer than ${PACK_LIMIT} bytes`);
    }
  } finally {
    // The connection is not to wait for somebody who reads.
    reader?.cancel().catch(() => {});
  }
}

/**
 * An address without what may be secret in it: a query, and all up to the last `@`, since passwords
 * have any characters. Where a `?` is among these, what follows may be of a query, too.
 */
export function plain(address) {
  const [, scheme = "", secret = "", rest] = /^(\w[\w+.-]*:\/\/)?(.*:.*@|[^/?#]*@)?(.*)/s.exec(address);
  return scheme + (secret && "…@") + (/[?#]/.test(secret) ? "" : rest.split(/[?#]/)[0]);
}

/** The catalogue of one version of an API. */
export class Catalogue {
  #api;
  #category;
  /** Operations that were called, by their names. */
  #known = new Map();

  constructor(api, category) {
    this.#api = api;
    this.#category = category;
    if (category !== undefined) guarded(() => api.checkCategory(text(category, "a category", "unknown-category")));
  }

  get engine() {
    return this.#api.engine;
  }

  get version() {
    return this.#api.version;
  }

  get category() {
    return this.#category;
  }

  /** The same version, one category of it. */
  within(category) {
    return new Catalogue(this.#api, category);
  }

  categories() {
    return this.#api.categories();
  }

  ops(category = this.#category) {
    if (category !== undefined) text(category, "a category", "unknown-category");
    return JSON.parse(guarded(() => this.#api.ops(category)));
  }

  doc(operation, given) {
    return JSON.parse(this.#operation(operation).doc(levels(given, "doc", 3)));
  }

  /** What the parameters and the body of a call have that is not documented. */
  check(operation, call) {
    const { found, values, given, made } = this.#begun(operation, options(call, knownOfCall, "check"));
    try {
      made("describe");
    } catch (cause) {
      // What is given is to be right; what is left out is for a call to have.
      if (!/^missing-|^invalid-body/.test(cause.code)) throw cause;
    }
    return JSON.parse(found.check(values, judged(given)));
  }

  /** The same of an answer. */
  checkAnswer(operation, status, body) {
    if (typeof status !== "number" || !/^[1-9]\d\d$/.test(status)) {
      throw wrong("a status is a number such as 200", typeName(status, true));
    }
    return JSON.parse(this.#operation(operation).checkAnswer(status, judged(bodyOf(body, operation))));
  }

  /** What another version has otherwise, or another engine of what both have. */
  diff(other, operation) {
    if (!(other instanceof Catalogue)) {
      throw wrong("the other is a catalogue", typeName(other));
    }
    if (operation !== undefined) text(operation, "an operation's name", "unknown-operation");
    return JSON.parse(guarded(() => this.#api.diff(other.#api, operation)));
  }

  /** What a path of names leads to. */
  explain(path, given) {
    const depth = levels(given, "explain", 2);
    return JSON.parse(guarded(() => this.#api.explain(text(path, "a path", "empty-path"), depth)));
  }

  #operation(name) {
    return cached(this.#known, name, () => {
      const id = text(name, "an operation's name", "unknown-operation", "resolve");
      return this.#api.operation(this.#category, id);
    });
  }

  /** A call as the core takes it: `made` calls one of its functions that make something of it. */
  #begun(operation, { params, body, contentType }) {
    const found = this.#operation(operation);
    const given = bodyOf(body, operation);
    const values = valuesOf(params, operation);
    const made = (what) => guarded(() => found[what](values, given.kind, given.text, contentType));
    return { found, values, given, made };
  }

  /** A request of the core, which is to be freed, and the body that goes with it: for the client. */
  begin(operation, call) {
    const { given, made } = this.#begun(operation, call);
    return { request: made("resolve"), given };
  }

  /** The request that a call would be. */
  resolve(operation, call) {
    const all = options(call, knownOfCall, "resolve");
    const { given, made } = this.#begun(operation, all);
    if (!all.headers) {
      const [, head, text] = /^([^\0]*)(?:\0(.*))?/s.exec(made("describe"));
      return described(read(head), given.bytes ?? text);
    }
    const request = made("resolve");
    try {
      return described(callOf(request, undefined, all.headers), given.bytes ?? request.text);
    } finally {
      request.free();
    }
  }
}

/** How deep the core goes into schemas, as a number that it takes. */
const levels = (given, what, usual) => Math.min(number(options(given, knownOfDoc, what), "depth", "levels") ?? usual, 99);

/** A body as the core looks at it: what is text or bytes is not looked into. */
function judged({ text }) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A raw request of the core, which is to be freed. */
export function rawRequest(method, target, { params, body, contentType }) {
  text(method, "a method", "invalid-method", "resolve");
  text(target, "a target", "invalid-target", "resolve");
  const [first] = valuesOf(params, method);
  if (first !== undefined) {
    throw error("resolve", "unknown-parameter", `a raw request takes no parameters: ${quoted(first)}`, {
      hint: "write it into the target",
    });
  }
  const given = bodyOf(body, `${method} ${target.split("?")[0]}`);
  const request = guarded(() => core.Request.raw(method, target, given.kind, given.text, contentType));
  return { request, given };
}

/** Pairs of names and values: of an object, or of what gives them, as a Map, Headers and lists do. */
function pairsOf(given, kind, code, what) {
  if (given == null) return [];
  const pairs = given[Symbol.iterator] ? [...given] : isOpaque(given) ? [given] : Object.entries(given);
  if (typeof given !== "object" || !pairs.every(Array.isArray)) {
    throw wrong(`${what} are an object of names and values`, typeName(given), code, kind);
  }
  return pairs;
}

/** Headers of a client, and those of a call, which take their place: names, in whatever case, and values. */
export function headersOf(...all) {
  const pairs = all.flatMap((headers) => pairsOf(headers, "config", "invalid-option", "`headers`"));
  return [...new Map(pairs.map(([name, value]) => [String(name).toLowerCase(), [String(name), value]])).values()];
}

/** Names and values in turn, as the core takes them. */
function valuesOf(params, operation) {
  const pairs = pairsOf(params, "resolve", "invalid-parameter", `the parameters of \`${operation}\``);
  return pairs.flatMap(([name, value]) => [String(name), valueOf(value, name, operation)]);
}

function valueOf(value, name, operation) {
  // All its digits, which a number would not keep.
  if (typeof value === "bigint") return String(value);
  if (value == null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) return value;
  // Once through JSON: dates become texts, fields without a value go, and what JSON has no word
  // for shows before anything is sent.
  return JSON.parse(jsonOf(value, "invalid-parameter", `parameter ${quoted(name)} of \`${operation}\``));
}

/**
 * What JSON has other words for: of a Map or a Set it would make an empty object. So it would of a
 * promise that was forgotten, a form or a response, of NaN `null` as of an item that is missing, and
 * of bytes an object of numbers: there are no words for these.
 */
function plainly(name, value) {
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  // A Buffer has made an object of itself by now. Fields without a value are none, which items cannot be.
  const own = this[name];
  const isMissing = (value === undefined || typeof value === "function") && (!name || Array.isArray(this));
  // A Date that is none has made `null` of itself.
  if (isMissing || (value === null && own != null) || isOpaque(value) || ArrayBuffer.isView(own) || (typeof value === "number" && !Number.isFinite(value))) {
    throw new TypeError(`JSON has no word for ${typeName(own)}`);
  }
  return value;
}

function jsonOf(value, code, what) {
  try {
    return JSON.stringify(value, plainly);
  } catch (cause) {
    throw error("resolve", code, `${what} cannot be made JSON`, { cause });
  }
}

/**
 * What a body is: of which kind, its text, or the bytes that are to be sent. The core knows kinds by
 * numbers: 0 for nothing, 1 for a value as JSON, 2 for text, 3 for bytes.
 */
function bodyOf(body, operation) {
  if (body == null) return { kind: 0 };
  if (typeof body === "string") return { kind: 2, text: body };
  const streamed = typeof (body.getReader ?? body[Symbol.asyncIterator]) === "function";
  const bytes = bytesOf(body) ?? (streamed || body instanceof Blob ? body : undefined);
  if (bytes) return { kind: 3, bytes, streamed };
  return { kind: 1, text: jsonOf(body, "invalid-body", `the body of \`${operation}\``) };
}

/** Bytes of any kind, as they are sent; undefined for what is none. */
export function bytesOf(value) {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined;
}

/** A request as an object. */
const described = ({ method, target, headers, answer }, body) => ({ method, target, headers, body, answer });

/** What is known of a request, apart from the core. */
export function callOf(request, engine, ...more) {
  for (const [name, value] of headersOf(...more)) {
    if (value != null) guarded(() => request.setHeader(name, typeof value === "object" ? text(value, "a header") : String(value)));
  }
  return read(request.summary(), engine);
}

function read(summary, engine) {
  const lines = summary.split("\n");
  const headers = {};
  for (let i = 5; i < lines.length; i += 2) headers[lines[i]] = lines[i + 1];
  return {
    engine,
    operation: lines[4] || undefined,
    method: lines[0],
    target: lines[1],
    headers,
    answer: lines[2],
    isSafe: lines[3] !== "",
  };
}

export const isSecretHeader = (name) => {
  ready();
  return core.isSecretHeader(text(name, "a header's name", "invalid-option"));
};
