// For Node, Deno and Bun: the WebAssembly is read from the disk, and there are sockets.

import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

import { initSync } from "./engine.js";
import { host, loadPack as load } from "./catalogue.js";
import { explained, tlsSpoken } from "./node-errors.js";
import { fetchOver, upgrade } from "./node-http.js";

initSync({ module: readFileSync(new URL("./engine_bg.wasm", import.meta.url)) });
host.ready = true;
host.fetchOver = fetchOver;
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

/** Reads a pack from its bytes, or from where they are; a file, too, which no `fetch` of Node's does. */
export function loadPack(source, options) {
  const isAddress = typeof source === "string" || source instanceof URL;
  if (!isAddress || !/^file:/i.test(source) || options?.fetch) return load(source, options);
  return load(source, { ...options, fetch: async (url, { signal }) => new Response(await readFile(new URL(url), { signal })) });
}

export * from "./index.js";
