// Why no answer came, by the codes that Node and its kin put into errors.

import { broken, error } from "./errors.js";

/** The code of an error, or of what caused it. */
function codeIn(cause) {
  for (let at = cause, depth = 0; at && depth < 5; at = at.cause ?? at.errors?.[0], depth += 1) {
    if (typeof at.code === "string") return at.code;
  }
  return "";
}

const unreached = /^(ECONNREFUSED|ENOENT|EACCES|EPERM|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused|FailedToOpenSocket)$/;

const hints = {
  ENOENT: "is the engine running? There is no such socket",
  EACCES: "let your user open the socket",
};

/** The error of a call that got no head of an answer; none where no code tells why. */
export function explained({ engine, place }, call, cause) {
  if (cause instanceof Error && cause.bodyUnreadable) {
    return error("body", "body-unreadable", "cannot read the body", { call, cause: cause.cause });
  }
  const code = codeIn(cause);
  if (!code) return undefined;
  if (/^(HPE_|UND_ERR_HEADERS_OVERFLOW)/.test(code)) {
    return error("send", "not-http", `what answers at ${place.shown} does not speak HTTP as ${engine} does`, {
      call, cause, acted: true,
      hint: "is it another program's address, or one that speaks TLS?",
    });
  }
  if (unreached.test(code)) {
    return error("connect", "cannot-connect", `cannot reach ${engine} at ${place.shown}`, {
      call, cause,
      hint: hints[code] ?? "is the engine running, and does it listen there?",
    });
  }
  return broken({ engine, place }, call, cause);
}
