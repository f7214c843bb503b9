// For pages and workers: the WebAssembly is fetched, so there is something to wait for.

import start from "./engine.js";
import { host } from "./catalogue.js";
import { error } from "./errors.js";

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
      throw error("config", "not-initialised", "the WebAssembly of this package cannot be started", {
        cause, hint: "can `engine_bg.wasm` be fetched, and does a policy forbid `'wasm-unsafe-eval'`?",
      });
    },
  );
  return started;
}

host.start = () => init();

export * from "./index.js";
