// Serves this page and, under the same origin, the engines' APIs: `npm run proxy`.
//
// Whoever reaches an engine's API is root on its host. So this listens on the loopback interface
// alone, answers only under its own names, and refuses what another site's page asks for.

import { open } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { extname, join, normalize, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

/**
 * Starts the proxy. `engines` are unix sockets by the engines' names, served under `/engine/NAME`;
 * `folders` are served by their names, the one without a name at the root.
 */
export function serve({ engines, folders, port = 0 }) {
  const server = createServer((request, response) => {
    const why = foreign(request, server.address().port);
    if (why) return refuse(response, 403, why);
    const place = engineOf(request.url, engines);
    if (place) return pass(request, response, place);
    return file(request, response, folders);
  });
  server.on("upgrade", (request, socket, head) => {
    // The server looks after it no longer, and an error that nobody hears would end the program.
    socket.on("error", () => socket.destroy());
    const place = engineOf(request.url, engines);
    // A page always says where a WebSocket comes from.
    const why = foreign(request, server.address().port) ?? (request.headers.origin ? undefined : "no origin");
    if (why || !place) return socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n", () => socket.destroy());
    return splice(request, socket, head, place);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

/** Why a request is not one of this page's own. */
function foreign(request, port) {
  const names = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host, origin, "sec-fetch-site": site } = request.headers;
  // Another name that leads here is how a foreign page would become one of the same origin.
  if (!names.includes(host)) return "this proxy does not answer under that name";
  if (origin !== undefined && origin !== `http://${host}`) return "this proxy serves its own page alone";
  if (site !== undefined && site !== "same-origin" && site !== "none") return "this proxy serves its own page alone";
  return undefined;
}

function engineOf(url, engines) {
  const [, name, target] = /^\/engine\/([a-z0-9-]+)(\/.*)$/.exec(url) ?? [];
  const socket = Object.hasOwn(engines, name ?? "") ? engines[name] : undefined;
  return socket && { name, socket, target };
}

function refuse(response, status, message) {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify({ message }));
}

/** What belongs to a connection, not to what it carries. */
const hops = new Set(["connection", "keep-alive", "upgrade", "te", "trailer", "proxy-connection", "host", "origin", "referer", "cookie"]);

function headersOf(request) {
  return Object.fromEntries(Object.entries(request.headers).filter(([name]) => !hops.has(name)));
}

function pass(request, response, { name, socket, target }) {
  // An engine that is told to close the connection does so without reading a body to its end, and
  // a pipe that breaks takes the answer with it.
  const headers = { ...headersOf(request), host: name, connection: "keep-alive" };
  const outgoing = httpRequest({ socketPath: socket, path: target, method: request.method, headers, agent: false });
  outgoing.on("response", (incoming) => {
    try {
      response.writeHead(incoming.statusCode, incoming.headers);
    } catch {
      // Such as a status that there is not.
      return refuse(response, 502, `${name} answers with what cannot be passed on`);
    }
    // The head of a stream that has said nothing yet is an answer, too.
    response.flushHeaders();
    incoming.on("error", () => response.destroy());
    incoming.pipe(response);
  });
  outgoing.on("upgrade", (_, socket) => {
    socket.destroy();
    refuse(response, 502, `${name} made a socket of the connection, for which nobody asked`);
  });
  outgoing.on("error", () => {
    if (response.headersSent) response.destroy();
    else refuse(response, 502, `${name} does not answer at its socket`);
  });
  response.on("close", () => outgoing.destroy());
  request.pipe(outgoing);
}

/** Joins a WebSocket of the page with one of the engine, byte by byte. */
function splice(request, socket, head, { name, socket: path, target }) {
  const engine = connect(path, () => {
    const lines = [`${request.method} ${target} HTTP/1.1`, `Host: ${name}`, "Connection: Upgrade", `Upgrade: ${request.headers.upgrade}`];
    for (const [own, value] of Object.entries(headersOf(request))) lines.push(`${own}: ${value}`);
    // Engines ask for an origin, of whatever kind.
    lines.push(`Origin: http://${name}`);
    engine.write(`${lines.join("\r\n")}\r\n\r\n`);
    engine.write(head);
    engine.pipe(socket).pipe(engine);
  });
  engine.on("error", () => socket.destroy());
  socket.on("close", () => engine.destroy());
}

async function file(request, response, folders) {
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405, "only files are here");
  let opened, at;
  try {
    at = placeOf(request.url, folders);
    opened = await open(at);
    if (!(await opened.stat()).isFile()) throw new Error("a folder");
  } catch {
    // Nothing of that name, or a path that is none: `/%`.
    await opened?.close();
    return refuse(response, 404, "there is no such file");
  }
  response.writeHead(200, {
    "Content-Type": types[extname(at)] ?? "application/octet-stream",
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
  });
  return pipeline(opened.createReadStream(), response).catch(() => {});
}

function placeOf(url, folders) {
  // As proxies are asked: `http://host/../..`, of which the name of a host would be a folder.
  if (!url.startsWith("/")) throw new Error("no path");
  const path = normalize(decodeURIComponent(url.split("?")[0]));
  const [, first, rest] = /^\/([^/]*)(.*)$/.exec(path) ?? [];
  const named = first !== "" && Object.hasOwn(folders, first);
  const inside = named ? rest : path;
  const folder = resolve(folders[named ? first : ""]);
  const place = join(folder, inside.endsWith("/") ? `${inside}index.html` : inside);
  if (!place.startsWith(folder + sep)) throw new Error("outside");
  return place;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      docker: { type: "string", default: "/var/run/docker.sock" },
      podman: { type: "string", default: "/run/podman/podman.sock" },
      port: { type: "string", default: "8377" },
    },
  });
  const here = fileURLToPath(new URL(".", import.meta.url));
  const package_ = fileURLToPath(new URL(".", import.meta.resolve("contajners")));
  const server = await serve({
    engines: { docker: values.docker, podman: values.podman },
    folders: { "": here, contajners: package_ },
    port: Number(values.port),
  });
  console.log(`http://127.0.0.1:${server.address().port}/ (engines under /engine/docker and /engine/podman)`);
}
