// A headless Chromium, driven over a pipe.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const flags = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe",
];

export async function launch() {
  const folder = mkdtempSync(join(tmpdir(), "contajners-chromium-"));
  const browser = spawn("chromium", [...flags, `--user-data-dir=${folder}`, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => browser.once("exit", resolve));
  const waiting = new Map();
  const gone = (error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  browser.once("error", gone);
  browser.once("exit", () => gone(new Error("Chromium has ended")));
  const [, , , input, output] = browser.stdio;
  input.on("error", () => {});
  let rest = Buffer.alloc(0);
  output.on("data", (piece) => {
    rest = Buffer.concat([rest, piece]);
    for (let end; (end = rest.indexOf(0)) >= 0; rest = rest.subarray(end + 1)) {
      const { id, result, error } = JSON.parse(rest.subarray(0, end).toString());
      const { resolve, reject } = waiting.get(id) ?? {};
      waiting.delete(id);
      if (error) reject?.(new Error(error.message));
      else resolve?.(result);
    }
  });
  let last = 0;
  const send = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      input.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
    });

  /** Opens a page; what comes back runs functions in it. */
  async function open(url) {
    const { targetId } = await send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
    await send("Page.enable", {}, sessionId);
    await send("Page.navigate", { url }, sessionId);
    const evaluate = async (expression) => {
      const { result, exceptionDetails } = await send(
        "Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, sessionId,
      );
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    const run = (work, ...values) => evaluate(`(${work})(...${JSON.stringify(values)})`);
    /** Waits until a function in the page says so. */
    const until = async (work, ...values) => {
      for (let i = 0; i < 1200; i += 1) {
        const said = await run(work, ...values).catch((error) => {
          // The page is not there yet.
          if (!/context|navigat/i.test(error.message)) throw error;
        });
        if (said) return said;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`never: ${work}; the page has: ${await evaluate("document.body.innerText.slice(0, 2000)")}`);
    };
    const key = async (name, text) => {
      for (const type of ["keyDown", "keyUp"]) {
        await send("Input.dispatchKeyEvent", { type, key: name, code: name, text: type === "keyDown" ? text : undefined, windowsVirtualKeyCode: { Tab: 9, Enter: 13 }[name] }, sessionId);
      }
    };
    const type = (text) => send("Input.insertText", { text }, sessionId);
    return { run, until, key, type };
  }

  async function close() {
    await send("Browser.close").catch(() => {});
    const timer = setTimeout(() => browser.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(timer);
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  return { open, close };
}
