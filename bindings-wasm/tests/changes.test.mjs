// What differs and where paths lead, as the native crate says it: one line each.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { diff, explain } from "contajners";

const lines = readFileSync(process.env.CONTAJNERS_CHANGES, "utf8").split("\n").map((line) => JSON.parse(line));

/** Where a change is, in the words of the native crate. */
function place(change) {
  const rest = change.pointer ? ` ${change.pointer}` : "";
  switch (change.in) {
    case "parameter":
      return `${change.location} ${change.name}`;
    case "body":
      return `body${rest}`;
    case "answer":
      return `answer ${change.status ?? "default"}${rest}`;
    default:
      return change.in;
  }
}

test("differences of each version and the next", () => {
  let count = 0;
  for (const { engine, from, to, changes } of lines.filter(({ changes }) => changes)) {
    const found = diff(engine, from, to).map((change) => ({
      operation: change.operation, path: change.path, place: place(change), change: change.change, breaking: change.breaking,
    }));
    assert.deepEqual(found, changes, `${engine} ${from} ${to}`);
    count += found.length;
  }
  assert.ok(count > 1000, `${count}`);
});

test("what is at the operations' names", () => {
  const paths = lines.filter(({ path }) => path);
  assert.ok(paths.length > 200);
  for (const { engine, path, explained } of paths) {
    let found;
    try {
      const { type, versions } = explain(engine, undefined, path, { depth: 1 });
      found = { type, versions };
    } catch ({ code, message }) {
      found = { code, text: message };
    }
    assert.deepEqual(found, explained, `${engine} ${path}`);
  }
});
