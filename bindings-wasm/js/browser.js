// For pages and workers: the WebAssembly is fetched, so there is something to wait for.

import start from "./engine.js";
import { host } from "./catalogue.js";
import { error } from "./errors.js";

/**
 * Gets the WebAssembly ready, once. Without an argument it is fetched from beside this file;
 * otherwise from a URL, or taken from a Response, bytes or a WebAssembly.Module.
 */
export function init(source) {
  // It starts once, and again where it could not.
  return start({ module_or_path: source }).then(
    () => void (host.ready = true),
    (cause) => {
      throw error("config", "not-initialised", "the WebAssembly of this package cannot be started", {
        cause, hint: "is `engine_bg.wasm` there, and `'wasm-unsafe-eval'` in the policy?",
      });
    },
  );
}

host.start = init;

export * from "./index.js";
