// How fast: requests made, and a log taken apart beside the bare stream of the same bytes.
//
// What counts are the ratios; time is that of the processor, which a busy machine does not stretch.

import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";

import { Client, resolve } from "contajners";

const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function timed(work) {
  const before = seconds();
  const units = await work();
  return units / (seconds() - before);
}

if (process.argv[2]) {
  sending(Number(process.argv[2]));
} else {
  requests();
  for (const length of [100, 8192]) await logs(length);
}

function requests() {
  const count = 100_000;
  for (let round = 0; round < 3; round += 1) {
    const before = seconds();
    for (let i = 0; i < count; i += 1) resolve("docker", "v1.41", "ContainerList", { params: { all: true, limit: 5 } });
    console.log(`${Math.round(count / (seconds() - before))} requests of \`ContainerList\` with two parameters a second`);
  }
}

/** 64 KiB of frames, each with so many bytes. */
function piece(length) {
  const frame = Buffer.alloc(8 + length, "a");
  frame.fill(0, 0, 8);
  frame[0] = 1;
  frame.writeUInt32BE(length, 4);
  return Buffer.concat(Array.from({ length: Math.ceil(65536 / frame.length) }, () => frame));
}

/** A process of its own, whose time is not counted. */
function sending(length) {
  // It ends with the one that started it, however that ends.
  process.on("disconnect", () => process.exit());
  const bytes = piece(length);
  const server = createServer(async (_, response) => {
    response.writeHead(200, { "Content-Type": "application/vnd.docker.multiplexed-stream" });
    for (let sent = 0; sent < 100e6; sent += bytes.length) {
      if (!response.write(bytes)) await once(response, "drain");
    }
    response.end();
  }).listen(0, "127.0.0.1", () => process.send(server.address().port));
}

async function logs(length) {
  const server = fork(process.argv[1], [String(length)]);
  const [port] = await once(server, "message");
  const uri = `http://127.0.0.1:${port}`;
  const client = await Client.create({ engine: "docker", version: "v1.41", uri });
  for (let round = 0; round < 3; round += 1) {
    const bare = await timed(async () => {
      let all = 0;
      const reader = (await fetch(`${uri}/v1.41/containers/x/logs`)).body.getReader();
      for (let read; !(read = await reader.read()).done; ) all += read.value.length;
      return all / 1e6;
    });
    const frames = await timed(async () => {
      let all = 0;
      for await (const { bytes } of client.frames("ContainerLogs", { params: { id: "x", stdout: true } })) all += bytes.length;
      return all / 1e6;
    });
    const memory = Math.round(process.memoryUsage.rss() / 1e6);
    console.log(`${length} bytes a frame: ${frames.toFixed(0)} MB/s as frames, ${(frames / bare).toFixed(2)} of the bare stream; ${memory} MB resident`);
  }
  server.kill();
}
