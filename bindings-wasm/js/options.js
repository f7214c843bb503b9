// Options: a misspelt one must not be dropped in silence.

import { error, quoted } from "./errors.js";
import { isOpaque, numberName, text, typeName } from "./catalogue.js";

export const known = new Set([
  "engine", "pack", "version", "uri", "category", "fetch", "init", "headers", "timeout", "readTimeout",
  "connectTimeout", "answerLimit", "signal", "WebSocket",
]);
export const knownOfCall = new Set([
  "params", "body", "contentType", "headers", "as", "signal", "timeout", "readTimeout", "allowErrorStatus",
]);
export const knownOfPack = new Set(["fetch", "signal"]);
export const knownOfDoc = new Set(["depth"]);

export function options(given, names, what) {
  if (given === undefined) return {};
  if (given === null || typeof given !== "object" || Array.isArray(given) || isOpaque(given)) {
    throw error("config", "invalid-option", `${what} takes an object of options; ${typeName(given)} was given`);
  }
  for (const name of Object.keys(given)) {
    if (!names.has(name)) {
      throw error("config", "invalid-option", `${what} has no option ${quoted(name)}`, {
        hint: `it has \`${[...names].join("`, `")}\``,
      });
    }
  }
  const { contentType, fetch, signal } = given;
  if (contentType != null) text(contentType, "`contentType`", "invalid-option");
  const wrong = (text, value) => error("config", "invalid-option", `${text}; ${typeName(value)} was given`);
  if (fetch != null && typeof fetch !== "function") throw wrong("`fetch` is a function", fetch);
  if (signal != null && typeof signal.addEventListener !== "function") throw wrong("`signal` is an AbortSignal", signal);
  return given;
}

export function number(value, name, unit = "milliseconds") {
  if (value == null) return undefined;
  if (typeof value === "number" && value >= 0) return value;
  throw error("config", "invalid-option", `\`${name}\` is a number of ${unit}; ${numberName(value)} was given`);
}
