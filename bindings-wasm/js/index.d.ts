import type * as docker from "./types/docker.js";
import type * as podman from "./types/podman.js";

/**
 * Bytes to send. A stream is read while it is sent, which browsers do over HTTP/2 alone, if at all, and
 * left when the call is over.
 */
export type Bytes =
  | Uint8Array
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>;

/** Engines whose packs are inside. */
export type Engine = "docker" | "podman";

/** Versions of an engine's API, `v1.41` or `1.41`. */
export type Version<E extends string> = E extends "docker"
  ? docker.Versions | Bare<docker.Versions>
  : E extends "podman"
    ? podman.Versions | Bare<podman.Versions>
    : string;
type Bare<V extends string> = V extends `v${infer Rest}` ? Rest : V;
type Spelled<V extends string> = V extends `v${string}` ? V : `v${V}`;

/** An operation that nothing is known of. */
interface AnyOperation {
  params: { [name: string]: unknown };
  body?: unknown;
  result: any;
  document: any;
}

/**
 * The operations of a version. Which one an engine speaks is not known before it is asked: with
 * `version: "auto"` they are those of the newest version.
 */
export type Operations<E extends string, V extends string | undefined> = IsAny<E> extends true
  ? { [name: string]: AnyOperation }
  : E extends "docker"
    ? docker.Operations<Chosen<V, docker.Newest>>
    : E extends "podman"
      ? podman.Operations<Chosen<V, podman.Newest>>
      : { [name: string]: AnyOperation };
type Chosen<V extends string | undefined, Newest> =
  IsAny<V> extends true ? Newest : V extends "auto" | undefined ? Newest : Spelled<V & string>;
type IsAny<T> = "any" extends "none" & T ? true : false;

/** The names of the operations of a version. */
export type Names<O> = { [K in keyof O]: [O[K]] extends [never] ? never : K }[keyof O] & string;

/** What is only read may be `readonly`, however deep. */
type Read<T> = T extends Bytes
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Read<Item>[]
    : T extends object
      ? { [K in keyof T]: Read<T[K]> }
      : T;
type Params<T> = T extends { params: infer P } ? Read<P> : never;
type BodyOption<T> = T extends { body: infer B }
  ? { body: Read<B> | OtherBody }
  : T extends { body?: infer B }
    ? { body?: Read<B> | OtherBody | null | undefined }
    : { body?: undefined | null };
/** Names and values, or a text that is sent as it is. */
type OtherBody = ReadonlyMap<string, unknown> | string;
type Result<T> = T extends { result: infer R } ? R : never;
type Document<T> = T extends { document: infer D } ? D : any;
type ParamsOption<T> = {} extends Params<T>
  ? { params?: Params<T> | Pairs | null | undefined }
  : { params: Params<T> | Pairs };
/** Names and values, of which nothing is known: a `Map`, a list of pairs. */
type Pairs = Iterable<readonly [string, unknown]>;

/** What a call is, apart from its operation. */
export type Call<T> = ParamsOption<T> & BodyOption<T> & CallOptions;
/** The names of the operations that need neither parameters nor a body. */
type Easy<O> = {
  [K in keyof O]: [O[K]] extends [never] ? never : {} extends Params<O[K]> ? (O[K] extends { body: unknown } ? never : K) : never;
}[keyof O] & string;

/** Headers: an object, `Headers`, a `Map`, a list of pairs. */
export type HeaderValues =
  | { readonly [name: string]: string | null | undefined }
  | Iterable<readonly [string, string | null | undefined]>;

/** What an answer of a `fetch` has to have, whoever it is made by. */
export interface Fetched {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** A stream of bytes. */
  readonly body: { getReader(): any } | null;
}
/** A way to send instead of the global `fetch`: it gets a URL and a plain object. */
export type Fetch = (url: string, init: any) => Promise<Fetched>;

/** What can be said of any call. */
export interface CallOptions {
  /** The media type of the body, where it is not the one that the operation documents. */
  contentType?: string | null | undefined;
  /** Headers that are no parameters of the operation. */
  headers?: HeaderValues | null | undefined;
  /** Gives the call up. */
  signal?: AbortSignal | null | undefined;
  /** How long the whole call may take, in milliseconds; that of a socket ends when it opens. */
  timeout?: number | null | undefined;
  /**
   * How long the next piece of the answer may take, in milliseconds, once the body of the call is out.
   * One of up to 64 KiB counts as out at once. When a longer one is out is known of streams, and over a
   * unix socket; else the time begins with the head of the answer.
   */
  readTimeout?: number | null | undefined;
  /** Takes an answer with an error status like any other. */
  allowErrorStatus?: boolean | undefined;
}

/** A request, as it would be sent. */
export interface Request {
  method: string;
  /** Path and query. */
  target: string;
  headers: { [name: string]: string };
  body?: string | Bytes;
  /** What a successful answer is. */
  answer: "nothing" | "json" | "json-lines" | "text" | "bytes" | "frames" | "upgrade";
}

/** A piece of a process's output. */
export interface Frame {
  /** Where it was written to; all output of a terminal is `stdout`. */
  readonly stream: "stdin" | "stdout" | "stderr";
  readonly bytes: Uint8Array;
  /** The same as text. A character that goes on in the next piece is told there. */
  readonly text: string;
}

/** An answer whose head has arrived. */
export interface Answer<R = unknown, D = any> {
  readonly status: number;
  readonly headers: Headers;
  /** Whether the engine did what was asked. */
  readonly ok: boolean;
  /** What the body is. */
  readonly content: "nothing" | "json" | "json-lines" | "text" | "bytes" | "frames" | "output";
  data(): Promise<R>;
  json(): Promise<R>;
  text(): Promise<string>;
  bytes(): Promise<Uint8Array>;
  stream(): ReadableStream<Uint8Array>;
  frames(): AsyncIterableIterator<Frame>;
  documents(): AsyncIterableIterator<D>;
  /** Wants no more of it. */
  cancel(): Promise<void>;
}

/** A connection that carries bytes both ways. Closing `writable` of a WebSocket closes it. */
export interface Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  /** Takes text, too. */
  readonly writable: WritableStream<Uint8Array | string>;
  close(): void;
}

/** The same over a connection taken over. Closing `writable` leaves `readable` open, whose end closes both. */
export interface Socket extends Duplex {
  /** Takes `readable` as the output of a process. */
  frames(): AsyncIterableIterator<Frame>;
}

export interface ClientOptions<E extends string, V extends string> {
  /** The engine's name. */
  engine?: E | undefined;
  /** A pack that was loaded, of any engine. */
  pack?: Pack | undefined;
  /** The version to speak; `auto`, which asks the engine, unless it is said. */
  version?: V | undefined;
  /**
   * Where the engine is: `http://`, `https://`, `tcp://` or a bare `host:port`, a path of the page's
   * origin, in Node `unix://`. Without a port `tcp://` means 2375.
   */
  uri?: string | URL | undefined;
  /** Takes operations of this category alone. */
  category?: string | undefined;
  /** Sends instead of the global `fetch`, also undici's own. */
  fetch?: Fetch | null | undefined;
  /** Goes into the second argument of every `fetch`, but for method, headers, body, redirections and signal. */
  init?: object | null | undefined;
  /** Goes into every request. */
  headers?: HeaderValues | null | undefined;
  /** `timeout` of every call, in milliseconds; none unless said. */
  timeout?: number | null | undefined;
  /** `readTimeout` of every call, in milliseconds; none unless said. */
  readTimeout?: number | null | undefined;
  /** How long the engine may take to say its version, and to be reached by a socket; 10 s unless said. */
  connectTimeout?: number | null | undefined;
  /**
   * The most bytes of an answer that are read as a whole, or kept of a WebSocket that nobody reads; 256 MiB
   * unless said. JSON that would take more than 16 times as much as values is refused, too.
   */
  answerLimit?: number | null | undefined;
  /** Gives up asking for the version. */
  signal?: AbortSignal | null | undefined;
  /** Opens WebSockets instead of the global one, with what headers they need. */
  WebSocket?: (new (url: string) => any) | null | undefined;
}

/**
 * A client of one engine. `Client` alone is any, whose operations are not known, and `Client<"docker">`
 * any of docker, with those of the newest version.
 */
export class Client<E extends string = any, V extends string = any> {
  private constructor();
  /** Sets up a client, and asks the engine for its version unless one is given. */
  static create<const E extends string = string, const V extends Version<E> | "auto" = "auto">(
    options: ClientOptions<E, V>,
  ): Promise<Client<E, V>>;

  readonly engine: E;
  /** The version that is spoken. */
  readonly version: string;

  /** The same client, for one category of operations. */
  category(name: string): Client<E, V>;
  categories(): string[];
  ops(category?: string): Op[];
  doc(operation: Names<Operations<E, V>>, options?: { depth?: number | undefined }): Doc;
  /** What the parameters and the body of a call have that is not documented. */
  check(operation: Names<Operations<E, V>>, given: Given): Finding[];
  /** What an answer has that is not documented for its status. */
  checkAnswer(operation: Names<Operations<E, V>>, status: number, body: unknown): Finding[];
  /** What a path of names leads to: `ContainerCreate.HostConfig.Mounts`. */
  explain(path: string, options?: { depth?: number | undefined }): Explanation;

  /** The request that a call would send. */
  resolve(operation: Easy<Operations<E, V>>): Request;
  resolve<K extends Names<Operations<E, V>>>(operation: K, call: Call<Operations<E, V>[K]>): Request;

  /** Calls an operation. */
  invoke<K extends Easy<Operations<E, V>>>(operation: K): Promise<Result<Operations<E, V>[K]>>;
  invoke<K extends Names<Operations<E, V>>>(
    operation: K,
    call: Call<Operations<E, V>[K]> & { as?: "data" | undefined },
  ): Promise<Result<Operations<E, V>[K]>>;
  invoke<K extends Names<Operations<E, V>>>(
    operation: K,
    call: Call<Operations<E, V>[K]> & { as: "stream" },
  ): Promise<ReadableStream<Uint8Array>>;
  invoke<K extends Names<Operations<E, V>>>(
    operation: K,
    call: Call<Operations<E, V>[K]> & { as: "response" },
  ): Promise<Answer<Result<Operations<E, V>[K]>, Document<Operations<E, V>[K]>>>;
  /** Takes the connection over. Browsers hand none over; the route of a WebSocket is one of docker's. */
  invoke<K extends Names<Operations<E, V>>>(
    operation: K,
    call: Call<Operations<E, V>[K]> & { as: "socket" },
  ): Promise<Socket>;
  invoke<K extends Names<Operations<E, V>>>(
    operation: K,
    call: Call<Operations<E, V>[K]> & { as: "websocket" },
  ): Promise<Duplex>;

  /** Makes a request that no spec knows. */
  request(method: string, target: string, call?: CallOptions & { body?: unknown; as?: "data" | undefined }): Promise<any>;
  request(method: string, target: string, call: CallOptions & { body?: unknown; as: "stream" }): Promise<ReadableStream<Uint8Array>>;
  request(method: string, target: string, call: CallOptions & { body?: unknown; as: "response" }): Promise<Answer<any>>;
  request(method: string, target: string, call: CallOptions & { body?: unknown; as: "socket" }): Promise<Socket>;
  request(method: string, target: string, call: CallOptions & { body?: unknown; as: "websocket" }): Promise<Duplex>;

  /** Output of a process as it comes. The call is made when the first piece is asked for. */
  frames(operation: Easy<Operations<E, V>>): AsyncIterableIterator<Frame>;
  frames<K extends Names<Operations<E, V>>>(
    operation: K,
    call: Call<Operations<E, V>[K]>,
  ): AsyncIterableIterator<Frame>;
  /** JSON documents as they come. The call is made when the first one is asked for. */
  documents<K extends Easy<Operations<E, V>>>(
    operation: K,
  ): AsyncIterableIterator<Document<Operations<E, V>[K]>>;
  documents<K extends Names<Operations<E, V>>>(
    operation: K,
    call: Call<Operations<E, V>[K]>,
  ): AsyncIterableIterator<Document<Operations<E, V>[K]>>;
}

/** An operation in a list. */
export interface Op {
  category: string;
  operation: string;
  method: string;
  path: string;
  parameters: Parameter[];
  request_body: boolean;
}

export interface Parameter {
  name: string;
  in: "path" | "query" | "header" | "formData";
  type: string;
  required: boolean;
  default?: unknown;
  enum?: unknown[];
}

/** A schema in the words of JSON Schema where they fit. */
export interface Schema {
  type: string;
  definition?: string;
  format?: string;
  nullable?: true;
  default?: unknown;
  enum?: unknown[];
  items?: Schema;
  required?: string[];
  properties?: { [name: string]: Schema };
  additionalProperties?: boolean | Schema;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
}

/** All that is known of an operation. */
export interface Doc {
  engine: string;
  version: string;
  category: string;
  operation: string;
  method: string;
  path: string;
  url: string | null;
  /** The versions that have it, oldest first. */
  versions: string[];
  ids: { id: string; versions: string[] }[];
  parameters: (Parameter & { schema: Schema; versions: string[] })[];
  /** `schema` goes with the media type that is sent by default; `schemas` are by media type, where it depends on that. */
  request_body: { required: boolean; media_types: string[]; schema: Schema; schemas?: { [mediaType: string]: Schema } } | null;
  answer: Request["answer"];
  produces: string[];
  answers: { status: number | null; schema?: Schema; headers?: { [name: string]: Schema } }[];
}

/** What is judged without being sent. */
export interface Given {
  params?: { readonly [name: string]: unknown } | Pairs | null | undefined;
  body?: unknown;
}

/** What is at a path of names. */
export interface Explanation {
  path: string;
  /** The type in a few words. */
  type: string;
  schema: Schema;
  /** The versions in which the path leads somewhere, oldest first. */
  versions: string[];
}

/** A difference between two versions, or between two engines. */
export type Change = {
  operation: string;
  method: string;
  path: string;
  change: "added" | "removed" | "renamed" | "moved" | "body-added" | "body-removed" | "type" | "format" | "nullable" | "not-nullable" | "required" | "optional" | "value-added" | "value-removed" | "default" | "incomplete";
  from?: string;
  to?: string;
  value?: string;
  /** Whether a program for the first may fail with the second. */
  breaking: boolean;
} & (
  | { in: "operation" }
  | { in: "parameter"; location: Parameter["in"]; name: string }
  | { in: "body"; pointer: string }
  | { in: "answer"; status: number | null; pointer: string }
);

export interface Finding {
  code: "unknown-field" | "missing-field" | "wrong-type" | "unknown-value";
  /** Where it is: a JSON pointer. */
  pointer: string;
  message: string;
  hint: string | null;
  nearest: string[];
}

/** A pack that was loaded. It stays for as long as the page or the program does. */
export interface Pack {
  readonly engine: string;
  readonly [loaded]: true;
}
declare const loaded: unique symbol;

/** A `WebAssembly.Module`, which projects without the library `dom` have no name for. */
interface CompiledModule {}
/** Gets the WebAssembly ready; where it is read from the disk there is nothing to wait for. */
export function init(source?: string | URL | Response | ArrayBuffer | ArrayBufferView | CompiledModule): Promise<void>;
/** Engines whose packs are inside, sorted. */
export function engines(): string[];
/** The API versions of an engine, oldest first. */
export function versions(engine: string | Pack): string[];
export function categories(engine: string | Pack, version?: string): string[];
export function ops(engine: string | Pack, version?: string, category?: string): Op[];
export function doc(engine: string | Pack, version: string | undefined, operation: string, options?: { depth?: number | undefined }): Doc;
/** In which versions there is an operation of that name. */
export function history(engine: string | Pack, operation: string): string[];
/** The request that a call would send. */
export function resolve<const E extends string, const V extends Version<E> | undefined, K extends Names<Operations<E, V>>>(
  engine: E,
  version: V,
  operation: K,
  ...call: K extends Easy<Operations<E, V>> ? [call?: Call<Operations<E, V>[K]>] : [call: Call<Operations<E, V>[K]>]
): Request;
/** The same of a version or an engine that only the program knows. */
export function resolve<const V extends string | undefined>(
  engine: string,
  version: string extends V ? V : never,
  operation: string,
  call?: Call<AnyOperation>,
): Request;
export function resolve(engine: Pack, version: string | undefined, operation: string, call?: Call<AnyOperation>): Request;
/**
 * What the parameters and the body of a call have that is not documented. Throws for what `resolve`
 * refuses of them, but not for what they lack.
 */
export function check(engine: string | Pack, version: string | undefined, operation: string, given: Given): Finding[];
/** What a path of names leads to: `ContainerCreate.HostConfig.Mounts`. */
export function explain(engine: string | Pack, version: string | undefined, path: string, options?: { depth?: number | undefined }): Explanation;
/** What is different between two versions of an engine, in one operation or all. */
export function diff(engine: string | Pack, from: string, to: string, operation?: string): Change[];
/** Reads a pack from its bytes, or from where they are; in Node from a `file:` URL, too. */
export function loadPack(
  source: Uint8Array | ArrayBuffer | string | URL,
  options?: { fetch?: ((url: string | URL, init: any) => Promise<Fetched>) | null | undefined; signal?: AbortSignal | null | undefined },
): Promise<Pack>;
/** Whether a header carries credentials, which must not be shown. */
export function isSecretHeader(name: string): boolean;

/** What a version holds, without an engine. */
export interface Catalogue {
  readonly engine: string;
  readonly version: string;
  readonly category?: string;
  within(category: string): Catalogue;
  categories(): string[];
  ops(category?: string): Op[];
  doc(operation: string, options?: { depth?: number | undefined }): Doc;
  /** The request that a call would send. */
  resolve(operation: string, call?: Call<AnyOperation>): Request;
  check(operation: string, given: Given): Finding[];
  checkAnswer(operation: string, status: number, body: unknown): Finding[];
  explain(path: string, options?: { depth?: number | undefined }): Explanation;
  /** What another version has otherwise; of another engine, where both have the same operation. */
  diff(other: Catalogue, operation?: string): Change[];
}
/** The catalogue of a version; of the newest unless one is named. */
export function catalogue(engine: string | Pack, version?: string): Catalogue;

/** Why a call did not come to its end. `code` is what to match on, `hint` what to do. */
export class ContajnersError extends Error {
  readonly kind: string;
  readonly code: string;
  readonly hint?: string;
  /** Whether the engine may have acted, so that repeating the call could do it twice. */
  readonly mayHaveActed: boolean;
  readonly operation?: string;
  readonly method?: string;
  /** Path and query, which are the caller's and may hold secrets. */
  readonly target?: string;
  readonly status?: number;
  readonly headers?: Headers;
  /** The engine's own words. */
  readonly engineMessage?: string;
  readonly body?: Uint8Array | string;
  /** The name that was asked for, and those that may have been meant. */
  readonly subject?: string;
  readonly nearest?: string[];
}
export class ConfigError extends ContajnersError {}
export class ResolveError extends ContajnersError {}
export class BodyError extends ContajnersError {}
export class ConnectError extends ContajnersError {}
export class NegotiateError extends ContajnersError {}
export class SendError extends ContajnersError {}
export class TimeoutError extends ContajnersError {}
export class StatusError extends ContajnersError {}
export class InBandError extends ContajnersError {}
export class DecodeError extends ContajnersError {}
export class AbortedError extends ContajnersError {}
