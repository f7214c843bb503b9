// A page as a bundler makes one.
import { Client, engines, init, resolve } from "contajners";

await init();
document.title = [engines().join(), resolve("docker", "v1.41", "ContainerList", { params: { all: true } }).target, typeof Client.create].join(" ");
