// Why no answer came, by the codes that Node and its kin put into errors.

import { broken, error, shown, unreadable } from "./errors.js";

/** The error with a code among those that caused another. */
function coded(cause) {
  for (let at = cause, depth = 0; at && depth < 5; at = at.cause ?? at.errors?.[0], depth += 1) {
    // Undici's errors of its parser have had none since version 7.
    if (typeof at.code === "string" || at.name === "HTTPParserError") return at;
  }
  return undefined;
}

const unreached = /^(ECONNREFUSED|ENOENT|ENOTDIR|EACCES|EPERM|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused|FailedToOpenSocket|Connect)$/;

const hints = {
  ENOENT: "is the engine running? There is no such socket",
  ENOTDIR: "the path of the socket leads through a file",
  EACCES: "let your user open the socket",
};

/** The same where there are words alone: Deno's for a connection that did not come to be, and for one that broke. */
function worded(cause) {
  const [, code] = /client error \((Connect|SendRequest)\)/.exec(`${cause?.message} ${cause?.cause?.message}`) ?? [];
  return code && { code };
}

/** What caused an error, which is to show neither what came, as parsers keep it, nor the query of the call. */
export function cleaned(cause, depth = 0) {
  if (!(cause instanceof Error) || depth > 5) return cause;
  for (const name of ["data", "rawPacket"]) {
    if (Object.hasOwn(cause, name)) Reflect.defineProperty(cause, name, { enumerable: false });
  }
  // Bun keeps the address, and Deno writes it into a text, which the stack repeats.
  if (typeof cause.path === "string") Reflect.set(cause, "path", bare(cause.path));
  if (cause.cause) Reflect.set(cause, "cause", cleaned(cause.cause, depth + 1));
  const said = bare(cause.message);
  return said === cause.message ? cause : new Error(said, cause.cause && { cause: cause.cause });
}

/** A text whose addresses have no queries. */
const bare = (text) => text.replace(/(:\/\/[^\s?]*\?)\S+/g, "$1…");

/**
 * The error of a call that got no head of an answer; none where no code tells why. `heard` is how many
 * bytes came over the connection, where that is known.
 */
export function explained(client, call, cause, heard = coded(cause)?.socket?.bytesRead) {
  const { engine, place } = client;
  // The second is what `fetch` makes of a Blob whose file has changed.
  if (cause instanceof Error && (cause.bodyUnreadable || cause.cause?.name === "NotReadableError")) {
    return unreadable(call, cause.cause);
  }
  if (isRefused(client, cause)) {
    return error("resolve", "fetch-refused", `\`fetch\` refuses to send ${shown(call)}`, {
      call, cause, hint: "reach the engine over `unix://` or at another port, or give another `fetch`",
    });
  }
  const found = coded(cause) ?? worded(cause);
  if (!found) return undefined;
  const code = found.code ?? "HPE_INVALID";
  if (/^(HPE_|UND_ERR_HEADERS_OVERFLOW)/.test(code)) {
    // The first byte of a TLS alert, with which no answer of HTTP begins.
    const first = found.rawPacket?.[0] ?? found.data?.charCodeAt?.(0);
    if (first === 21 && isPlain(place)) return tlsWanted(client, call, cause);
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
  if (/^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(code)) {
    return broken({ client, call }, cause, "undici waits 5 minutes unless its `Agent` says more: `headersTimeout: 0` and `bodyTimeout: 0`");
  }
  const failure = ofCertificate(client, code) ?? ofTls(client, found);
  if (failure) return error("connect", failure[0], failure[1], { call, cause, hint: failure[2] });
  return broken({ client, call }, cause, heard === 0 ? silent(place) : undefined);
}

/**
 * Whether `fetch` has not even tried: ports that belong to other protocols, methods and bodies that pages
 * may not send. Of what it did try undici tells the cause, other programs' need not, nor a caller's own.
 */
function isRefused({ fetch }, cause) {
  if ([cause?.message, cause?.cause?.message].includes("bad port")) return true;
  const isUndici = !fetch && !globalThis.Deno && !globalThis.Bun;
  return isUndici && cause instanceof TypeError && !cause.cause && !cause.code;
}

const certificates = [
  [/ALTNAME|HOSTNAME/, "wrong-host-name", "is for another host", "write the address with a name that the certificate is for"],
  [/EXPIRED/, "certificate-expired", "has expired", "the engine needs a new one, unless this machine's clock is wrong"],
  [/NOT_YET_VALID/, "certificate-not-yet-valid", "is not valid yet", "is the clock right?"],
  [
    /SELF_SIGNED|^UNABLE_TO|UNTRUSTED|SIGNATURE/, "unknown-ca", "is from a CA that is not trusted",
    "name the file of its CA with `NODE_EXTRA_CA_CERTS`, if you trust it",
  ],
  [/./, "certificate-invalid", "is not accepted", "a server's certificate is one of version 3 that a CA has signed, and no CA itself: have the CA sign another for the engine"],
];

/** Code, text and hint where the engine's certificate is not accepted: nothing was sent. */
function ofCertificate({ engine, place }, code) {
  if (!/^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_)/.test(code)) {
    return undefined;
  }
  const [, own, what, hint] = certificates.find(([pattern]) => pattern.test(code));
  return [own, `the certificate of ${engine} at ${place.shown} ${what}`, hint];
}

/** The same where there is no TLS between the two. */
function ofTls({ engine, place, fetch, init }, { code, message }) {
  // Some say why in the text alone, in the words of the codes.
  const said = `${code} ${message}`.toUpperCase().replaceAll(" ", "_");
  if (!/^(ERR_SSL_|ERR_TLS_|EPROTO)|BEFORE_SECURE_TLS/.test(said)) return undefined;
  // These come of connections that were there: something may have been done.
  if (/RECORD_MAC|DECRYPT|UNEXPECTED_EOF/.test(said)) return undefined;
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP_REQUEST/.test(said)) {
    return ["not-tls", `what answers at ${place.shown} does not speak TLS`, "leave TLS off, or is it the port of something else?"];
  }
  if (/ALERT_.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/.test(said)) {
    return fetch || init
      ? [
          "client-certificate-refused", `${engine} at ${place.shown} refuses the certificate of the client`,
          "is it from a CA that the engine trusts, for clients, and not expired?",
        ]
      : [
          "client-certificate-missing", `${engine} at ${place.shown} wants a certificate of the client`,
          "give an `init` or a `fetch` that shows one",
        ];
  }
  return ["tls-failed", `no TLS with ${engine} at ${place.shown}`, "does TLS 1.2 or 1.3 belong at that address?"];
}

/** Whether an address is one without TLS, which engines that speak it answer in their own ways. */
function isPlain({ base, socket }) {
  return !socket && base.startsWith("http:");
}

function tlsWanted({ engine, place }, call, cause) {
  return error("connect", "tls-wanted", `${engine} at ${place.shown} speaks TLS, and the address does not say so`, {
    call, cause, hint: "write `https://` for `tcp://` or `http://`",
  });
}

/** The error where the body of another one tells that the engine speaks TLS. */
export function tlsSpoken(client, call, status, bytes) {
  // The words of Go's servers and of others.
  const words = /HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port/;
  const is = status === 400 && isPlain(client.place) && words.test(new TextDecoder().decode(bytes));
  return is ? tlsWanted(client, call) : undefined;
}

/** What to do where a connection ended before anything came over it. */
function silent(place) {
  if (place.socket) return undefined;
  return isPlain(place)
    ? "does TLS belong at that address? Then write `https://`"
    : "does the engine want a certificate of the client?";
}
