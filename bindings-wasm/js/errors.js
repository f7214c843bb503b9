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

export function hidden(target, name, value) {
  Object.defineProperty(target, name, { value, configurable: true });
}

export class ContajnersError extends Error {
  constructor(kind, code, text, { hint, cause, call, acted, body, headers, ...known } = {}) {
    super(text, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.code = code;
    if (hint) this.hint = hint;
    this.mayHaveActed = Boolean(acted) && !call?.isSafe;
    if (call?.operation) this.operation = call.operation;
    for (const [name, value] of Object.entries(known)) {
      if (value !== undefined) this[name] = value;
    }
    // To be had, but not to be printed with the rest.
    hidden(this, "method", call?.method);
    hidden(this, "target", call?.target);
    hidden(this, "body", body);
    hidden(this, "headers", headers);
  }

  get name() {
    return this.constructor.name;
  }
}

const classes = {};

/** The class of a kind. Its name is a text, which bundlers leave as it is. */
function classOf(kind, name) {
  return (classes[kind] = { [name]: class extends ContajnersError {} }[name]);
}

export const ConfigError = classOf("config", "ConfigError");
export const ResolveError = classOf("resolve", "ResolveError");
export const BodyError = classOf("body", "BodyError");
export const ConnectError = classOf("connect", "ConnectError");
export const NegotiateError = classOf("negotiate", "NegotiateError");
export const SendError = classOf("send", "SendError");
export const TimeoutError = classOf("timeout", "TimeoutError");
export const StatusError = classOf("status", "StatusError");
export const InBandError = classOf("in-band", "InBandError");
export const DecodeError = classOf("decode", "DecodeError");
export const AbortedError = classOf("aborted", "AbortedError");

/** Makes the error of a kind. */
export function error(kind, code, text, known) {
  return new classes[kind](kind, code, text, known);
}

/** Runs what calls the core, whose errors cross as JSON text. */
export function guarded(work, call) {
  try {
    return work();
  } catch (thrown) {
    throw fromCore(thrown, call);
  }
}

function fromCore(thrown, call) {
  if (typeof thrown !== "string") return thrown;
  const { kind, code, text, hint, operation, subject, nearest } = JSON.parse(thrown);
  if (kind === "decode" && call) return decode(call, code, new Error(text));
  const known = { hint };
  if (operation) known.operation = operation;
  if (subject) known.subject = subject;
  if (nearest?.length) known.nearest = nearest;
  return error(kind, code, text, known);
}

/** A call as texts name it: its path alone, since a query may hold secrets. */
export function shown(call) {
  const path = call.target.split("?")[0];
  return call.operation
    ? `\`${call.operation}\` (${call.method} ${path})`
    : `\`${call.method} ${path}\``;
}

export function refused(call, status, message, body, headers) {
  const answered = `${call.engine} answered ${status} to ${shown(call)}`;
  const hint = message.includes("is too new. Maximum supported API version")
    ? "leave the API version out: the client then speaks the newest that both know"
    : undefined;
  const text = message ? `${answered}: ${message}` : answered;
  return error("status", "engine-error", text, {
    call, status, engineMessage: message, body, hint, headers, acted: true,
  });
}

export function redirected(call, status, location) {
  const answered = status
    ? `${call.engine} answered ${status} to ${shown(call)}`
    : `${call.engine} answered ${shown(call)} with a redirection`;
  return error("status", "redirected", location ? `${answered}: go to ${quoted(location)}` : answered, {
    call, status: status || undefined, acted: true,
    hint: "engines redirect paths that are not clean; none are followed",
  });
}

export function broken({ engine, place }, call, cause, hint) {
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

export function decode(call, code, cause) {
  return error("decode", code, `the answer to ${shown(call)} cannot be decoded`, {
    call, cause, acted: true,
  });
}

export function notJson(call, body) {
  // What a reader of JSON says of it holds a part of it.
  return error("decode", "invalid-json", `the answer to ${shown(call)} is not the JSON that was asked for`, {
    call, body, acted: true,
  });
}

export function notText(call, body, acted = true) {
  return error("decode", "not-text", `the answer to ${shown(call)} is bytes, not text`, {
    call, body, acted, hint: 'take it with `as: "stream"`, or `bytes()` of `as: "response"`',
  });
}

export function tooLarge(call, limit, hint = 'take it with `as: "stream"`, or allow more with `answerLimit`', how = "is larger than") {
  return error("decode", "answer-too-large", `the answer to ${shown(call)} ${how} the ${limit} bytes that are kept`, {
    call, acted: true, hint,
  });
}

export function taken(call) {
  return error("decode", "answer-taken", `the answer to ${shown(call)} has been taken already`, {
    call, acted: true, hint: "it comes once: keep what you read",
  });
}

export function upgraded(call) {
  return error("decode", "upgraded", `${call.engine} made a socket of the connection at ${shown(call)}`, {
    call, acted: true, hint: 'take it with `as: "socket"`',
  });
}

export function notUpgraded(call, status) {
  return error("decode", "not-upgraded", `${call.engine} answered ${status} to ${shown(call)} and made no socket`, {
    call, status, acted: true, hint: "attach, exec and sessions make sockets",
  });
}

export function neverSocket(call) {
  return error("resolve", "not-upgraded", `${shown(call)} makes no socket`, {
    call, hint: "attach, exec and sessions make sockets",
  });
}

/** A host that cannot make a raw socket of an HTTP connection. */
export function noSockets(call) {
  return error("resolve", "no-sockets", `${shown(call)} cannot become a socket here: no browser hands one over`, {
    call,
    hint: 'output alone comes with `frames`; docker also attaches over a WebSocket, with `as: "websocket"`',
  });
}

const waits = {
  connect: (engine, place, limit) => [`no answer from ${engine} at ${place} within ${limit}`, "connectTimeout"],
  read: (engine, place, limit) => [`nothing came from ${engine} at ${place} for ${limit}`, "readTimeout"],
  whole: (engine, place, limit) => [`${engine} at ${place} was not done within ${limit}`, "timeout"],
};

export function timedOut(what, limit, { engine, place }, call) {
  const [text, name] = waits[what](engine, place.shown, `${limit} ms`);
  return error("timeout", "timed-out", text, { call, acted: what !== "connect", hint: `allow more with \`${name}\`` });
}

export function aborted(reason, call) {
  // What the platform rejects with is what its users expect, as long as it is an error.
  if (reason instanceof Error) return reason;
  return error("aborted", "aborted", "the call was given up", { call, cause: reason, acted: true });
}
