// What must compile, and what must not: `tsc --noEmit` reads this file.

import { Client, catalogue, loadPack, resolve, StatusError } from "contajners";

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
