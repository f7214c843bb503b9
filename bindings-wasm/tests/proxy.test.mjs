// The explorer's proxy, asked for what is no file of it.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const { serve } = await import(process.env.CONTAJNERS_EXPLORER + "/proxy.mjs");

/** Status and text of what is got; the path goes as it is. */
const got = (server, path) =>
  new Promise((resolve, reject) => {
    const outgoing = request({ port: server.address().port, host: "127.0.0.1", path }, (incoming) => {
      let text = "";
      incoming.on("data", (piece) => (text += piece)).on("end", () => resolve([incoming.statusCode, text]));
    });
    outgoing.on("error", reject).end();
  });

test("paths that are no files are refused, and the proxy goes on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "contajners-"));
  mkdirSync(join(folder, "page/folder"), { recursive: true });
  writeFileSync(join(folder, "page/index.html"), "page");
  writeFileSync(join(folder, "secret"), "secret");
  const server = await serve({ engines: { docker: join(folder, "no.sock") }, folders: { "": join(folder, "page") } });
  try {
    for (const path of ["/%", "/%00", "/%ff", "/folder", "/folder/", "/../secret", "/%2e%2e/secret", "/..%2fsecret", "//", "/no", `/${"x".repeat(5000)}`]) {
      const [status, text] = await got(server, path);
      const expected = path === "//" ? [200, "page"] : [404, '{"message":"there is no such file"}'];
      assert.deepEqual([status, text], expected, path);
    }
    assert.equal((await got(server, "/engine/docker/info"))[0], 502);
    assert.deepEqual(await got(server, "/?x=%"), [200, "page"]);
  } finally {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  }
});
