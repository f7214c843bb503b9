// The client: versions, calls, answers. What a call means is the core's to say.

import { Answer, readError, refusal } from "./answer.js";
import {
  Catalogue, apiOf, callOf, headersOf, host, newestOf, packOf, rawRequest,
} from "./catalogue.js";
import {
  error, guarded, hidden, neverSocket, noSockets, quoted, redirected, upgraded,
} from "./errors.js";
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

  constructor(settings, catalogue) {
    this.engine = settings.engine;
    this.version = settings.version;
    this.#catalogue = catalogue;
    for (const name of ["pack", "place", "fetch", "init", "headers", "limits", "answerLimit", "WebSocket"]) {
      // For the modules beside this one; of no interest to whoever prints a client.
      hidden(this, name, settings[name]);
    }
  }

  /** Sets up a client, and asks the engine for its version unless one is given. */
  static async create(given) {
    await host.start?.();
    const all = options(given, known, "`Client.create`");
    const pack = packOf(all.pack ?? all.engine);
    const settings = {
      engine: pack.engine,
      pack,
      place: all.uri === undefined ? undefined : placeOf(all.uri, all),
      fetch: all.fetch,
      init: all.init,
      headers: all.headers && headersOf(all.headers),
      limits: {
        connect: number(all.connectTimeout, "connectTimeout") ?? CONNECT_LIMIT,
        read: number(all.readTimeout, "readTimeout"),
        whole: number(all.timeout, "timeout"),
      },
      answerLimit: number(all.answerLimit, "answerLimit", "bytes") ?? ANSWER_LIMIT,
      WebSocket: all.WebSocket,
    };
    const version = all.version ?? "auto";
    const api =
      version === "auto" ? await negotiated(new Client(settings), pack, all.signal) : apiOf(pack, version);
    return new Client({ ...settings, version: api.version }, new Catalogue(api, all.category));
  }

  /** The same client, for one category of operations. */
  category(name) {
    return new Client(this, this.#catalogue.within(name));
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
    const call = options(given, knownOfCall, "`resolve`");
    const headers = this.headers || call.headers ? headersOf(this.headers, call.headers) : undefined;
    return this.#catalogue.resolve(operation, { ...call, headers });
  }

  /** Calls an operation. */
  async invoke(operation, given) {
    const call = options(given, knownOfCall, "`invoke`");
    return this.#perform(() => this.#catalogue.begin(operation, call), call);
  }

  /** Makes a request that no spec knows. */
  async request(method, target, given) {
    const call = options(given, knownOfCall, "`request`");
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
    const call = options(given, knownOfCall, "a call");
    const answer = await this.#answer(() => this.#catalogue.begin(operation, call), call, begun);
    return { ...answer, pieces: new Pieces(answer.body, answer.watch, answer.call) };
  }

  async #perform(resolve, given) {
    const as = given.as ?? "data";
    const ways = ["data", "stream", "response", "socket", "websocket"];
    if (!ways.includes(as)) {
      throw error("config", "invalid-option", `\`as\` is no way to take an answer: ${quoted(as)}`, {
        hint: `there is \`${ways.join("`, `")}\``,
      });
    }
    if (as === "socket" || as === "websocket") return this.#socket(resolve, given);
    const answer = new Answer(await this.#answer(resolve, given));
    if (as === "response") return answer;
    return as === "stream" ? answer.stream() : answer.data();
  }

  /** Resolves, sends, and judges the head of the answer; `begun` gets what can give the call up. */
  async #answer(resolve, given, begun) {
    const { request, given: body } = resolve();
    let watch;
    try {
      const call = callOf(request, this.engine, this.headers, given.headers);
      this.#reachable();
      watch = new Watch(this, limitsOf(given), call);
      begun?.(watch);
      const response = await send(this, call, request.text ?? body.bytes, body.streamed, watch);
      const { status, headers } = response;
      const contentType = headers.get("content-type") ?? undefined;
      const content = request.outcome(status, contentType);
      const about = { status, headers, call, body: response.body, watch, limit: this.answerLimit };
      switch (content) {
        case "duplex":
          watch.give();
          throw upgraded(call);
        case "redirect":
          watch.give();
          throw redirected(call, status, headers.get("location")?.split("?")[0]);
        case "failure":
          if (given.allowErrorStatus) return { ...about, content: request.outcome(status, contentType, true), success: false };
          throw await refusal(this, call, response, watch, given.signal);
        default:
          return { ...about, content, success: true };
      }
    } catch (cause) {
      watch?.end();
      throw cause;
    } finally {
      request.free();
    }
  }

  async #socket(resolve, given) {
    const { request, given: body } = resolve();
    try {
      const isWeb = given.as === "websocket";
      // Whoever gives a WebSocket sends what headers it needs.
      const headers = isWeb && this.WebSocket ? undefined : this.headers;
      const call = callOf(request, this.engine, headers, given.headers);
      this.#reachable();
      if (isWeb) return await overWebSocket(this, call, body.kind > 0, limitsOf(given));
      if (!request.mayOpenSocket) throw neverSocket(call);
      if (!host.upgrade) throw noSockets(call);
      return await host.upgrade(this, request, call, request.text ?? body.bytes, limitsOf(given));
    } finally {
      request.free();
    }
  }

  #reachable() {
    if (!this.place) {
      throw error("config", "no-address", `no address of ${this.engine} is given`, {
        hint: "give `Client.create` a `uri`",
      });
    }
  }
}

function limitsOf({ signal, timeout, readTimeout }) {
  return { signal, timeout: number(timeout, "timeout"), readTimeout: number(readTimeout, "readTimeout") };
}

/** Asks an engine which version it speaks. */
async function negotiated(client, pack, signal) {
  const negotiation = pack.negotiation();
  try {
    for (;;) {
      const request = negotiation.request();
      if (!request) return newestOf(pack);
      const call = callOf(request, client.engine, client.headers);
      request.free();
      if (!client.place) {
        throw error("config", "no-address", `no address of ${client.engine} is given, so that it cannot be asked for its version`, {
          hint: "give a `uri`, or the `version` to speak",
        });
      }
      const watch = new Watch(client, limitsOf({ signal }), call);
      watch.limit("connect", client.limits.connect);
      const response = await send(client, call, undefined, false, watch);
      const { header } = negotiation;
      let said;
      if (header) {
        said = response.headers.get(header) ?? undefined;
        // Reading the few bytes to their end keeps the connection.
        const bytes = await readError(new Pieces(response.body, watch, call));
        const spoken = host.tlsSpoken?.(client, call, response.status, bytes);
        if (spoken) throw spoken;
      } else {
        said = await saidIn(negotiation, new Answer({ call, body: response.body, watch, limit: VERSION_LIMIT }));
      }
      // An engine that was not waited for has not kept silent.
      if (watch.reason && (!header || signal?.aborted)) throw watch.reason;
      if (header && said === undefined && response.type === "cors") {
        throw error("negotiate", "version-hidden", `${client.engine} at ${client.place.shown} does not let a page of another origin read which API version it speaks`, {
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
