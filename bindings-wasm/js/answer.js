// An answer whose head has arrived.

import { host } from "./catalogue.js";
import { notJson, notText, refused, taken, tooLarge } from "./errors.js";
import { Kept, Pieces, allDocuments, allOutput, documents, document, frames, messageIn } from "./streams.js";

/** The most of an error's body that is kept. */
const ERROR_LIMIT = 1 << 20;
/** How long the next piece of an error's body is waited for, and all of it: some never end. */
const ERROR_PIECE_WAIT = 1000;
const ERROR_WAIT = 5000;

/** An answer: status and headers are there, the body is yet to come. */
export class Answer {
  #head;
  #call;
  #limit;
  #taken;

  constructor(head, limit) {
    this.status = head.status;
    this.headers = head.headers;
    this.content = head.content;
    this.ok = head.success;
    this.#head = head;
    this.#call = head.call;
    this.#limit = limit;
  }

  /** The body as it is. */
  async bytes() {
    const { pieces } = this.#take();
    const all = new Kept();
    let length = 0;
    for (let piece; (piece = await pieces.next()); all.add(piece)) {
      length += piece.length;
      if (length > this.#limit) {
        await pieces.cancel();
        throw tooLarge(this.#call, this.#limit);
      }
    }
    return all.whole();
  }

  /** The body as what it is: a value, text, bytes, or null. */
  async data() {
    const bytes = await this.bytes();
    if (this.content === "nothing") return null;
    if (/^json/.test(this.content)) return this.#json(bytes);
    if (this.content !== "bytes") return this.#text(bytes);
    // Nothing, and nobody said of what kind.
    return bytes.length > 0 || this.#call.answer === "bytes" ? bytes : null;
  }

  #text(bytes) {
    if (this.content !== "text") return allOutput(bytes, this.content, this.#call);
    const text = new TextDecoder().decode(bytes);
    try {
      // Some engines call numbers text.
      if (this.ok && this.#call.answer === "json" && fits(bytes, this.#limit)) return JSON.parse(text);
    } catch {
      // It is.
    }
    return text;
  }

  async #json(bytes) {
    if (!fits(bytes, this.#limit)) throw tooLarge(this.#call, this.#limit, undefined, "would take more than 16 times");
    if (this.content === "json") {
      try {
        return JSON.parse(new TextDecoder().decode(bytes));
      } catch {
        // Several documents, none, or damage: the core finds out.
      }
    }
    const looked = this.content === "json-lines" && this.ok;
    let all;
    try {
      all = await allDocuments(bytes, this.#call, looked);
    } catch (cause) {
      if (cause.code !== "stream-cut") throw cause;
      // Whoever reads all of it is told what a reader of JSON says about the end.
      document(new TextDecoder().decode(bytes), this.#call, looked);
      throw cause;
    }
    return all.length > 1 ? all : (all[0] ?? null);
  }

  /** The body as a JSON value. */
  async json() {
    const data = await this.data();
    if (data instanceof Uint8Array) throw notText(this.#call, data);
    if (typeof data === "string" && !/^json/.test(this.content)) throw notJson(this.#call, data);
    return data;
  }

  /** The body as text; output of a process without the frames around it. */
  async text() {
    const bytes = await this.bytes();
    if (/^[of]/.test(this.content)) return allOutput(bytes, this.content, this.#call);
    // Text or not: it may tell of an error.
    if (this.content === "json-lines") {
      try {
        await this.#json(bytes);
      } catch (failure) {
        if (failure.code === "in-band-error") throw failure;
      }
    }
    try {
      return new TextDecoder("utf-8", { fatal: this.content === "bytes" }).decode(bytes);
    } catch {
      throw notText(this.#call, bytes);
    }
  }

  /** The body as it comes. */
  stream() {
    return this.#take().pieces.stream();
  }

  /** Output of a process as it comes. */
  frames() {
    return frames(() => this.#take());
  }

  /** JSON documents as they come. */
  documents() {
    return documents(() => this.#take());
  }

  /** Wants no more. */
  cancel() {
    this.#taken = true;
    return this.#head.pieces.give();
  }

  /** The body and what it is, once. */
  #take() {
    if (this.#taken) throw taken(this.#call);
    this.#taken = true;
    return this.#head;
  }
}

/** What a comma, a bracket and a brace stand for. */
const WEIGHTS = { 0x2c: 64, 0x5b: 128, 0x7b: 640 };

/** Whether JSON takes no more memory as values than it may, by the measure of the core. */
function fits(json, limit) {
  if (json.length * 40 <= limit) return true;
  let left = limit * 16;
  let isText = false;
  for (let i = 0; left >= 0 && i < json.length; i += 1) {
    const byte = json[i];
    if (byte === 0x22) isText = !isText;
    else if (isText) i += byte === 0x5c ? 1 : 0;
    else left -= WEIGHTS[byte] ?? 0;
  }
  return left >= 0;
}

/** The error that an answer tells of. */
export async function refusal(watch, { status, headers, body }) {
  const { client, call, given } = watch;
  const bytes = await readError(new Pieces(body, watch));
  if (given?.aborted && watch.reason) return watch.reason;
  const message = call.method === "HEAD" ? "" : messageIn(bytes, client.pack);
  return host.tlsSpoken?.(client, call, status, bytes) ?? refused(call, status, message, bytes, headers);
}

/** Reads what an engine says about an error, as far as it comes. */
export async function readError(pieces) {
  const all = new Kept();
  let left = ERROR_LIMIT;
  let timer;
  const end = Date.now() + ERROR_WAIT;
  try {
    while (left > 0) {
      const over = new Promise((resolve) => (timer = setTimeout(resolve, Math.min(ERROR_PIECE_WAIT, end - Date.now()))));
      const piece = await Promise.race([pieces.next(), over]);
      clearTimeout(timer);
      if (!piece) break;
      all.add(piece.subarray(0, left));
      left -= piece.length;
    }
  } catch {
    // What has come by then has to do.
  }
  clearTimeout(timer);
  await pieces.cancel();
  return all.whole();
}

