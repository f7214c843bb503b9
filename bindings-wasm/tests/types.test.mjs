// The declarations, by the compiler that reads them in editors.

import { execFileSync } from "node:child_process";
import { test } from "node:test";

test("what is right compiles, and what is wrong does not", () => {
  try {
    execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], { encoding: "utf8" });
  } catch (error) {
    throw new Error(error.stdout);
  }
});
