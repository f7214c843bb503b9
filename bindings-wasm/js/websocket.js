// Attaching over a WebSocket, where the engine has a route for it.

import { broken, error, shown, tooLarge } from "./errors.js";
import { Watch, pieceOf } from "./send.js";

/** How many bytes may be on their way before more are taken. */
const UNSENT = 1 << 20;

/**
 * Opens a WebSocket at the request's target: a stream of bytes to read and one to write. What comes
 * is as the engine sends it, stdout and stderr unmarked; the borders of messages mean nothing.
 */
export function overWebSocket(client, call, hasBody, given) {
  const Socket = client.WebSocket ?? globalThis.WebSocket;
  if (!Socket || (client.place.socket && !client.WebSocket)) {
    throw error("resolve", "no-sockets", `${shown(call)} needs a WebSocket, and there is none here`, {
      call, hint: 'give one with `WebSocket`, or in Node take `as: "socket"`',
    });
  }
  if (hasBody || Object.keys(call.headers).length) {
    throw error("config", "invalid-option", `a WebSocket at ${shown(call)} takes no ${hasBody ? "body" : "headers"}`, {
      call, hint: hasBody ? "write it to the socket" : "give a `WebSocket` that sends them",
    });
  }
  const watch = new Watch(client, given, call);
  let open, ended, closed, lost, controller, resolve, reject;
  const failed = (cause) =>
    open
      ? broken(watch)
      : error("connect", "cannot-connect", `cannot open a WebSocket to ${client.engine} at ${client.place.shown}`, {
          call, cause, acted: !cause, hint: "only docker has such routes, and a proxy must pass them on",
        });
  let socket;
  try {
    socket = new Socket(client.place.base.replace(/^http/, "ws") + call.target);
  } catch (cause) {
    watch.end();
    throw failed(cause);
  }
  watch.limit("connect", client.connectTimeout);
  watch.came();
  socket.binaryType = "arraybuffer";
  const opened = new Promise((...both) => ([resolve, reject] = both));
  /** Nothing more is written. */
  const close = () => {
    closed = true;
    socket.close();
  };
  /** Nothing more is read. */
  const end = (failure) => {
    closed = true;
    lost ??= failure;
    reject(failure ?? failed());
    if (ended) return;
    ended = true;
    if (failure) controller.error(failure);
    else controller.close();
  };
  const giveUp = (failure) => {
    end(failure);
    close();
  };
  const readable = new ReadableStream(
    {
      start: (own) => void (controller = own),
      cancel: () => {
        ended = true;
        close();
      },
    },
    // Nobody can be told to send less: what is not read is kept, up to a limit.
    { highWaterMark: client.answerLimit, size: (piece) => piece.length },
  );
  watch.signal.addEventListener("abort", () => giveUp(watch.reason), { once: true });
  socket.onopen = () => {
    open = true;
    // Its time is the caller's from here on.
    ["connect", "whole", "read"].forEach((what) => watch.limit(what));
    resolve();
  };
  socket.onerror = () => end(failed());
  socket.onclose = (event) => {
    watch.end();
    // Who goes without a word has broken off.
    end(!closed && event?.wasClean === false ? failed() : undefined);
  };
  socket.onmessage = ({ data }) => {
    const piece = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
    // Empty ones would be kept without a limit.
    if (ended || !piece.length) return;
    controller.enqueue(piece);
    if (controller.desiredSize < 0) {
      giveUp(tooLarge(call, client.answerLimit, "read what comes, or allow more with `answerLimit`"));
    }
  };
  const writable = new WritableStream({
    write: async (piece, { signal }) => {
      const own = pieceOf(piece, call);
      // What is sent after the end is dropped without a word.
      if (closed) throw watch.reason ?? broken(watch);
      socket.send(own);
      // Whoever takes it slowly is waited for. Nothing tells when it is out.
      while (socket.bufferedAmount > UNSENT && !closed && !signal?.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
      if (lost) throw lost;
    },
    close,
    abort: close,
  });
  return opened.then(() => ({ readable, writable, close }));
}
