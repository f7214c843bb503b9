// What needs no engine, of the package as it is installed.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { promisify } from "node:util";

import * as contajners from "contajners";

const { Client, ConfigError, ContajnersError, ResolveError, catalogue, check, diff, doc, engines, explain, resolve, versions } = contajners;

/** What a call fails with. */
function failure(work) {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof ContajnersError, `${error?.constructor?.name}: ${error?.message}`);
    assert.ok(error instanceof Error);
    assert.doesNotMatch(error.message, /unreachable|undefined is not|cannot read prop/i);
    return error;
  }
  assert.fail("nothing failed");
}

test("engines, versions, categories, operations", () => {
  assert.deepEqual(engines(), ["docker", "podman"]);
  assert.equal(versions("docker")[0], "v1.25");
  assert.equal(versions("podman").length, 75);
  assert.ok(contajners.categories("podman", "v4.3.1").includes("libpod/containers"));
  const ops = contajners.ops("docker", "v1.41", "containers");
  assert.ok(ops.some((op) => op.operation === "ContainerList" && op.method === "GET"));
  assert.deepEqual(contajners.history("docker", "SystemPingHead").at(-1), "v1.55");
});

test("a page of the documentation", () => {
  const page = doc("docker", "v1.46", "ImagePush");
  const platform = page.parameters.find(({ name }) => name === "platform");
  assert.equal(platform.versions[0], "v1.46");
  assert.equal(page.path, "/images/{name}/push");
  assert.match(page.url, /v1\.46/);
});

test("a request without sending it", () => {
  const request = resolve("docker", "v1.41", "ContainerCreate", {
    params: { name: "a b" },
    body: { Image: "busybox", Env: ["A=ü"] },
  });
  assert.deepEqual(request, {
    method: "POST",
    target: "/v1.41/containers/create?name=a%20b",
    headers: { "Content-Type": "application/json" },
    body: '{"Image":"busybox","Env":["A=ü"]}',
    answer: "json",
  });
});

test("a request of a catalogue, and of a category", () => {
  const docker = catalogue("docker", "v1.41");
  const call = { params: { id: "x" }, headers: { "X-Foo": "1" } };
  const expected = { method: "GET", target: "/v1.41/containers/x/json", headers: { "X-Foo": "1" }, body: undefined, answer: "json" };
  assert.deepEqual(docker.resolve("ContainerInspect", call), expected);
  assert.deepEqual(docker.within("containers").resolve("ContainerInspect", call), expected);
  assert.equal(docker.resolve("SystemInfo").target, "/v1.41/info");
  assert.throws(() => docker.resolve("SystemInfo", { param: {} }), { code: "invalid-option" });
  assert.throws(() => docker.within("images").resolve("SystemInfo"), { code: "other-category" });
});

test("a call and an answer are checked", () => {
  const docker = catalogue("docker", "v1.41");
  const [finding, ...more] = docker.check("ContainerCreate", { body: { Imag: "busybox" } });
  assert.deepEqual(more, []);
  assert.equal(finding.code, "unknown-field");
  assert.deepEqual(finding.nearest, ["Image"]);
  const later = check("docker", "v1.41", "ContainerCreate", { body: { HostConfig: { Annotations: { a: "b" } } } });
  assert.deepEqual(later.map(({ pointer, hint }) => [pointer, hint]), [["/HostConfig/Annotations", "available from v1.43; this call speaks v1.41"]]);
  const [value] = docker.check("ContainerWait", { params: { id: "x", condition: "next-exti" } });
  assert.deepEqual([value.code, value.pointer, value.nearest], ["unknown-value", "query.condition", ["next-exit"]]);
  assert.deepEqual(docker.check("ContainerWait", { params: { id: "x", condition: "next-exit" } }), []);
  assert.deepEqual(docker.check("ContainerCreate", { body: '{"Image":7}' }).map(({ code }) => code), ["wrong-type"]);
  assert.deepEqual(docker.check("ImageLoad", { body: new Uint8Array(4) }), []);
  assert.deepEqual(docker.checkAnswer("ContainerInspect", 200, { Id: 7 }).map(({ pointer }) => pointer), ["/Id"]);
  assert.deepEqual(docker.checkAnswer("ContainerInspect", 200, { Id: "7" }), []);
  assert.throws(() => docker.check("ContainerCreate", { bdy: {} }), { code: "invalid-option" });
  assert.throws(() => docker.checkAnswer("ContainerInspect", "200", {}), { code: "invalid-option" });
});

test("a check refuses what the call would be refused for, but not what it lacks", () => {
  const refused = (operation, call) => {
    const { name, code, message } = failure(() => check("docker", "v1.41", operation, call));
    assert.deepEqual([name, code, message], (({ name, code, message }) => [name, code, message])(failure(() => resolve("docker", "v1.41", operation, call))));
    return code;
  };
  assert.equal(refused("ContainerCreate", { params: { nme: 1 }, body: {} }), "unknown-parameter");
  assert.equal(refused("ImagePush", { params: { name: "x", platform: "linux/arm64" } }), "unknown-parameter");
  assert.equal(refused("ContainerList", { params: { limit: "many" } }), "invalid-parameter");
  assert.equal(refused("ContainerStart", { params: { id: "x" }, body: { a: 1 } }), "unexpected-body");
  assert.deepEqual(check("docker", "v1.41", "ContainerRename", {}), []);
  assert.deepEqual(check("docker", "v1.41", "ContainerCreate", {}), []);
  assert.deepEqual(check("docker", "v1.41", "ContainerRename", { params: { name: "x" } }), []);
});

test("paths are explained", () => {
  const mounts = explain("docker", "v1.55", "ContainerCreate.HostConfig.Mounts", { depth: 2 });
  assert.deepEqual([mounts.path, mounts.type, mounts.versions.length], ["ContainerCreate.HostConfig.Mounts", "array of Mount", versions("docker").length]);
  assert.equal(mounts.schema.items.properties.Target.type, "string");
  // As deep as the command goes.
  assert.deepEqual(explain("docker", "v1.55", "ContainerCreate"), explain("docker", "v1.55", "ContainerCreate", { depth: 2 }));
  const wrong = (path, version = "v1.41") => {
    try {
      explain("docker", version, path);
    } catch ({ name, code, message, hint, nearest }) {
      return { name, code, message, hint, nearest };
    }
    return assert.fail(path);
  };
  assert.deepEqual(wrong("ContainerCreate.HostConfig.Mount"), {
    name: "ResolveError", code: "unknown-field", message: "`ContainerCreate.HostConfig` has no field `Mount` in docker v1.41",
    hint: "did you mean `Mounts`?", nearest: ["Mounts"],
  });
  assert.equal(wrong("HostConfig.Annotations").hint, "it exists in v1.43–v1.55");
  assert.equal(wrong("ContainerCreat.x").code, "unknown-root");
  assert.equal(wrong("").code, "empty-path");
  assert.equal(wrong(7).code, "empty-path");
});

test("versions and engines are compared", () => {
  const changes = diff("docker", "v1.41", "v1.42", "ContainerCreate");
  assert.deepEqual(changes, [
    { operation: "ContainerCreate", method: "POST", path: "/containers/create", in: "body", pointer: "/HostConfig/ConsoleSize", change: "nullable", breaking: false },
    { operation: "ContainerCreate", method: "POST", path: "/containers/create", in: "body", pointer: "/HostConfig/KernelMemory", change: "removed", breaking: true },
    { operation: "ContainerCreate", method: "POST", path: "/containers/create", in: "body", pointer: "/HostConfig/Mounts/*/BindOptions/CreateMountpoint", change: "added", breaking: false },
    { operation: "ContainerCreate", method: "POST", path: "/containers/create", in: "body", pointer: "/HostConfig/Mounts/*/Type", change: "value-added", value: "\"cluster\"", breaking: false },
  ]);
  assert.deepEqual(diff("docker", "v1.41", "v1.41"), []);
  const across = catalogue("docker", "v1.41").diff(catalogue("podman", "v4.3.1"));
  assert.ok(across.length > 100 && across.every((change) => change.in !== "operation" || change.change === "renamed"));
  assert.throws(() => diff("docker", "v1.41", "v9"), { code: "unknown-version" });
  assert.throws(() => diff("docker", "v1.41", "v1.42", "Nothing"), { code: "unknown-operation" });
  assert.throws(() => catalogue("docker", "v1.41").diff("v1.42"), { code: "invalid-option" });
});

test("what is wrong with a call is told before it is sent", () => {
  const list = (params, more) => () => resolve("docker", "v1.41", "ContainerList", { params, ...more });
  const create = (body) => () => resolve("docker", "v1.41", "ContainerCreate", { body });
  const circle = {};
  circle.circle = circle;
  for (const [work, code, text] of [
    [() => versions("dokcer"), "unknown-engine", "unknown engine `dokcer`"],
    [() => versions(7), "unknown-engine", "an engine's name is a text; a number was given"],
    [() => versions(undefined), "unknown-engine", "an engine's name is a text; undefined was given"],
    [() => resolve("docker", "v9", "ContainerList"), "unknown-version", "docker has no API version `v9`"],
    [() => resolve("docker", null, "ContainerList"), "unknown-version", "an API version is a text; null was given"],
    [() => resolve("docker", "v1.41", 7), "unknown-operation", "an operation's name is a text; a number was given"],
    [() => resolve("docker", "v1.41", undefined), "unknown-operation", "an operation's name is a text; undefined was given"],
    [() => resolve("docker", "v1.41", "ContainerLst"), "unknown-operation", "unknown operation `ContainerLst` in docker v1.41"],
    [() => catalogue("docker", "v1.41").within("containrs"), "unknown-category", "unknown category `containrs` in docker v1.41"],
    [() => catalogue("docker", "v1.41").within("images").doc("ContainerList"), "other-category", "operation `ContainerList` is not in category `images`"],
    [list({ al: true }), "unknown-parameter", "unknown parameter `al` of `ContainerList` in docker v1.41"],
    [list([1]), "invalid-parameter", "the parameters of `ContainerList` are an object of names and values; a list was given"],
    [list("all"), "invalid-parameter", "the parameters of `ContainerList` are an object of names and values; text was given"],
    [list({ limit: Number.NaN }), "invalid-parameter", "parameter `limit` of `ContainerList` cannot be made JSON"],
    [list({ limit: new Date("x") }), "invalid-parameter", "parameter `limit` of `ContainerList` cannot be made JSON"],
    [list({ filters: { until: [new Date("x")] } }), "invalid-parameter", "parameter `filters` of `ContainerList` cannot be made JSON"],
    [list({ filters: Number.NaN }), "invalid-parameter", "parameter `filters` of `ContainerList` cannot be made JSON"],
    [list({ filters: { n: [Infinity] } }), "invalid-parameter", "parameter `filters` of `ContainerList` cannot be made JSON"],
    [list({ filters: Promise.resolve({}) }), "invalid-parameter", "parameter `filters` of `ContainerList` cannot be made JSON"],
    [() => resolve("docker", "v1.41", "ContainerInspect", { params: { id: Promise.resolve("x") } }), "invalid-parameter", "parameter `id` of `ContainerInspect` cannot be made JSON"],
    [list(Promise.resolve({})), "invalid-parameter", "the parameters of `ContainerList` are an object of names and values; Promise was given"],
    [() => resolve("docker", "v1.41", "ContainerList", new Map([["params", {}]])), "invalid-option", "`resolve` takes an object of options; Map was given"],
    [() => resolve("docker", "v1.41", "ContainerList", Promise.resolve({})), "invalid-option", "`resolve` takes an object of options; Promise was given"],
    [list({ limit: () => 1 }), "invalid-parameter", "parameter `limit` of `ContainerList` cannot be made JSON"],
    [list({ limit: Symbol("x") }), "invalid-parameter", "parameter `limit` of `ContainerList` cannot be made JSON"],
    [list({ filters: { n: 1n } }), "invalid-parameter", "parameter `filters` of `ContainerList` cannot be made JSON"],
    [list({ filters: new Uint8Array(1) }), "invalid-parameter", "parameter `filters` of `ContainerList` cannot be made JSON"],
    [list({ filters: { n: Buffer.from("a") } }), "invalid-parameter", "parameter `filters` of `ContainerList` cannot be made JSON"],
    [list({ filters: { n: new Set([undefined]) } }), "invalid-parameter", "parameter `filters` of `ContainerList` cannot be made JSON"],
    [list({ filters: circle }), "invalid-parameter", "parameter `filters` of `ContainerList` cannot be made JSON"],
    [list({}, { param: 1 }), "invalid-option", "`resolve` has no option `param`"],
    [create(undefined), "missing-body", "`ContainerCreate` needs a body"],
    [create(null), "missing-body", "`ContainerCreate` needs a body"],
    [create(7n), "invalid-body", "the body of `ContainerCreate` cannot be made JSON"],
    [create(circle), "invalid-body", "the body of `ContainerCreate` cannot be made JSON"],
    ...[Promise.resolve({}), new FormData(), new URLSearchParams("a=b"), new Response("{}"), { Image: Promise.resolve("x") }, { Memory: Number.NaN }, Number.NaN,
      { Data: new Uint8Array([1, 2, 255]) }, { Data: Buffer.from("a") }, { Data: new Uint8Array(0) }, { Data: [new DataView(new ArrayBuffer(1))] },
      { Data: new Uint16Array(1).buffer }, { Cmd: ["a", undefined] }, { Cmd: [() => 1] }, { Cmd: [, "a"] }, [Symbol("x")], { Cmd: /x/ }, { Cmd: new Error("x") }]
      .map((body) => [create(body), "invalid-body", "the body of `ContainerCreate` cannot be made JSON"]),
    [create(() => 1), "invalid-body", "the body of `ContainerCreate` cannot be made JSON"],
    [() => resolve("docker", "v1.41", "ContainerInspect", { params: { id: "../x" } }), "invalid-parameter", "parameter `id` of `ContainerInspect` is `../x`: `..` would change the path"],
    [() => resolve("docker", "v1.41", "ContainerInspect"), "missing-parameter", "`ContainerInspect` needs the path parameter `id`"],
  ]) {
    const error = failure(work);
    assert.deepEqual([error.code, error.message], [code, text]);
  }
  assert.equal(failure(create({ Image: Promise.resolve("x") })).cause.message, "JSON has no word for Promise");
  assert.equal(failure(list({ filters: Number.NaN })).cause.message, "JSON has no word for NaN");
  assert.equal(failure(create({ Data: Buffer.from("hush") })).cause.message, "JSON has no word for Uint8Array");
  assert.equal(failure(create({ Cmd: [undefined] })).cause.message, "JSON has no word for undefined");
  assert.equal(failure(list({ limit: () => 1 })).cause.message, "JSON has no word for a function");
  const error = failure(list({ al: true }));
  assert.ok(error instanceof ResolveError);
  assert.deepEqual([error.hint, error.nearest, error.operation], ["did you mean `all`?", ["all"], "ContainerList"]);
  assert.equal(error.mayHaveActed, false);
  assert.ok(failure(() => versions("x")) instanceof ConfigError);
});

test("values that count as not given, and those beyond what a number keeps", () => {
  const target = (params) => resolve("docker", "v1.41", "ContainerList", { params }).target;
  assert.equal(target({ all: undefined, limit: null }), "/v1.41/containers/json");
  assert.equal(target({ limit: 9007199254740993n }), "/v1.41/containers/json?limit=9007199254740993");
  assert.equal(target({ limit: -0 }), "/v1.41/containers/json?limit=0");
  const since = resolve("docker", "v1.41", "SystemEvents", { params: { since: new Date(0) } }).target;
  assert.equal(since, "/v1.41/events?since=1970-01-01T00:00:00.000Z");
});

test("maps, sets, pairs and what makes JSON of itself are values, too", async () => {
  const target = (params, operation = "ContainerList") => resolve("docker", "v1.41", operation, { params }).target;
  const filters = (value) => decodeURIComponent(target({ filters: value }, "ContainerPrune").split("filters=")[1]);
  assert.equal(filters(new Map([["until", ["10m"]]])), '{"until":["10m"]}');
  assert.equal(filters({ until: new Set(["10m"]), label: { deep: new Map([["a", new Map()]]) } }), '{"until":["10m"],"label":{"deep":{"a":{}}}}');
  assert.equal(filters({ toJSON: () => ({ until: ["10m"] }) }), '{"until":["10m"]}');
  class Filters extends Map {
    toJSON() {
      return { until: [...this.keys()] };
    }
  }
  assert.equal(filters(new Filters([["10m", 1]])), '{"until":["10m"]}');
  assert.equal(target({ t: new Set(["a", "b"]) }, "ImageBuild").split("?")[1], target({ t: ["a", "b"] }, "ImageBuild").split("?")[1]);
  for (const params of [new Map([["all", true]]), [["all", true]], new URLSearchParams("all=true"), Object.entries({ all: true }).values()]) {
    assert.equal(target(params), "/v1.41/containers/json?all=true");
  }
  for (const params of [[1], new Set(["all"]), new Map([["al", 1]])]) assert.equal(failure(() => target(params)).name, "ResolveError");
  const { body } = resolve("docker", "v1.41", "ContainerCreate", { body: new Map([["Image", "a"], ["Cmd", new Set(["b"])]]) });
  assert.equal(body, '{"Image":"a","Cmd":["b"]}');
  assert.deepEqual(check("docker", "v1.41", "ContainerCreate", { body: new Map([["Imag", "a"]]) }).map(({ nearest }) => nearest), [["Image"]]);
  const sent = (headers) => resolve("docker", "v1.41", "ContainerList", { headers }).headers;
  for (const headers of [{ "X-Foo": "1" }, [["X-Foo", "1"]], new Map([["X-Foo", "1"]])]) assert.deepEqual(sent(headers), { "X-Foo": "1" });
  assert.deepEqual(sent(new Headers({ "X-Foo": "1" })), { "x-foo": "1" });
  assert.deepEqual(sent({ "X-Foo": null, "X-Bar": undefined }), {});
  for (const headers of ["X-Foo: 1", ["X-Foo: 1"], 7, Promise.resolve({}), { "X-Foo": { a: 1 } }]) assert.equal(failure(() => sent(headers)).code, "invalid-option");
  const client = await Client.create({ engine: "docker", version: "v1.41", headers: new Headers({ "x-foo": "1", "x-bar": "1" }) });
  assert.deepEqual(client.resolve("ContainerList", { headers: new Map([["x-foo", "2"]]) }).headers, { "x-foo": "2", "x-bar": "1" });
  for (const headers of [{ "X-FOO": null }, [["X-Foo", undefined]]]) {
    assert.deepEqual(client.resolve("ContainerList", { headers }).headers, { "x-bar": "1" });
  }
  assert.deepEqual(client.resolve("ContainerList", { headers: { "X-Foo": "2" } }).headers, { "X-Foo": "2", "x-bar": "1" });
  const raw = await client.request("GET", "/x", { params: new Map([["all", true]]) }).then(() => assert.fail("it answered"), (error) => error);
  assert.deepEqual([raw.code, raw.message], ["unknown-parameter", "a raw request takes no parameters: `all`"]);
});

test("a pack of another engine, from bytes and from a URL", async () => {
  const bytes = readFileSync(process.env.CONTAJNERS_PACK);
  const pack = await contajners.loadPack(bytes);
  assert.equal(pack.engine, "firecracker");
  const newest = versions(pack).at(-1);
  assert.ok(contajners.ops(pack, newest).some(({ method, path }) => method === "PUT" && path === "/actions"));
  const server = createServer((_, response) => response.end(bytes)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const file = new URL(`file://${process.env.CONTAJNERS_PACK}`);
  for (const source of [file, file.href]) assert.equal((await contajners.loadPack(source)).engine, "firecracker");
  await assert.rejects(contajners.loadPack("file:///no/such.postcard"), { code: "pack-unreachable" });
  const again = await contajners.loadPack(new URL(`http://127.0.0.1:${server.address().port}/x.postcard`));
  server.close();
  server.closeAllConnections();
  const sent = [];
  const client = await Client.create({
    pack: again, version: newest, uri: "http://engine",
    fetch: async (url, { method }) => {
      sent.push(`${method} ${url}`);
      return new Response('{"fault_message":"no"}', { status: 400, headers: { "Content-Type": "application/json" } });
    },
  });
  const [{ operation }] = client.ops().filter(({ method, path }) => method === "GET" && path === "/version");
  const error = await client.invoke(operation).then(() => assert.fail("it answered"), (error) => error);
  assert.deepEqual(sent, ["GET http://engine/version"]);
  assert.deepEqual([error.code, error.engineMessage], ["engine-error", "no"]);
});

test("a body that depends on its media type is documented for each", async () => {
  const incus = await contajners.loadPack(new URL("incus.postcard", `file://${process.env.CONTAJNERS_PACK}`));
  const { request_body } = doc(incus, undefined, "images_post", { depth: 1 });
  assert.deepEqual(Object.keys(request_body.schemas), request_body.media_types);
  assert.equal(request_body.schemas["application/json"].definition, "ImagesPost");
  assert.equal("schemas" in doc("docker", "v1.41", "ContainerCreate").request_body, false);
});

test("WebAssembly that cannot be started is told as other errors are", async () => {
  const script = `
    import { init } from ${JSON.stringify(new URL("browser.js", import.meta.resolve("contajners")))};
    const { name, code, hint, cause } = await init(new Uint8Array(4)).catch((error) => error);
    console.log([name, code, Boolean(hint), cause.name].join());
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  assert.equal(stdout, "ConfigError,not-initialised,true,CompileError\n");
});

test("packs that are no packs", async () => {
  const { loadPack } = contajners;
  for (const [source, code] of [
    [new Uint8Array(0), "pack-foreign"],
    [new Uint8Array(1000), "pack-foreign"],
    [7, "pack-foreign"],
    [undefined, "pack-foreign"],
    ["http://127.0.0.1:1/secret.postcard?token=hush", "pack-unreachable"],
    ["http://user:hush@hush@127.0.0.1:1/x@y.postcard", "pack-unreachable"],
    ["http://user:hush/hush@127.0.0.1:1/x@y.postcard", "pack-unreachable"],
  ]) {
    const error = await loadPack(source).then(() => assert.fail("it loaded"), (error) => error);
    assert.equal(error.code, code);
    assert.doesNotMatch(error.message, /hush/);
  }
});

test("packs that cannot be read, and what is no option of reading them", async () => {
  const { loadPack } = contajners;
  const failed = (source, options) => loadPack(source, options).then(() => assert.fail("it loaded"), (error) => error);
  const at = "http://engine/x.postcard";
  for (const [options, text] of [
    [null, "`loadPack` takes an object of options; null was given"],
    [{ fetsh: fetch }, "`loadPack` has no option `fetsh`"],
    [{ fetch: 7 }, "`fetch` is a function; a number was given"],
    [{ signal: 7 }, "`signal` is an AbortSignal; a number was given"],
  ]) {
    for (const source of [at, new Uint8Array(4), `file://${process.env.CONTAJNERS_PACK}`]) {
      const error = await failed(source, options);
      assert.deepEqual([error.code, error.message], ["invalid-option", text]);
    }
  }
  const told = async (source, fetch) => {
    const { name, code, message, cause } = await failed(source, { fetch });
    assert.deepEqual([name, code, message], ["ConfigError", "pack-unreachable", `cannot read a pack from \`${source}\``]);
    return cause?.message;
  };
  assert.equal(await told(at, async () => new Response("", { status: 404 })), "the answer is 404");
  let given = 0;
  const endless = () => new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array((given += 1, 1 << 20))) }));
  assert.equal(await told(at, endless), "no pack is longer than 16777216 bytes");
  assert.ok(given < 20);
  const cut = () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("cut")) }));
  assert.equal(await told(at, cut), "cut");
  assert.match(await told("file:///no/such.postcard"), /ENOENT/);
  const { inspect } = await import("node:util");
  for (const source of ["http://user:hush@engine/x", "http://engine:port/?token=hush"]) assert.doesNotMatch(inspect(await failed(source)), /hush/);
  const far = "http://engine/?token=hush";
  const deno = () => Promise.reject(new TypeError("fetch failed", { cause: new Error(`error sending request for url (${far})`) }));
  assert.doesNotMatch(inspect(await failed(far, { fetch: deno })), /hush/);
  assert.equal((await failed(at, { signal: AbortSignal.abort() })).name, "AbortError");
  // Whatever `fetch` makes of the signal, and without leaving a connection.
  let cancelled = 0;
  const silent = () => new Response(new ReadableStream({ pull: () => new Promise(() => {}), cancel: () => void (cancelled += 1) }), { status: 404 });
  assert.equal(await told(at, silent), "the answer is 404");
  assert.equal(cancelled, 1);
  const held = setTimeout(() => {}, 1000);
  for (const fetch of [() => new Promise(() => {}), () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }))]) {
    assert.equal((await failed(at, { fetch, signal: AbortSignal.timeout(20) })).name, "TimeoutError");
  }
  assert.equal((await failed(at, { fetch: endless, signal: AbortSignal.abort() })).name, "AbortError");
  clearTimeout(held);
  assert.equal((await failed(at, { signal: AbortSignal.abort("enough") })).code, "aborted");
});

test("addresses that lead nowhere are refused at once", async () => {
  for (const [uri, code] of [
    ["", "invalid-address"],
    [7, "invalid-address"],
    ["/engine", "invalid-address"],
    ["ssh://far", "unsupported-address"],
    ["http://user:hush@host", "invalid-address"],
    ["http://host/?token=hush", "invalid-address"],
    ["unix://relative", "invalid-address"],
    ["tcp:///engine", "invalid-address"],
    ["tcp://host:", "invalid-address"],
    ["user:hush@host:2375", "invalid-address"],
    ["user:hush@host", "invalid-address"],
    ["http://user:hush@hush@host:port", "invalid-address"],
    ["ssh://user:hush@hush@host", "unsupported-address"],
    ["tcp://user:hush/hush@host:2375", "invalid-address"],
    ["tcp://user:hush?hush@host:2375", "invalid-address"],
    ["tcp://user:hush#hush@hush/@host:2375", "invalid-address"],
    ["user:hush/hush@host:2375", "invalid-address"],
    ["https://hush@host", "invalid-address"],
    ["http://host:1/?a=b@hush", "invalid-address"],
    ["ssh://user:a/hush@host", "unsupported-address"],
    [undefined, "no-address"],
  ]) {
    const error = await Client.create({ engine: "docker", uri }).then(() => assert.fail(`${uri}`), (error) => error);
    assert.equal(error.code, code, `${uri}`);
    assert.doesNotMatch(error.message, /hush/);
  }
  const pinned = await Client.create({ engine: "docker", version: "v1.41" });
  const error = await pinned.invoke("SystemInfo").then(() => assert.fail("it answered"), (error) => error);
  assert.equal(error.code, "no-address");
});

test("of an address with a password that has a slash the host is told", async () => {
  const told = (uri) => Client.create({ engine: "docker", uri }).then(() => assert.fail(uri), ({ message }) => message.split("`")[1]);
  assert.equal(await told("tcp://u:a/b@h:2375"), "tcp://…@h:2375");
  assert.equal(await told("ssh://u@h/x"), "ssh://…@h/x");
  assert.equal(await told("ssh://h/x@y?z"), "ssh://h/x@y");
});

test("an address of `tcp` or without a scheme has an engine's port unless it says another", async () => {
  for (const [uri, expected] of [
    ["tcp://host", "http://host:2375/v1.41/info"],
    ["tcp://host/", "http://host:2375/v1.41/info"],
    ["TCP://[::1]/pre:7/", "http://[::1]:2375/pre:7/v1.41/info"],
    ["tcp://host:80", "http://host/v1.41/info"],
    ["tcp://[::1]:5/pre", "http://[::1]:5/pre/v1.41/info"],
    ["host:2375", "http://host:2375/v1.41/info"],
    ["127.0.0.1:1/pre", "http://127.0.0.1:1/pre/v1.41/info"],
    ["[::1]:80", "http://[::1]/v1.41/info"],
    ["http://host", "http://host/v1.41/info"],
    ["https://host", "https://host/v1.41/info"],
  ]) {
    const sent = [];
    const fetch = async (url) => {
      sent.push(url);
      return new Response("{}");
    };
    await (await Client.create({ engine: "docker", version: "v1.41", uri, fetch })).invoke("SystemInfo");
    assert.deepEqual(sent, [expected], uri);
  }
});

test("secrets are not shown", async () => {
  const docker = await Client.create({ engine: "docker", version: "v1.41", uri: "http://127.0.0.1:2", headers: { Authorization: "hush" } });
  const { inspect } = await import("node:util");
  assert.doesNotMatch(inspect(docker), /hush/);
  const error = await docker
    .invoke("ImageBuild", { params: { buildargs: { TOKEN: "hush" } }, body: "hush" })
    .then(() => assert.fail("it answered"), (error) => error);
  assert.equal(error.code, "cannot-connect");
  assert.doesNotMatch(inspect(error), /hush/);
  assert.match(error.target, /hush/);
});

test("options of a wrong type are told", async () => {
  const create = (more) => Client.create({ engine: "docker", version: "v1.41", uri: "http://engine", ...more });
  const docker = await create();
  for (const [work, text] of [
    [() => resolve("docker", "v1.41", "SystemInfo", { contentType: 5 }), "`contentType` is a text; a number was given"],
    [() => docker.request("POST", "/x", { body: "", contentType: {} }), "`contentType` is a text; an object was given"],
    [() => docker.invoke("ContainerCreate", { body: {}, contentType: true }), "`contentType` is a text; a boolean was given"],
    [() => contajners.isSecretHeader(5), "a header's name is a text; a number was given"],
    [() => contajners.isSecretHeader(), "a header's name is a text; undefined was given"],
    [() => create({ answerLimit: "abc" }), "`answerLimit` is a number of bytes; text was given"],
    [() => create({ answerLimit: Number.NaN }), "`answerLimit` is a number of bytes; NaN was given"],
    [() => create({ timeout: "1" }), "`timeout` is a number of milliseconds; text was given"],
    [() => doc("docker", "v1.41", "ContainerList", { depth: "all" }), "`depth` is a number of levels; text was given"],
    [() => explain("docker", "v1.41", "ContainerCreate", { depth: -1 }), "`depth` is a number of levels; -1 was given"],
    [() => explain("docker", "v1.41", "ContainerCreate", { depht: 1 }), "`explain` has no option `depht`"],
    [() => doc("docker", "v1.41", "ContainerList", { depht: 1 }), "`doc` has no option `depht`"],
    [() => docker.doc("ContainerList", 1), "`doc` takes an object of options; a number was given"],
    [() => docker.checkAnswer("ContainerList", 99), "a status is a number such as 200; 99 was given"],
    [() => docker.invoke("ContainerList", { timeout: -1 }), "`timeout` is a number of milliseconds; -1 was given"],
    [() => create({ fetch: 7 }), "`fetch` is a function; a number was given"],
    [() => create({ signal: 7 }), "`signal` is an AbortSignal; a number was given"],
  ]) {
    const error = await (async () => work())().then(() => assert.fail(text), (error) => error);
    assert.deepEqual([error.name, error.code, error.message], ["ConfigError", "invalid-option", text]);
  }
  const nulls = { timeout: null, readTimeout: null, signal: null };
  const answers = await create({ ...nulls, answerLimit: null, connectTimeout: null, fetch: async () => Response.json({ a: 1 }) });
  assert.deepEqual(await answers.invoke("SystemInfo", nulls), { a: 1 });
  assert.equal(resolve("docker", "v1.41", "SystemInfo", { contentType: null }).target, "/v1.41/info");
  assert.equal(contajners.isSecretHeader("Authorization"), true);
  const depths = [3, 9, Number.POSITIVE_INFINITY].map((depth) => JSON.stringify(doc("docker", "v1.41", "ContainerInspect", { depth })).length);
  assert.ok(depths[0] < depths[1] && depths[1] <= depths[2], depths.join());
});
