// For Node, Deno and Bun: the WebAssembly is read from the disk, and there are sockets.

import { setMaxListeners } from "node:events";
import { createReadStream, readFileSync } from "node:fs";
import { Readable } from "node:stream";

import { initSync } from "./engine.js";
import { host } from "./catalogue.js";
import { cleaned, explained, tlsSpoken } from "./node-errors.js";
import { fetchOver, patient, textOf, upgrade } from "./node-http.js";

initSync({ module: readFileSync(new URL("./engine_bg.wasm", import.meta.url)) });
host.ready = true;
// No `fetch` of Node's reads files.
host.fetchFile = (url, { signal }) => new Response(Readable.toWeb(createReadStream(new URL(url), { signal: signal ?? undefined })));
host.sourceHint = (source) =>
  URL.canParse(source) ? undefined : "a file is given as a URL: `pathToFileURL` of `node:url` makes one of a path";
host.textOf = textOf;
host.fetchOver = fetchOver;
host.patient = patient;
host.cleaned = cleaned;
host.explained = explained;
host.tlsSpoken = tlsSpoken;
host.upgrade = upgrade;
host.unbounded = (signal) => {
  try {
    setMaxListeners(0, signal);
  } catch {
    // It is another implementation's, which warns of nothing.
  }
};

/** There is nothing to wait for here. */
export async function init() {}

export * from "./index.js";
