// Every operation of both packs, request for request, against what the native crate made of it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { resolve } from "contajners";

test("requests and errors are those of the native crate", () => {
  const lines = readFileSync(process.env.CONTAJNERS_RESOLVED, "utf8").trimEnd().split("\n");
  const operations = new Set();
  for (const line of lines) {
    const { engine, version, operation, params, body, expected } = JSON.parse(line);
    operations.add(`${engine} ${version} ${operation}`);
    let found;
    try {
      const { method, target, headers, body: sent, answer } = resolve(engine, version, operation, { params, body });
      found = { method, target, headers, body: sent ?? null, answer };
    } catch (error) {
      found = { code: error.code, text: error.message, hint: error.hint ?? null };
    }
    assert.deepEqual(found, expected, `${engine} ${version} ${operation}`);
  }
  assert.equal(operations.size, Number(process.env.CONTAJNERS_OPERATIONS));
});
