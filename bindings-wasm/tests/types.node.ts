// What must compile where nothing of a page is declared: `tsc -p tsconfig.node.json` reads this file.

import { Client, init, loadPack } from "contajners";

await init(new Uint8Array(8));
const docker = await Client.create({ engine: "docker", version: "v1.41", uri: "unix:///var/run/docker.sock" });
const list = await docker.invoke("ContainerList", { params: { all: true } });
const names: string[] | undefined = list[0]?.Names;
const pack = await loadPack("file:///engine.postcard");
await Client.create({ pack, uri: "http://localhost" });
