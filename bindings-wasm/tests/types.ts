// What must compile, and what must not: `tsc --noEmit` reads this file.

import { Client, catalogue, loadPack, resolve, StatusError, type Socket } from "contajners";

const docker = await Client.create({ engine: "docker", version: "v1.41", uri: "http://localhost:2375" });

const list = await docker.invoke("ContainerList", { params: { all: true, filters: { status: ["exited"] } } });
const names: string[] | undefined = list[0]?.Names;
const created = await docker.invoke("ContainerCreate", {
  params: { name: "conny" },
  body: { Image: "busybox:musl", Cmd: ["date"] },
});
const id: string = created.Id;
await docker.invoke("ContainerStart", { params: { id } });
const logs: ReadableStream<Uint8Array> = await docker.invoke("ContainerLogs", { params: { id, stdout: true }, as: "stream" });
for await (const { stream, text } of docker.frames("ContainerLogs", { params: { id, follow: true, stdout: true } })) {
  const where: "stdin" | "stdout" | "stderr" = stream;
  text.toUpperCase();
}
for await (const event of docker.documents("SystemEvents")) event;
await docker.invoke("ContainerList", { params: new Map([["all", true]]), headers: new Headers({ "X-Own": "1" }) });
await docker.invoke("ContainerList", { headers: { "X-Own": null } });
await docker.invoke("ContainerPrune", { params: { filters: new Map([["until", ["10m"]]]) }, headers: [["X-Own", "1"]] });
await docker.invoke("ContainerCreate", { body: new Map<string, unknown>([["Image", "busybox"]]) });
await docker.invoke("ContainerCreate", { body: JSON.stringify({ Image: "busybox" }) });
await docker.invoke("PutContainerArchive", { params: { id, path: "/" }, body: new Uint8Array(1024) });
const socket = await docker.invoke("ContainerAttach", { params: { id, stream: true }, as: "socket" });
await socket.writable.close();
for await (const { text } of socket.frames()) text.toUpperCase();
const web = await docker.invoke("ContainerAttachWebsocket", { params: { id }, as: "websocket" });
await web.writable.close();
resolve("docker", "1.41", "ContainerInspect", { params: { id } });
const newest = await Client.create({ engine: "docker", uri: "/engine" });
await newest.invoke("ImagePush", { params: { name: "app", platform: "linux/arm64" } });
const podman = await Client.create({ engine: "podman", version: "v4.3.1", uri: "/engine" });
await podman.invoke("PodListLibpod");
const other = await Client.create({ pack: undefined as never, uri: "/engine" });
const anything = await other.invoke("AnyOperation", { params: { any: 1 } });
const pack = await loadPack("/engine.postcard");
const target: string = resolve(pack, "v1.0", "AnyOperation", { params: { any: 1 }, body: { any: [] }, contentType: "application/json" }).target;
resolve(pack, undefined, "AnyOperation");
catalogue("docker").resolve("ContainerInspect", { params: { id }, headers: { "X-Own": "1" } }).method;
catalogue(pack).resolve("AnyOperation");
try {
  await docker.request("GET", "/v1.41/undocumented");
} catch (error) {
  if (error instanceof StatusError) error.status?.toFixed();
}
// A client that a function takes: any, any of an engine, one of a version.
async function ofAny(client: Client): Promise<string> {
  await client.invoke("AnyOperation", { params: { any: 1 }, body: { any: [] } });
  for await (const { text } of client.frames("AnyLogs")) text.toUpperCase();
  return client.version;
}
async function ofDocker(client: Client<"docker">) {
  await client.invoke("ImagePush", { params: { name: "app", platform: "linux/arm64" } });
  await ofAny(client);
}
const ofVersion = (client: Client<"docker", "v1.41">) => client.invoke("ContainerInspect", { params: { id } });
for (const client of [docker, newest, podman, other]) await ofAny(client);
await ofDocker(docker);
await ofDocker(newest);
await ofVersion(docker);
const kept: Client = docker;
const clients: Map<string, Client> = new Map<string, Client>([["a", docker], ["b", podman]]);
// Text goes to a socket.
const writer = socket.writable.getWriter();
await writer.write("date\n");
await writer.write(new Uint8Array(1));
const shared: Socket = socket;
// What is only read may be `readonly`, however deep.
const words = ["sh", "-c"] as const;
const labels: readonly string[] = ["a=b"];
await docker.invoke("ContainerCreate", { body: { Image: "busybox", Cmd: words, Env: labels, HostConfig: { Binds: labels } } });
await docker.invoke("ImageBuild", { params: { t: labels }, body: new Uint8Array(1) } as const);
await docker.invoke("ContainerList", { params: { filters: { label: labels } } as const });
// A version, and an engine, that only the program knows.
declare const version: string | undefined;
declare const engine: string;
resolve("docker", version, "ContainerList", { params: { all: true } });
resolve("docker", version as string, "ContainerList");
resolve("docker", undefined, "ContainerInspect", { params: { id } });
resolve(engine, "v1.41", "ContainerList");
resolve(engine, version, "ContainerList");
// Options that may be there.
declare const signal: AbortSignal | undefined;
declare const limit: number | undefined;
await docker.invoke("ContainerList", { signal, timeout: limit, readTimeout: limit, params: undefined, headers: undefined, as: undefined });
await docker.request("GET", "/x", { signal });
await Client.create({ engine: "docker", signal, timeout: limit, uri: undefined, version: undefined });
await loadPack("/x", { signal });
// A `fetch` as undici has it, and the global one.
interface UndiciResponse {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null; append(name: string, value: string): void };
  readonly body: ReadableStream | null;
  clone(): UndiciResponse;
}
declare const undici: (input: string | URL | { readonly url: string }, init?: { dispatcher?: object; signal?: AbortSignal | null }) => Promise<UndiciResponse>;
await Client.create({ engine: "docker", uri: "http://localhost", fetch: undici });
await Client.create({ engine: "docker", uri: "http://localhost", fetch });
await Client.create({ engine: "docker", uri: "http://localhost", fetch: async (url) => new Response(url) });
await loadPack("/x", { fetch: undici });

// @ts-expect-error a client of another engine
await ofDocker(podman);
// @ts-expect-error a client of another version
await ofVersion(newest);
// @ts-expect-error a version that there is not
resolve("docker", "v1.99", "ContainerList");
// @ts-expect-error a misspelt operation of the newest version
resolve("docker", undefined, "ContainerLst");
// @ts-expect-error an item of another type
await docker.invoke("ContainerCreate", { body: { Cmd: [1] as const } });
// @ts-expect-error a misspelt field deep in the body
await docker.invoke("ContainerCreate", { body: { HostConfig: { Bind: labels } } });
// @ts-expect-error neither text nor bytes
await writer.write(1);
// @ts-expect-error a misspelt operation
await docker.invoke("ContainerLst");
// @ts-expect-error a misspelt parameter
await docker.invoke("ContainerList", { params: { al: true } });
// @ts-expect-error a parameter of another type
await docker.invoke("ContainerList", { params: { all: "yes" } });
// @ts-expect-error a missing path parameter
await docker.invoke("ContainerInspect");
// @ts-expect-error a parameter that only later versions have
await docker.invoke("ImagePush", { params: { name: "app", platform: "linux/arm64" } });
// @ts-expect-error a misspelt field of the body
await docker.invoke("ContainerCreate", { body: { Imag: "busybox" } });
// @ts-expect-error a body where none is taken
await docker.invoke("ContainerStart", { params: { id }, body: { a: 1 } });
// @ts-expect-error a misspelt option of a pack's call
resolve(pack, undefined, "AnyOperation", { param: {} });
// @ts-expect-error a way to take an answer that there is not
await docker.invoke("ContainerList", { as: "socks" });
// @ts-expect-error a misspelt option
await docker.invoke("ContainerList", { param: {} });
// @ts-expect-error frames, which a WebSocket does not have
web.frames();
// @ts-expect-error a version that there is not
await Client.create({ engine: "docker", version: "v1.99", uri: "/engine" });
// @ts-expect-error an operation of the other engine
await podman.invoke("PodmanList");
// @ts-expect-error no such field in the answer
list[0].Nmaes;
// @ts-expect-error a number where a name belongs
await docker.invoke(7);
