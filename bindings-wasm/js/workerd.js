// For workers at the edge: the WebAssembly is imported as a module, and nothing is to be fetched.

import { initSync } from "./engine.js";
import wasm from "./engine_bg.wasm";
import { host } from "./catalogue.js";

initSync({ module: wasm });
host.ready = true;

/** There is nothing to wait for here. */
export async function init() {}

export * from "./index.js";
