// Attaching over a WebSocket, where the engine has a route for it.

import { aborted, broken, error, shown } from "./errors.js";
import { Watch } from "./send.js";

/**
 * Opens a WebSocket at the request's target: a stream of bytes to read and one to write. What comes
 * is as the engine sends it, stdout and stderr unmarked; the borders of messages mean nothing.
 */
export function overWebSocket(client, call, limits) {
  const Socket = client.WebSocket ?? globalThis.WebSocket;
  if (!Socket || (client.place.socket && !client.WebSocket)) {
    throw error("resolve", "no-sockets", `${shown(call)} needs a WebSocket, and there is none here`, {
      call, hint: 'give one with `WebSocket`, or take `as: "socket"` where HTTP connections can be upgraded',
    });
  }
  if (limits.signal?.aborted) throw aborted(limits.signal.reason, call);
  const socket = new Socket(client.place.base.replace(/^http/, "ws") + call.target);
  const watch = new Watch(client, limits, call);
  watch.came();
  socket.binaryType = "arraybuffer";
  let controller, resolve, reject;
  const opened = new Promise((...both) => ([resolve, reject] = both));
  let open = false;
  const readable = new ReadableStream({
    start: (own) => void (controller = own),
    cancel: () => socket.close(),
  });
  const end = (failure) => {
    try {
      if (failure) controller.error(failure);
      else controller.close();
    } catch {
      // It has ended already.
    }
  };
  const failed = () =>
    open
      ? broken(client, call)
      : error("connect", "cannot-connect", `cannot open a WebSocket to ${client.engine} at ${client.place.shown}`, {
          call, acted: true, hint: "only docker has such routes, and a proxy must pass them on",
        });
  const giveUp = () => {
    socket.close();
    reject(watch.reason);
    end(watch.reason);
  };
  watch.signal.addEventListener("abort", giveUp, { once: true });
  socket.onopen = () => {
    open = true;
    // Its time is the caller's from here on.
    watch.limit("whole");
    watch.limit("read");
    resolve();
  };
  socket.onerror = () => {
    const failure = failed();
    reject(failure);
    end(failure);
  };
  socket.onclose = () => {
    watch.end();
    reject(failed());
    end();
  };
  socket.onmessage = ({ data }) => {
    controller.enqueue(typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data));
  };
  const writable = new WritableStream({
    write: (piece) => socket.send(piece),
    close: () => socket.close(),
    abort: () => socket.close(),
  });
  return opened.then(() => ({ readable, writable, close: () => socket.close() }));
}
