// A page made by a bundler, and what of it goes over the wire.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { build } from "vite";

/** KiB of files, compressed. */
function sizes(files) {
  const sum = (compress) => files.reduce((all, file) => all + compress(readFileSync(file)).length, 0) / 1024;
  return {
    gzip: sum((bytes) => gzipSync(bytes, { level: 9 })),
    brotli: sum((bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })),
  };
}

test("a build, and its size", async () => {
  await build({ root: "page", base: "./", logLevel: "error", build: { outDir: "../dist", emptyOutDir: true, target: "es2022" } });
  const files = readdirSync("dist/assets").map((name) => join("dist/assets", name));
  const scripts = files.filter((file) => file.endsWith(".js"));
  const wasm = files.filter((file) => file.endsWith(".wasm"));
  assert.equal(wasm.length, 1);
  const all = sizes(files);
  const bare = sizes([...scripts, "../bare/engine_bg.wasm"]);
  console.log(`all of it: ${all.gzip.toFixed(1)} KiB gzip, ${all.brotli.toFixed(1)} KiB brotli; without packs: ${bare.gzip.toFixed(1)} KiB gzip`);
  assert.ok(all.gzip <= 140, `${all.gzip} KiB with gzip`);
  assert.ok(all.brotli <= 125, `${all.brotli} KiB with brotli`);
});

test("a page that takes nothing but the client starts the WebAssembly", async () => {
  await build({
    root: "page", base: "./", logLevel: "error",
    build: { outDir: "../dist-client", emptyOutDir: true, target: "es2022", modulePreload: { polyfill: false }, rollupOptions: { input: "page/client.js" } },
  });
  const [name] = readdirSync("dist-client/assets").filter((name) => name.endsWith(".js"));
  // A page fetches it from beside the script.
  const { fetch } = globalThis;
  globalThis.fetch = async (url) => new Response(readFileSync(new URL(url)), { headers: { "Content-Type": "application/wasm" } });
  try {
    await import(new URL(`dist-client/assets/${name}`, import.meta.url));
    assert.equal((await globalThis.client).version, "v1.41");
  } finally {
    globalThis.fetch = fetch;
  }
});

test("errors keep their names when those of classes are made short", async () => {
  await build({
    configFile: false, publicDir: false, logLevel: "error",
    build: { outDir: "dist-errors", minify: true, lib: { entry: "node_modules/contajners/errors.js", formats: ["es"], fileName: "errors" } },
  });
  const [name] = readdirSync("dist-errors");
  const { error } = await import(new URL(`dist-errors/${name}`, import.meta.url));
  assert.equal(error("resolve", "code", "text").name, "ResolveError");
  assert.match(error("in-band", "code", "text").stack, /^InBandError: text/);
});
