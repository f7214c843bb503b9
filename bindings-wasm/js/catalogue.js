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
  // fetchOver: a `fetch` over a unix socket
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

/** The name of a type in a word, for messages. */
export function typeName(value) {
  if (value == null || (typeof value === "number" && !Number.isFinite(value))) return String(value);
  if (Array.isArray(value)) return "a list";
  const object = value[Symbol.toStringTag] ?? "an object";
  return { string: "text", object, function: "a function" }[typeof value] ?? `a ${typeof value}`;
}

/** The same where a number is asked for, which is told itself. */
export const numberName = (value) => (typeof value === "number" ? String(value) : typeName(value));

/** Whether an object keeps what it holds to itself, as a promise does, a form and a Map. */
export const isOpaque = (value) => value?.[Symbol.toStringTag] && !Object.keys(value).length;

export function text(value, what, code, kind = "config") {
  if (typeof value === "string") return value;
  throw error(kind, code, `${what} is a text; ${typeName(value)} was given`);
}

/** An engine's pack: one that is inside, by its name, or one that was loaded. */
export function packOf(engine) {
  ready();
  if (engine instanceof core.Pack) return engine;
  const name = text(engine, "an engine's name", "unknown-engine");
  let pack = packs.get(name);
  if (!pack) {
    pack = guarded(() => core.Pack.of(name));
    packs.set(name, pack);
  }
  return pack;
}

/** The packs that are inside, opened once. */
const packs = new Map();
/** The versions that were asked for, by the names they were asked for with. */
const apis = new WeakMap();

export function apiOf(pack, version) {
  const name = text(version, "an API version", "unknown-version");
  let known = apis.get(pack);
  if (!known) apis.set(pack, (known = new Map()));
  let api = known.get(name);
  if (!api) {
    api = guarded(() => pack.api(name));
    known.set(name, api);
  }
  return api;
}

export function newestOf(pack) {
  const api = pack.newest();
  if (!api) throw error("config", "unknown-version", `the pack of ${pack.engine} has no versions`);
  return api;
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
  const { fetch, signal } = options(given, knownOfPack, "`loadPack`");
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
      });
    } finally {
      signal?.removeEventListener("abort", listen);
    }
  }
  bytes = bytesOf(bytes);
  if (!bytes) {
    throw error("config", "pack-foreign", `a pack is bytes or a URL; ${typeName(source)} was given`);
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
    return JSON.parse(this.#operation(operation).doc(levels(given, "`doc`")));
  }

  /** What the parameters and the body of a call have that is not documented. */
  check(operation, call) {
    const { params, body } = options(call, knownOfCall, "`check`");
    const found = this.#operation(operation);
    const given = bodyOf(body, operation);
    const values = valuesOf(params, operation);
    try {
      guarded(() => found.describe(values, given.kind, given.text));
    } catch (cause) {
      // What is given is to be right; what is left out is for a call to have.
      if (!/^missing-|^invalid-body/.test(cause.code)) throw cause;
    }
    return JSON.parse(found.check(values, judged(given)));
  }

  /** The same of an answer. */
  checkAnswer(operation, status, body) {
    if (!Number.isInteger(status) || status < 100 || status > 999) {
      throw error("config", "invalid-option", `a status is a number such as 200; ${numberName(status)} was given`);
    }
    return JSON.parse(this.#operation(operation).checkAnswer(status, judged(bodyOf(body, operation))));
  }

  /** What another version has otherwise, or another engine of what both have. */
  diff(other, operation) {
    if (!(other instanceof Catalogue)) {
      throw error("config", "invalid-option", `what is compared with is a catalogue; ${typeName(other)} was given`);
    }
    if (operation !== undefined) text(operation, "an operation's name", "unknown-operation");
    return JSON.parse(guarded(() => this.#api.diff(other.#api, operation)));
  }

  /** What a path of names leads to. */
  explain(path, given) {
    const depth = levels(given, "`explain`");
    return JSON.parse(guarded(() => this.#api.explain(text(path, "a path", "empty-path"), depth)));
  }

  #operation(name) {
    let found = this.#known.get(name);
    if (!found) {
      const id = text(name, "an operation's name", "unknown-operation", "resolve");
      found = guarded(() => this.#api.operation(this.#category, id));
      this.#known.set(name, found);
    }
    return found;
  }

  /** A request of the core, which is to be freed, and the body that goes with it: for the client. */
  begin(operation, { params, body, contentType }) {
    const found = this.#operation(operation);
    const given = bodyOf(body, operation);
    const values = valuesOf(params, operation);
    const request = guarded(() => found.resolve(values, given.kind, given.text, contentType));
    return { request, given };
  }

  /** The request that a call would be. */
  resolve(operation, call) {
    const { params, body, contentType, headers: more } = options(call, knownOfCall, "`resolve`");
    if (more) return described(this.begin(operation, call), this.engine, more);
    const found = this.#operation(operation);
    const given = bodyOf(body, operation);
    const values = valuesOf(params, operation);
    const said = guarded(() => found.describe(values, given.kind, given.text, contentType));
    const end = said.indexOf("\0");
    const { method, target, headers, answer } = read(end < 0 ? said : said.slice(0, end));
    return { method, target, headers, body: given.bytes ?? (end < 0 ? undefined : said.slice(end + 1)), answer };
  }
}

/** How deep the core goes into schemas, as a number that it takes. */
const levels = (given, what) => Math.min(number(options(given, knownOfDoc, what).depth, "depth", "levels") ?? 3, 99);

/** A body as the core looks at it: what is text or bytes is not looked into. */
function judged({ text }) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A raw request of the core, which is to be freed. */
export function rawRequest(method, target, { params, body, contentType } = {}) {
  ready();
  text(method, "a method", "invalid-method", "resolve");
  text(target, "a target", "invalid-target", "resolve");
  const [first] = valuesOf(params, method);
  if (first !== undefined) {
    throw error("resolve", "unknown-parameter", `a raw request takes no parameters: ${quoted(first)}`, {
      hint: "write it into the target, as it goes over the wire",
    });
  }
  const given = bodyOf(body, `${method} ${target.split("?")[0]}`);
  const request = guarded(() => core.Request.raw(method, target, given.kind, given.text, contentType));
  return { request, given };
}

/** Pairs of names and values: of an object, or of what gives them, as a Map, Headers and lists do. */
function pairsOf(given, kind, code, what) {
  if (given === undefined || given === null) return [];
  const pairs = given[Symbol.iterator] ? [...given] : isOpaque(given) ? [given] : Object.entries(given);
  if (typeof given !== "object" || !pairs.every(Array.isArray)) {
    throw error(kind, code, `${what} are an object of names and values; ${typeName(given)} was given`);
  }
  return pairs;
}

/** Headers of a client, and those of a call, which take their place. */
export function headersOf(...all) {
  return Object.fromEntries(all.flatMap((headers) => pairsOf(headers, "config", "invalid-option", "`headers`")));
}

/** Names and values in turn, as the core takes them. */
function valuesOf(params, operation) {
  const pairs = pairsOf(params, "resolve", "invalid-parameter", `the parameters of \`${operation}\``);
  return pairs.flatMap(([name, value]) => [String(name), valueOf(value, name, operation)]);
}

function valueOf(value, name, operation) {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return value;
    case "bigint":
      // All its digits, which a number would not keep.
      return String(value);
    case "number":
      if (Number.isFinite(value)) return value;
      break;
    case "object":
      if (value === null) return value;
      break;
    default:
      throw error("resolve", "invalid-parameter", `parameter ${quoted(name)} of \`${operation}\` is ${typeName(value)}, which is no value`);
  }
  try {
    // Once through JSON: dates become texts, fields without a value go, and what JSON has no word
    // for shows before anything is sent.
    return JSON.parse(JSON.stringify(value, plainly));
  } catch (cause) {
    throw error("resolve", "invalid-parameter", `parameter ${quoted(name)} of \`${operation}\` cannot be made JSON`, { cause });
  }
}

/**
 * What JSON has other words for: of a Map or a Set it would make an empty object. So it would of a
 * promise that was forgotten, a form or a response, and of NaN `null`: there are no words for these.
 */
function plainly(_, value) {
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (isOpaque(value) || (typeof value === "number" && !Number.isFinite(value))) {
    throw new TypeError(`JSON has no word for ${typeName(value)}`);
  }
  return value;
}

function jsonOf(value, operation) {
  let json;
  try {
    json = JSON.stringify(value, plainly);
  } catch (cause) {
    throw error("resolve", "invalid-body", `the body of \`${operation}\` cannot be made JSON`, { cause });
  }
  return json;
}

/** What kinds of bodies there are, as the core knows them. */
const NOTHING = 0;
const JSON_TEXT = 1;
const TEXT = 2;
const BYTES = 3;

/** What a body is: of which kind, its text, or the bytes that are to be sent. */
function bodyOf(body, operation) {
  if (body === undefined || body === null) return { kind: NOTHING };
  if (typeof body === "string") return { kind: TEXT, text: body };
  if (typeof body === "object") {
    const streamed = typeof (body.getReader ?? body[Symbol.asyncIterator]) === "function";
    const bytes = bytesOf(body) ?? (streamed || body instanceof Blob ? body : undefined);
    if (bytes) return { kind: BYTES, bytes, streamed };
  }
  const json = jsonOf(body, operation);
  if (json === undefined) {
    throw error("resolve", "invalid-body", `the body of \`${operation}\` is ${typeName(body)}, which is no value`);
  }
  return { kind: JSON_TEXT, text: json };
}

/** Bytes of any kind, as they are sent; undefined for what is none. */
export function bytesOf(value) {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined;
}

/** A request as an object. */
function described({ request, given }, engine, headers) {
  try {
    const call = callOf(request, engine, headers);
    const body = given.kind === BYTES ? given.bytes : request.text;
    return { method: call.method, target: call.target, headers: call.headers, body, answer: call.answer };
  } finally {
    request.free();
  }
}

/** What is known of a request, apart from the core. */
export function callOf(request, engine, ...more) {
  for (const [name, value] of Object.entries(headersOf(...more))) {
    if (value != null) guarded(() => request.setHeader(name, String(value)));
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
