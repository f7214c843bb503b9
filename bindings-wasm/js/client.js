// The client: versions, calls, answers. What a call means is the core's to say.

import { Answer, readError, refusal } from "./answer.js";
import {
  Catalogue, apiOf, callOf, headersOf, host, packOf, rawRequest,
} from "./catalogue.js";
import { error, guarded, noSockets, oneOf, redirected, upgraded } from "./errors.js";
import { known, knownOfCall, number, options } from "./options.js";
import { Watch, placeOf, send } from "./send.js";
import { Pieces, documents, frames } from "./streams.js";
import { overWebSocket } from "./websocket.js";

/** The most of an answer that is read as a whole. */
const ANSWER_LIMIT = 256 << 20;
/** How long an engine may take to say its version. */
const CONNECT_LIMIT = 10_000;
/** The most of an answer that says the version in its body. */
const VERSION_LIMIT = 1 << 20;

/** A client of one engine. */
export class Client {
  #catalogue;
  /** What the modules beside this one call a client. */
  #settings;

  constructor(settings, catalogue) {
    this.engine = catalogue.engine;
    this.version = catalogue.version;
    this.#settings = settings;
    this.#catalogue = catalogue;
  }

  /** Sets up a client, and asks the engine for its version unless one is given. */
  static async create(given) {
    await host.start?.();
    const all = options(given, known, "Client.create");
    const pack = packOf(all.pack ?? all.engine);
    const settings = {
      ...all,
      engine: pack.engine,
      pack,
      place: all.uri === undefined ? undefined : placeOf(all),
      headers: headersOf(all.headers),
      connectTimeout: number(all, "connectTimeout") ?? CONNECT_LIMIT,
      readTimeout: number(all, "readTimeout"),
      timeout: number(all, "timeout"),
      answerLimit: number(all, "answerLimit", "bytes") ?? ANSWER_LIMIT,
    };
    const version = all.version ?? "auto";
    const api = version === "auto" ? await negotiated(settings) : apiOf(pack, version);
    return new Client(settings, new Catalogue(api, all.category));
  }

  /** The same client, for one category of operations. */
  category(name) {
    return new Client(this.#settings, this.#catalogue.within(name));
  }

  categories() {
    return this.#catalogue.categories();
  }

  ops(category) {
    return this.#catalogue.ops(category);
  }

  doc(operation, options) {
    return this.#catalogue.doc(operation, options);
  }

  check(operation, given) {
    return this.#catalogue.check(operation, given);
  }

  checkAnswer(operation, status, body) {
    return this.#catalogue.checkAnswer(operation, status, body);
  }

  explain(path, options) {
    return this.#catalogue.explain(path, options);
  }

  resolve(operation, given) {
    const call = options(given, knownOfCall, "resolve");
    const headers = headersOf(this.#settings.headers, call.headers);
    return this.#catalogue.resolve(operation, { ...call, headers: headers.length ? headers : undefined });
  }

  /** Calls an operation. */
  async invoke(operation, given) {
    const call = options(given, knownOfCall, "invoke");
    return this.#perform(() => this.#catalogue.begin(operation, call), call);
  }

  /** Makes a request that no spec knows. */
  async request(method, target, given) {
    const call = options(given, knownOfCall, "request");
    return this.#perform(() => rawRequest(method, target, call), call);
  }

  /** Output of a process as it comes. */
  frames(operation, given) {
    return frames((begun) => this.#source(operation, given, begun));
  }

  /** JSON documents as they come. */
  documents(operation, given) {
    return documents((begun) => this.#source(operation, given, begun));
  }

  async #source(operation, given, begun) {
    const call = options(given, knownOfCall, operation);
    return this.#answer(() => this.#catalogue.begin(operation, call), call, begun);
  }

  async #perform(resolve, given) {
    const as = given.as ?? "data";
    oneOf(["data", "stream", "response", "socket", "websocket"], as, "`as` cannot be");
    if (as === "socket" || as === "websocket") return this.#socket(resolve, given);
    const answer = new Answer(await this.#answer(resolve, given), this.#settings.answerLimit);
    if (as === "response") return answer;
    return as === "stream" ? answer.stream() : answer.data();
  }

  /** Resolves, sends, and judges the head of the answer; `begun` gets what can give the call up. */
  async #answer(resolve, given, begun) {
    const client = this.#settings;
    const { request, given: body } = resolve();
    let watch;
    try {
      const call = callOf(request, client.engine, client.headers, given.headers);
      reachable(client);
      watch = new Watch(client, given, call);
      begun?.(watch);
      const response = await send(watch, request.text ?? body.bytes, body.streamed);
      const { status, headers } = response;
      const contentType = headers.get("content-type");
      let content = request.outcome(status, contentType);
      if (content === "duplex" || content === "redirect") {
        watch.give();
        throw content === "duplex" ? upgraded(call) : redirected(call, status, headers.get("location")?.split("?")[0]);
      }
      const success = content !== "failure";
      if (!success) {
        if (!given.allowErrorStatus) throw await refusal(watch, response);
        content = request.outcome(status, contentType, true);
      }
      return { status, headers, content, success, call, pieces: new Pieces(response.body, watch) };
    } catch (cause) {
      watch?.end();
      throw cause;
    } finally {
      request.free();
    }
  }

  async #socket(resolve, given) {
    const client = this.#settings;
    const { request, given: body } = resolve();
    try {
      const isWeb = given.as === "websocket";
      // Whoever gives a WebSocket sends what headers it needs.
      const call = callOf(request, client.engine, isWeb && client.WebSocket ? undefined : client.headers, given.headers);
      reachable(client);
      if (isWeb) return await overWebSocket(client, call, body.kind > 0, given);
      if (!host.upgrade) throw noSockets(call);
      return await host.upgrade(client, request, call, request.text ?? body.bytes, given);
    } finally {
      request.free();
    }
  }
}

function reachable({ engine, place, version }) {
  if (place) return;
  throw error("config", "no-address", `no address of ${engine} is given`, {
    hint: "give `Client.create` a `uri`" + (version ? "" : ", or the `version` to speak"),
  });
}

/** Asks an engine which version it speaks. */
async function negotiated(client) {
  const negotiation = client.pack.negotiation();
  try {
    for (;;) {
      const request = negotiation.request();
      if (!request) return guarded(() => negotiation.answer(200, ""));
      const call = callOf(request, client.engine, client.headers);
      request.free();
      reachable(client);
      const watch = new Watch(client, { signal: client.signal }, call);
      watch.limit("connect", client.connectTimeout);
      const response = await send(watch);
      const pieces = new Pieces(response.body, watch);
      const { header } = negotiation;
      let said;
      if (header) {
        said = response.headers.get(header);
        // Reading the few bytes to their end keeps the connection.
        const bytes = await readError(pieces);
        const spoken = host.tlsSpoken?.(client, call, response.status, bytes);
        if (spoken) throw spoken;
      } else {
        said = await saidIn(negotiation, new Answer({ call, pieces }, VERSION_LIMIT));
      }
      // An engine that was not waited for has not kept silent.
      if (watch.reason && (!header || client.signal?.aborted)) throw watch.reason;
      if (header && said === null && response.type === "cors") {
        throw error("negotiate", "version-hidden", `${client.engine} at ${client.place.shown} does not let this page read its API version`, {
          call,
          hint: "give the `version` to speak, or put a proxy of the same origin in front",
        });
      }
      const api = guarded(() => negotiation.answer(response.status, said));
      if (api) return api;
    }
  } finally {
    negotiation.free();
  }
}

/** What a body says about the version; undefined when it breaks off or is not the JSON it should be. */
async function saidIn(negotiation, answer) {
  try {
    return negotiation.saidIn(JSON.parse(new TextDecoder().decode(await answer.bytes())));
  } catch {
    return undefined;
  }
}
