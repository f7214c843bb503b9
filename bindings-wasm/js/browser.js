// For pages and workers: the WebAssembly is fetched, so there is something to wait for.

import start from "./engine.js";
import { host } from "./catalogue.js";

let started;

/**
 * Gets the WebAssembly ready, once. Without an argument it is fetched from beside this file;
 * otherwise from a URL, or taken from a Response, bytes or a WebAssembly.Module.
 */
export function init(source) {
  started ??= start(source === undefined ? undefined : { module_or_path: source }).then(
    () => void (host.ready = true),
    (cause) => {
      // The next one may do better.
      started = undefined;
      throw cause;
    },
  );
  return started;
}

host.start = () => init();

export * from "./index.js";
