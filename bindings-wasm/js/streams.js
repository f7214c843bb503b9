// What comes piece by piece: bytes, frames of output, JSON documents.

import { Demultiplexer, Documents, inBand as inBandOf, messageOf } from "./engine.js";
import { host } from "./catalogue.js";
import { aborted, broken, guarded, inBand, notJson } from "./errors.js";

/** The bytes of an answer as they come, with its time-outs. */
export class Pieces {
  #reader;
  #watch;

  constructor(body, watch) {
    this.#reader = body?.getReader();
    this.#watch = watch;
    if (!body) watch.end();
    // Not every body ends by itself when its call is given up.
    watch.signal.addEventListener("abort", () => this.#reader?.cancel().catch(() => {}));
  }

  /** The next piece; undefined at the end. */
  async next() {
    const reader = this.#reader;
    if (!reader) return undefined;
    const watch = this.#watch;
    watch.came();
    try {
      for (;;) {
        const { value, done } = await reader.read();
        watch.signal.throwIfAborted();
        if (done) {
          this.#end();
          return undefined;
        }
        if (value.length > 0) {
          watch.limit("read");
          return value;
        }
      }
    } catch (cause) {
      this.#end();
      throw watch.reason ?? broken(watch, host.cleaned?.(cause) ?? cause);
    }
  }

  #end() {
    this.#reader = undefined;
    this.#watch.end();
  }

  /** Wants no more: the connection closes. */
  async cancel() {
    const reader = this.#reader;
    this.#end();
    await reader?.cancel().catch(() => {});
  }

  /** The same, and whoever reads is told: what has come is not all. */
  async give() {
    this.#watch.give(aborted(undefined, this.#watch.call));
  }

  /** The rest as a stream. */
  stream() {
    return new ReadableStream(
      {
        pull: async (controller) => {
          try {
            const piece = await this.next();
            if (piece) controller.enqueue(piece);
            else controller.close();
          } catch (cause) {
            controller.error(cause);
          }
        },
        cancel: () => this.cancel(),
      },
      { highWaterMark: 0 },
    );
  }
}

const names = ["stdin", "stdout", "stderr"];
/** Drops no character of output: a byte order mark is one, too. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const nothing = new Uint8Array(0);

/** A piece of output. */
class Frame {
  #before;
  #cut;

  /** It may begin within a character, of which some came before, and end within one. */
  constructor(stream, bytes, before, cut) {
    this.stream = stream;
    this.bytes = bytes;
    this.#before = before;
    this.#cut = cut;
  }

  /**
   * The piece as text. A character that goes on in the next piece of its stream is told there, so
   * that the texts of a stream are together what its bytes are together.
   */
  get text() {
    const own = this.bytes.subarray(0, this.bytes.length - this.#cut);
    return decoder.decode(this.#before.length ? concatenated([this.#before, own]) : own);
  }
}

/** How many bytes at the end are the beginning of a character. */
function unfinished(bytes) {
  for (let back = 1; back < 4; back += 1) {
    const byte = bytes.at(-back);
    // The first byte of characters that are longer than that: from 0xc0, 0xe0, 0xf0 on.
    if (!(byte >= 0x80 && byte < 0xc0)) return byte >= 256 - (128 >> back) ? back : 0;
  }
  return 0;
}

/** Iterates over what a source of pieces gives, all that is found in a piece at once. */
class Found {
  #source;
  #open;
  #watch;
  #queue = [];
  #at = 0;
  #last = Promise.resolve();
  /** How many items were asked for that are not there yet. */
  #asked = 0;
  #done = false;
  /** What comes after the items at hand. */
  #failure;

  /** `open` begins the call: not before the first item is asked for. */
  constructor(open) {
    this.#open = open;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    if (!this.#asked && this.#at < this.#queue.length) return Promise.resolve(this.#item());
    // One after the other, should somebody ask before the answer is there.
    this.#asked += 1;
    this.#last = this.#last.catch(() => {}).then(() => this.#more()).finally(() => (this.#asked -= 1));
    return this.#last;
  }

  #item() {
    const value = this.#queue[this.#at];
    this.#queue[this.#at] = undefined;
    this.#at += 1;
    return { value, done: false };
  }

  async #more() {
    for (;;) {
      if (this.#at < this.#queue.length) return this.#item();
      if (this.#done) return { value: undefined, done: true };
      const failure = this.#failure;
      if (failure) {
        this.#stop();
        throw failure;
      }
      this.#queue = [];
      this.#at = 0;
      try {
        if (!this.#source) {
          this.#source = await this.#open((watch) => (this.#watch = watch));
          // Somebody left before the head came, and what sends could not be told.
          if (this.#done) {
            this.#source.free();
            await this.#source.cancel();
            continue;
          }
        }
        const found = await this.#source.more();
        if (this.#done) continue;
        this.#queue = found.items;
        this.#failure = found.failure;
        if (found.failure) await this.#source.cancel();
        else if (found.done) this.#stop();
      } catch (cause) {
        // Whoever has left wants no errors; those of what is freed are none.
        if (this.#done) continue;
        this.#stop();
        throw cause;
      }
    }
  }

  #stop() {
    this.#done = true;
    this.#source?.free();
  }

  async return(value) {
    this.#queue = [];
    this.#at = 0;
    if (!this.#done) {
      const source = this.#source;
      this.#stop();
      if (source) await source.cancel();
      else this.#watch?.give();
    }
    return { value, done: true };
  }
}

/** Output of a process, stdout and stderr told apart. */
export function frames(open) {
  return new Found(async (begun) => new Output(await open(begun)));
}

class Output {
  #pieces;
  #call;
  #demultiplexer;
  /** By channel: the beginning of a character whose end is to come. */
  #left = [nothing, nothing, nothing];
  /** What has come of the engine's words about an error. */
  #words = [];

  constructor({ pieces, content, call }) {
    this.#pieces = pieces;
    this.#call = call;
    this.#demultiplexer = new Demultiplexer(content);
  }

  async more() {
    let piece;
    try {
      piece = await this.#pieces.next();
    } catch (cause) {
      // What the engine said before is why.
      if (!this.#words.length) throw cause;
    }
    if (piece) return this.#take(this.#demultiplexer.decode(piece), piece);
    if (this.#words.length) return this.#told([]);
    const { items } = this.#take(guarded(() => this.#demultiplexer.finish(), this.#call), nothing);
    // A character whose end did not come is text all the same.
    this.#left.forEach((left, channel) => left.length && items.push(new Frame(names[channel], nothing, left, 0)));
    return { items, done: true };
  }

  #told(items) {
    const words = concatenated(this.#words);
    return { items, failure: inBand(this.#call, messageIn(words), words) };
  }

  #take(found, piece) {
    const items = [];
    for (let i = 0; i < found.length; i += 3) {
      const channel = found[i];
      if (channel < 0) {
        try {
          guarded(() => this.#demultiplexer.failure(), this.#call);
        } catch (failure) {
          return { items, failure };
        }
      }
      const bytes = pieceAt(found, i, piece);
      if (channel > 2) {
        // No message is told of which this is not more than enough.
        if (this.#words.length < 2000) this.#words.push(bytes);
        if (channel > 3) return this.#told(items);
        continue;
      }
      items.push(this.#frame(channel, bytes));
    }
    return { items };
  }

  /** Output that may begin or end within a character. */
  #frame(channel, bytes) {
    const before = this.#left[channel];
    const all = before.length ? concatenated([before, bytes]) : bytes;
    const left = unfinished(all);
    this.#left[channel] = left ? all.slice(all.length - left) : nothing;
    // A character in several tiny pieces: nothing of it is told before its end.
    if (left > bytes.length) return new Frame(names[channel], bytes, nothing, bytes.length);
    return new Frame(names[channel], bytes, before, left);
  }

  async cancel() {
    await this.#pieces.cancel();
  }

  free() {
    this.#demultiplexer?.free();
    this.#demultiplexer = undefined;
  }
}

/** JSON documents, one after another. */
export function documents(open) {
  return new Found(async (begun) => new Messages(await open(begun)));
}

class Messages {
  #pieces;
  #call;
  #looked;
  #documents = new Documents();

  constructor({ pieces, content, call, success }) {
    this.#pieces = pieces;
    this.#call = call;
    this.#looked = content === "json-lines" && success;
  }

  async more() {
    const piece = await this.#pieces.next();
    if (piece) this.#documents.push(piece);
    else this.#documents.finish();
    const items = [];
    try {
      for (;;) {
        const text = guarded(() => this.#documents.pop(), this.#call);
        if (text === undefined) break;
        items.push(document(text, this.#call, this.#looked));
      }
    } catch (failure) {
      return { items, failure };
    }
    return { items, done: !piece };
  }

  async cancel() {
    await this.#pieces.cancel();
  }

  free() {
    this.#documents?.free();
    this.#documents = undefined;
  }
}

/** Reads one document, which may tell of an error. */
export function document(text, call, looked) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw notJson(call, text);
  }
  if (looked) {
    const message = inBandOf(value);
    if (message !== undefined) throw inBand(call, message, text);
  }
  return value;
}

/**
 * A whole body as one that comes piece by piece: what is found in all of it at once, or what the
 * core holds of it, may be many times its size.
 */
function slices(bytes) {
  let at = 0;
  return {
    next: () => (at < bytes.length ? bytes.subarray(at, (at += 1 << 16)) : undefined),
    cancel() {},
  };
}

/** Cuts a whole text into documents. */
export async function allDocuments(bytes, call, looked) {
  const all = [];
  const source = { pieces: slices(bytes), content: "json-lines", call, success: looked };
  for await (const one of documents(() => source)) all.push(one);
  return all;
}

/** All output as text, stdout and stderr in the order they came. */
export async function allOutput(bytes, content, call) {
  const output = new Output({ pieces: slices(bytes), content, call });
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let text = "";
  try {
    for (;;) {
      const { items, failure, done } = await output.more();
      if (failure) throw failure;
      text += decoder.decode(concatenated(items.map((frame) => frame.bytes)), { stream: !done });
      if (done) return text;
    }
  } finally {
    output.free();
  }
}

/** Keeps what comes: pieces may be tiny and many, and each takes far more than its bytes. */
export class Kept {
  #all = [];
  #few = [];

  add(piece) {
    if (this.#few.push(piece) < 1000) return;
    this.#all.push(concatenated(this.#few));
    this.#few = [];
  }

  whole() {
    return concatenated([...this.#all, ...this.#few]);
  }
}

/** Bytes one after another. */
export function concatenated(pieces) {
  if (pieces.length === 1) return pieces[0];
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The bytes that the demultiplexer found: a part of the piece, or some that it held back. */
function pieceAt(found, i, piece) {
  const [from, to] = [found[i + 1], found[i + 2]];
  return from < 0 ? Uint8Array.from({ length: -from }, (_, n) => to >>> (8 * n)) : piece.subarray(from, to);
}

/** The engine's own words in the body of an error. */
export function messageIn(bytes, pack) {
  const text = new TextDecoder().decode(bytes);
  return pack ? pack.messageOf(text) : messageOf(text);
}
