// Errors: whose fault it is, what was asked, what was found.
//
// Codes and texts are those of the Rust client. Neither text nor inspection shows queries, header
// values or bodies, which may carry secrets.

/** @param {string} text */
export function quoted(text) {
  const longest = 200;
  const characters = [...String(text)];
  const shown = characters.slice(0, longest).map((c) => (/\p{Cc}/u.test(c) ? "\ufffd" : c));
  return "`" + shown.join("") + (characters.length > longest ? "…" : "") + "`";
}

export class ContajnersError extends Error {
  constructor(kind, code, text, { hint, cause, call, acted, body, headers, ...known } = {}) {
    super(text, cause === undefined ? undefined : { cause });
    const { operation, method, target, isSafe } = call ?? {};
    const told = { kind, code, hint, mayHaveActed: Boolean(acted) && !isSafe, operation, ...known };
    for (const name in told) if (told[name] !== undefined) this[name] = told[name];
    // To be had, but not to be printed with the rest.
    const kept = { method, target, body, headers };
    for (const name in kept) Object.defineProperty(this, name, { value: kept[name], configurable: true });
  }

  get name() {
    return this.constructor.name;
  }
}

const classes = {};

/** The class of a kind. Its name is a text, which bundlers leave as it is. */
function classOf(kind) {
  const name = kind.replace(/^.|-./g, (start) => start.at(-1).toUpperCase()) + "Error";
  return (classes[kind] ??= { [name]: class extends ContajnersError {} }[name]);
}

// Pages have those that they name; others are made when there is such an error.
export const ConfigError = /* @__PURE__ */ classOf("config");
export const ResolveError = /* @__PURE__ */ classOf("resolve");
export const BodyError = /* @__PURE__ */ classOf("body");
export const ConnectError = /* @__PURE__ */ classOf("connect");
export const NegotiateError = /* @__PURE__ */ classOf("negotiate");
export const SendError = /* @__PURE__ */ classOf("send");
export const TimeoutError = /* @__PURE__ */ classOf("timeout");
export const StatusError = /* @__PURE__ */ classOf("status");
export const InBandError = /* @__PURE__ */ classOf("in-band");
export const DecodeError = /* @__PURE__ */ classOf("decode");
export const AbortedError = /* @__PURE__ */ classOf("aborted");

/** Makes the error of a kind. */
export function error(kind, code, text, known) {
  return new (classOf(kind))(kind, code, text, known);
}

/** Refuses a name that is not among some, which the hint tells. */
export function oneOf(names, name, what) {
  if (!names.includes(name)) {
    throw error("config", "invalid-option", `${what} ${quoted(name)}`, { hint: `there is \`${names.join("`, `")}\`` });
  }
}

/** Runs what calls the core, whose errors cross as JSON text. */
export function guarded(work, call) {
  try {
    return work();
  } catch (thrown) {
    if (typeof thrown !== "string") throw thrown;
    // What there is nothing to tell of is empty there.
    const { kind, code, text, ...known } = JSON.parse(thrown, (name, value) => (!name || value?.length ? value : undefined));
    throw kind === "decode" && call ? ofAnswer(call, code, "cannot be decoded", { cause: new Error(text) }) : error(kind, code, text, known);
  }
}

/** A call as texts name it: its path alone, since a query may hold secrets. */
export function shown(call) {
  const asked = `${call.method} ${call.target.split("?")[0]}`;
  return call.operation ? `\`${call.operation}\` (${asked})` : `\`${asked}\``;
}

export const answered = (call, what) => `${call.engine} answered ${what} to ${shown(call)}`;

export function refused(call, status, message, body, headers) {
  const hint = message.includes("is too new. Maximum supported API version")
    ? "leave the API version out: the client then speaks the newest that both know"
    : undefined;
  return error("status", "engine-error", answered(call, status) + (message && `: ${message}`), {
    call, status, engineMessage: message, body, hint, headers, acted: true,
  });
}

export function redirected(call, status, location) {
  const to = location ? `: go to ${quoted(location)}` : "";
  return error("status", "redirected", answered(call, status ?? "a redirection") + to, {
    call, status, acted: true,
    hint: "engines redirect paths that are not clean; none are followed",
  });
}

export function broken({ client: { engine, place }, call }, cause, hint) {
  return error("send", "connection-broken", `the connection to ${engine} at ${place.shown} broke`, {
    call, cause, acted: true, hint,
  });
}

export function unreadable(call, cause) {
  return error("body", "body-unreadable", "cannot read the body", { call, cause });
}

export function inBand(call, message, body) {
  return error("in-band", "in-band-error", `${call.engine} failed at ${shown(call)}: ${message}`, {
    call, engineMessage: message, body, acted: true,
  });
}

/** An answer is not what was asked for. */
function ofAnswer(call, code, what, more) {
  return error("decode", code, `the answer to ${shown(call)} ${what}`, { call, acted: true, ...more });
}

export function notJson(call, body) {
  // What a reader of JSON says of it holds a part of it.
  return ofAnswer(call, "invalid-json", "is not the JSON that was asked for", { body });
}

export function notText(call, body) {
  return ofAnswer(call, "not-text", "is bytes, not text", {
    body, hint: 'take it with `as: "stream"`, or `bytes()` of `as: "response"`',
  });
}

export function tooLarge(call, limit, hint = 'take it with `as: "stream"`, or allow more with `answerLimit`', how = "is larger than") {
  return ofAnswer(call, "answer-too-large", `${how} the ${limit} bytes that are kept`, { hint });
}

export function taken(call) {
  return ofAnswer(call, "answer-taken", "has been taken already", { hint: "it comes once" });
}

export function upgraded(call) {
  return error("decode", "upgraded", `${call.engine} made a socket of the connection at ${shown(call)}`, {
    call, acted: true, hint: 'take it with `as: "socket"`',
  });
}

/** A host that cannot make a raw socket of an HTTP connection. */
export function noSockets(call) {
  return error("resolve", "no-sockets", `nothing here makes a socket of ${shown(call)}`, {
    call, hint: 'take output alone with `frames`, or docker\'s `as: "websocket"`',
  });
}

/** What is said before and after an engine's address, and the option that allows more. */
const waits = {
  connect: ["no answer from ", " within", "connectTimeout"],
  read: ["nothing came from ", " for", "readTimeout"],
  whole: ["", " was not done within", "timeout"],
};

export function timedOut(what, limit, { engine, place }, call) {
  const [before, after, name] = waits[what];
  return error("timeout", "timed-out", `${before}${engine} at ${place.shown}${after} ${limit} ms`, {
    call, acted: what !== "connect", hint: `allow more with \`${name}\``,
  });
}

export function aborted(reason, call) {
  // What the platform rejects with is what its users expect, as long as it is an error.
  if (reason instanceof Error) return reason;
  return error("aborted", "aborted", "the call was given up", { call, cause: reason, acted: true });
}
