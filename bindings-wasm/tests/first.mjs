// How long a page takes from the bytes of the package to its first request: `node first.mjs`, where
// the package is installed and Chromium is.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { launch } from "./chromium.mjs";

const folder = new URL("node_modules/contajners/", import.meta.url);
const types = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };
const server = createServer((request, response) => {
  const name = request.url.slice(1) || "index.html";
  const bytes = name === "index.html" ? "<!doctype html><title>first</title><link rel=icon href=data:,>" : readFileSync(new URL(name, folder));
  response.writeHead(200, { "Content-Type": types[name.split(".").at(-1)] ?? "text/plain", "Cache-Control": "no-store" }).end(bytes);
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const browser = await launch();
const times = [];
for (let round = 0; round < 9; round += 1) {
  // A page of its own each time, which has compiled nothing yet.
  const page = await browser.open(`http://127.0.0.1:${server.address().port}/`);
  times.push(await page.until(async () => {
    if (document.title !== "first") return undefined;
    const { init, resolve } = await import("/browser.js");
    const bytes = await (await fetch("/engine_bg.wasm")).arrayBuffer();
    const start = performance.now();
    await init(bytes);
    resolve("docker", "v1.41", "ContainerList", { params: { all: true } });
    return performance.now() - start;
  }));
}
times.sort((one, other) => one - other);
console.log(`first request of a page after the bytes are there: ${times[4].toFixed(1)} ms (${times[0].toFixed(1)} to ${times[8].toFixed(1)})`);
await browser.close();
server.closeAllConnections();
server.close();
