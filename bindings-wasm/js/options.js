// Options: a misspelt one must not be dropped in silence.

import { oneOf } from "./errors.js";
import { isOpaque, text, typeName, wrong } from "./catalogue.js";

// As texts these are fewer bytes of a page.
export const known =
  "engine pack version uri category fetch init headers timeout readTimeout connectTimeout answerLimit signal WebSocket".split(" ");
export const knownOfCall = "params body contentType headers as signal timeout readTimeout allowErrorStatus".split(" ");
export const knownOfPack = ["fetch", "signal"];
export const knownOfDoc = ["depth"];

export function options(given, names, what) {
  if (given === undefined) return {};
  if (given === null || typeof given !== "object" || Array.isArray(given) || isOpaque(given)) {
    throw wrong(`\`${what}\` takes an object of options`, typeName(given));
  }
  for (const name of Object.keys(given)) oneOf(names, name, `\`${what}\` has no option`);
  const { contentType, fetch, signal } = given;
  if (contentType != null) text(contentType, "`contentType`", "invalid-option");
  if (fetch != null && typeof fetch !== "function") throw wrong("`fetch` is a function", typeName(fetch));
  if (signal != null && typeof signal.addEventListener !== "function") throw wrong("`signal` is an AbortSignal", typeName(signal));
  return given;
}

/** An option that is a number. */
export function number(given, name, unit = "milliseconds") {
  const value = given[name];
  if (value == null) return undefined;
  if (typeof value === "number" && value >= 0) return value;
  throw wrong(`\`${name}\` is a number of ${unit}`, typeName(value, true));
}
