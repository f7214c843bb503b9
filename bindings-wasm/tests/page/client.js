// A page that takes nothing but the client: the WebAssembly starts all the same.
import { Client } from "contajners";

globalThis.client = Client.create({ engine: "docker", version: "v1.41", uri: "http://engine" });
