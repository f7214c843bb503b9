// What every host exports.

import { Catalogue, apiOf, cached, isSecretHeader, loadPack, newestOf, packOf, versions, engines } from "./catalogue.js";

export { Client } from "./client.js";
export { engines, isSecretHeader, loadPack, versions };
export {
  AbortedError, BodyError, ConfigError, ConnectError, ContajnersError, DecodeError, InBandError, NegotiateError,
  ResolveError, SendError, StatusError, TimeoutError,
} from "./errors.js";

/** Catalogues that were asked for, by their versions. */
const known = new WeakMap();

/** The catalogue of a version, without an engine; the newest unless one is named. */
export function catalogue(engine, version) {
  const pack = packOf(engine);
  const api = version === undefined ? newestOf(pack) : apiOf(pack, version);
  return cached(known, api, () => new Catalogue(api));
}

/** The categories of a version. */
export const categories = (engine, version) => catalogue(engine, version).categories();

/** The operations of a version, or of one category. */
export const ops = (engine, version, category) => catalogue(engine, version).ops(category);

/** All that is known of an operation. */
export const doc = (engine, version, operation, options) => catalogue(engine, version).doc(operation, options);

/** The request that a call would send. */
export const resolve = (engine, version, operation, call) => catalogue(engine, version).resolve(operation, call);

/** In which versions there is an operation of that name. */
export const history = (engine, operation) => packOf(engine).history(String(operation));

/** What the parameters and the body of a call have that is not documented. */
export const check = (engine, version, operation, given) => catalogue(engine, version).check(operation, given);

/** What a path of names leads to: `ContainerCreate.HostConfig.Mounts`. */
export const explain = (engine, version, path, options) => catalogue(engine, version).explain(path, options);

/** What is different between two versions of an engine, in one operation or all. */
export const diff = (engine, from, to, operation) => catalogue(engine, from).diff(catalogue(engine, to), operation);
