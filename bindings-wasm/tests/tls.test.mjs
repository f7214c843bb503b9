// What goes wrong with TLS in Node, and how it is told.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { Client } from "contajners";

const client = (more) => Client.create({ engine: "docker", version: "v1.41", uri: "http://127.0.0.1:9", ...more });
const attach = (over, as) => over.invoke("ContainerAttach", { params: { id: "x", stream: true }, as });

/** A server that says the same to whatever comes, and hangs up. */
async function answering(said, work) {
  const engine = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(said));
  }).listen(0, "127.0.0.1");
  await once(engine, "listening");
  try {
    await work(`127.0.0.1:${engine.address().port}`);
  } finally {
    engine.close();
  }
}

/** A certificate that nobody trusts, and its key. */
function certificate() {
  const folder = mkdtempSync(join(tmpdir(), "contajners-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x -addext subjectAltName=IP:127.0.0.1";
  execFileSync("openssl", [...words.split(" "), "-keyout", key, "-out", cert], { stdio: "ignore" });
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return pair;
}

test("what is wrong with TLS is told, and that nothing was sent", async () => {
  const told = async (uri, more) => {
    const over = await client({ uri, ...more });
    const both = [];
    for (const as of ["data", "socket"]) {
      const error = await attach(over, as).then(() => assert.fail(as), (error) => error);
      both.push([error.name, error.code, error.mayHaveActed, error.message, error.hint]);
    }
    assert.deepEqual(both[0], both[1]);
    return both[0];
  };
  const secure = createTlsServer(certificate(), (_, response) => response.end("{}")).listen(0, "127.0.0.1");
  await once(secure, "listening");
  const uri = `https://127.0.0.1:${secure.address().port}`;
  assert.deepEqual(await told(uri), [
    "ConnectError", "unknown-ca", false, `the certificate of docker at ${uri} is from a CA that is not trusted`,
    "name the file of its CA with `NODE_EXTRA_CA_CERTS`, if you trust it",
  ]);
  secure.close();
  await answering("HTTP/1.1 400 Bad Request\r\n\r\n", async (at) => {
    assert.deepEqual(await told(`https://${at}`), [
      "ConnectError", "not-tls", false, `what answers at https://${at} does not speak TLS`, "leave TLS off, or is it the port of something else?",
    ]);
  });
  await answering(Buffer.from([21, 3, 3, 0, 2, 2, 40]), async (at) => {
    assert.deepEqual((await told(`https://${at}`)).slice(0, 3), ["ConnectError", "tls-failed", false]);
  });
  await answering("", async (at) => {
    assert.deepEqual((await told(`https://${at}`)).slice(0, 3), ["ConnectError", "tls-failed", false]);
    assert.deepEqual((await told(`http://${at}`)).slice(1), [
      "connection-broken", true, `the connection to docker at http://${at} broke`, "does TLS belong at that address? Then write `https://`",
    ]);
  });
});

test("a socket shows no certificate, whatever `fetch` would", async () => {
  // What servers say where one is required.
  const alert = Buffer.from([21, 3, 3, 0, 2, 2, 116]);
  await answering(alert, async (at) => {
    const error = await attach(await client({ uri: `https://${at}`, fetch }), "socket").then(() => assert.fail("it opened"), (error) => error);
    assert.equal(error.code, "client-certificate-missing");
  });
});

test("codes of TLS become those of the native client", async () => {
  for (const [code, expected, acted] of [
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "unknown-ca", false],
    ["SELF_SIGNED_CERT_IN_CHAIN", "unknown-ca", false],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unknown-ca", false],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "wrong-host-name", false],
    ["CERT_HAS_EXPIRED", "certificate-expired", false],
    ["CERT_NOT_YET_VALID", "certificate-not-yet-valid", false],
    ["CERT_REVOKED", "certificate-invalid", false],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "not-tls", false],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "client-certificate-refused", false],
    ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "tls-failed", false],
    ["EPROTO", "tls-failed", false],
    ["ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "connection-broken", true],
  ]) {
    const fetch = async () => {
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code }) });
    };
    const error = await (await client({ fetch })).invoke("ContainerStart", { params: { id: "x" } }).catch((error) => error);
    assert.deepEqual([error.code, error.mayHaveActed], [expected, acted], code);
  }
});

test("an engine that speaks TLS at an address without it", async () => {
  const alert = Buffer.from([21, 3, 1, 0, 2, 2, 70]);
  const go = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
  const nginx = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>The plain HTTP request was sent to HTTPS port</html>";
  for (const said of [alert, go, nginx]) {
    await answering(said, async (at) => {
      const base = `http://${at}`;
      const over = await client({ uri: base });
      for (const call of [() => Client.create({ engine: "docker", uri: base }), () => over.invoke("SystemInfo"), () => attach(over, "socket")]) {
        const { code, message, hint, mayHaveActed } = await call().then(() => assert.fail("it answered"), (error) => error);
        assert.deepEqual([code, message, hint, mayHaveActed], [
          "tls-wanted", `docker at ${base} speaks TLS, and the address does not say so`, "write `https://` for `tcp://` or `http://`", false,
        ]);
      }
    });
  }
});

test("a certificate of the client, which a socket cannot show", async () => {
  // Only now: it takes the place of what Node's own `fetch` sends with.
  const { Agent } = await import("undici");
  const [own, clients] = [certificate(), certificate()];
  const seen = [];
  const script = (request, response) => {
    seen.push(request.url);
    response.setHeader("Content-Type", "application/json").end("[]");
  };
  const secure = createTlsServer({ ...own, ca: clients.cert, requestCert: true }, script).listen(0, "127.0.0.1");
  await once(secure, "listening");
  const uri = `https://127.0.0.1:${secure.address().port}`;
  const dispatcher = new Agent({ connect: { ca: own.cert, ...clients } });
  const over = await client({ uri, init: { dispatcher } });
  assert.deepEqual(await over.invoke("ContainerList"), []);
  const { code, message, mayHaveActed } = await attach(over, "socket").then(() => assert.fail("it opened"), (error) => error);
  assert.deepEqual([code, mayHaveActed], ["no-sockets", false]);
  assert.match(message, /cannot become a socket with the connections of `init`$/);
  assert.deepEqual(seen, ["/v1.41/containers/json"]);
  await dispatcher.destroy();
  secure.close();
  secure.closeAllConnections();
});

test("what is no HTTP is told over undici's connections, too", async () => {
  const { Agent } = await import("undici");
  const init = { dispatcher: new Agent() };
  for (const [said, expected] of [[Buffer.from([21, 3, 1, 0, 2, 2, 70]), "tls-wanted"], ["SSH-2.0-x\r\n\r\n", "not-http"]]) {
    await answering(said, async (at) => {
      const error = await (await client({ uri: `http://${at}`, init })).invoke("SystemInfo").then(() => assert.fail("it answered"), (error) => error);
      assert.equal(error.code, expected);
    });
  }
});
