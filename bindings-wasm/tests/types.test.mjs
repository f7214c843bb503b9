// The declarations, by the compiler that reads them in editors.

import { execFileSync } from "node:child_process";
import { test } from "node:test";

function compiled(project) {
  try {
    execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", project], { encoding: "utf8" });
  } catch (error) {
    throw new Error(error.stdout);
  }
}

test("what is right compiles, and what is wrong does not", () => compiled("."));

test("a project without the library of pages compiles", () => compiled("tsconfig.node.json"));
