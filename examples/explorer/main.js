// The explorer: what a version has, the request that a call would be, and the call itself.

import { Client, catalogue, engines, init, isSecretHeader, resolve, versions } from "contajners";

import { Comparison, historyOf } from "./changes.js";
import { make } from "./page.js";

const $ = (id) => document.getElementById(id);

let chosen;
let running;
/** Where engines listen unless they are told otherwise. */
const sockets = { docker: "/var/run/docker.sock", podman: "/run/podman/podman.sock" };
/** What was typed, so that another version keeps it. */
const typed = new Map();

await init();
$("engine").append(...engines().map((name) => make("option", {}, name)));
$("engine").addEventListener("change", () => showVersions());
$("version").addEventListener("change", () => showList());
// What is shown stays: a call may be running there.
$("search").addEventListener("input", () => list());
$("choice").addEventListener("submit", (event) => event.preventDefault());
$("compare").addEventListener("click", () => compare());
const comparison = new Comparison($("operation"), {
  onchoice: (from, to) => history.replaceState(null, "", `#diff/${from.join("@")}/${to.join("@")}`),
  open: (engine, version, operation) => {
    location.hash = `#${engine}/${version}/${operation}`;
  },
});
window.addEventListener("hashchange", () => fromAddress());
showVersions();
fromAddress();

/** `#docker/v1.41/ContainerList` leads to an operation. */
function fromAddress() {
  const [engine, version, operation] = decodeURIComponent(location.hash.slice(1)).split("/");
  if (engine === "diff") return compare(version?.split("@"), operation?.split("@"));
  if (!engines().includes(engine)) return;
  $("engine").value = engine;
  showVersions(version);
  if (operation && operation !== chosen) show(operation);
}

function showVersions(wanted) {
  const all = versions($("engine").value).reverse();
  const kept = wanted ?? $("version").value;
  $("version").replaceChildren(...all.map((name) => make("option", {}, name)));
  if (all.includes(kept)) $("version").value = kept;
  showList();
}

/** Shows what is different: between what is named, or between the chosen version and the newest. */
function compare(from, to) {
  const side = ([engine, version] = []) => {
    if (!engines().includes(engine)) engine = $("engine").value;
    const all = versions(engine);
    return [engine, all.includes(version) ? version : undefined];
  };
  const [one, two] = [side(from), side(to)];
  const all = versions(one[0]);
  one[1] ??= $("version").value === all.at(-1) ? all.at(-2) ?? all[0] : all.includes($("version").value) ? $("version").value : all[0];
  two[1] ??= versions(two[0]).at(-1);
  stop();
  chosen = undefined;
  mark();
  comparison.show(one, two);
  $("operation").focus();
}

/** Marks the chosen operation in the list. */
function mark() {
  for (const button of $("list").querySelectorAll("button")) {
    if (button.dataset.operation === chosen) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

function here() {
  return catalogue($("engine").value, $("version").value);
}

function showList() {
  list();
  if (chosen) show(chosen);
  else if ($("loading")) $("loading").textContent = "Choose an operation.";
}

function list() {
  const wanted = $("search").value.trim().toLowerCase();
  const found = here().ops().filter(({ operation, path }) => `${operation} ${path}`.toLowerCase().includes(wanted));
  const groups = new Map();
  for (const op of found) groups.set(op.category, [...(groups.get(op.category) ?? []), op]);
  const item = ({ operation, method, path }) =>
    make("li", {}, make("button", {
      type: "button", title: `${method} ${path}`, "data-operation": operation,
      "aria-current": operation === chosen ? "true" : undefined, onclick: () => show(operation, true),
    }, operation));
  $("list").replaceChildren(...[...groups].sort().map(([category, ops]) =>
    make("li", {}, make("h2", {}, category), make("ul", {}, ...ops.map(item)))));
  $("count").value = `${found.length} operations`;
}

/** The versions of a set, in runs. */
function runs(some, all = versions($("engine").value)) {
  const out = [];
  for (const version of some) {
    const last = out.at(-1);
    if (last && all.indexOf(last[1]) + 1 === all.indexOf(version)) last[1] = version;
    else out.push([version, version]);
  }
  if (some.length === all.length) return "all versions";
  return out.map(([from, to]) => (from === to ? from : `${from} to ${to}`)).join(", ");
}

function show(operation, focus) {
  stop();
  chosen = operation;
  mark();
  let page;
  try {
    page = here().doc(operation, { depth: 6 });
  } catch (error) {
    $("operation").replaceChildren(make("h2", {}, operation), make("p", { class: "wrong" }, `${error.message}. ${error.hint ?? ""}`));
    return;
  }
  history.replaceState(null, "", `#${page.engine}/${page.version}/${operation}`);
  const fields = page.parameters.map((parameter) => field(parameter));
  const body = page.request_body && make("textarea", {
    id: "body", spellcheck: "false", "aria-describedby": "findings",
    placeholder: page.request_body.media_types[0] ?? "application/json",
  });
  if (body) body.value = typed.get(`${operation} body`) ?? "";
  const form = make("form", { id: "form", oninput: () => preview(page), onsubmit: (event) => { event.preventDefault(); run(page); } },
    make("h3", {}, "Parameters"),
    fields.length ? make("div", { class: "parameters" }, ...fields.flat()) : make("p", { class: "quiet" }, "None."),
    body && make("h3", {}, make("label", { for: "body" }, `Body${page.request_body.required ? ", required" : ""}`)),
    body,
    make("ul", { id: "findings", class: "wrong", "aria-live": "polite" }),
    make("h3", {}, "Request"),
    make("pre", { id: "request", "aria-live": "polite" }),
    make("pre", { id: "curl", "aria-label": "The same with curl" }),
    make("h3", {}, "Run"),
    make("p", {}, make("label", {}, "Address ", make("input", { id: "uri", size: "40", value: typed.get(`${page.engine} uri`) ?? `/engine/${page.engine}` })), " ",
      make("button", { id: "run" }, "Run"), " ",
      make("button", { id: "stop", type: "button", onclick: () => stop(), disabled: true }, "Stop")),
    make("p", { id: "state", role: "status" }),
    make("pre", { id: "output", role: "log", tabindex: "0", "aria-label": "Answer" }));
  $("operation").replaceChildren(
    make("h2", {}, operation),
    make("p", {}, make("code", {}, `${page.method} ${page.path}`)),
    make("p", {}, `In ${runs(page.versions)}. `, page.url ? make("a", { href: page.url, rel: "noreferrer" }, "The vendor’s page") : ""),
    ...(page.ids.length > 1 ? [make("p", {}, `Also called ${page.ids.filter(({ id }) => id !== operation).map(({ id, versions }) => `${id} (${runs(versions)})`).join(", ")}.`)] : []),
    historyOf(page.engine, operation),
    form,
    ...(page.request_body ? [details("What the body may be", page.request_body.schema)] : []),
    ...page.answers.filter(({ schema }) => schema).map(({ status, schema }) => details(`Answer ${status ?? "otherwise"}`, schema)));
  preview(page);
  if (focus) $("operation").focus();
}

function field(parameter) {
  const id = `parameter-${parameter.name}`;
  const kept = typed.get(`${chosen} ${parameter.name}`) ?? "";
  const more = { id, "data-name": parameter.name, "data-type": parameter.type, required: parameter.required && parameter.default === undefined };
  const choices = parameter.type === "boolean" ? ["true", "false"] : parameter.enum?.map(String);
  const input = choices
    ? make("select", more, make("option", { value: "" }, ""), ...choices.map((choice) => make("option", {}, choice)))
    : make("input", { ...more, autocomplete: "off", placeholder: parameter.default === undefined ? undefined : String(parameter.default) });
  input.value = kept;
  const since = parameter.versions.length === versions($("engine").value).length ? "" : `, in ${runs(parameter.versions)}`;
  return [
    make("label", { for: id }, parameter.name, make("br"), make("small", {}, `${parameter.type} in ${parameter.in}${parameter.required ? ", required" : ""}${since}`)),
    input,
  ];
}

function details(title, schema) {
  return make("details", {}, make("summary", {}, title), tree(schema));
}

function tree(schema, name, required) {
  const words = [schema.definition ?? schema.type, schema.format && `(${schema.format})`, schema.nullable && "or null", schema.enum && `one of ${schema.enum.map((value) => JSON.stringify(value)).join(" ")}`, required && "required"];
  const inner = schema.items ?? (typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined);
  const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  const children = [
    ...Object.entries(schema.properties ?? {}).map(([own, value]) => tree(value, own, schema.required?.includes(own))),
    ...(inner ? [tree(inner, schema.items ? "each" : "any name")] : []),
    ...parts.map((part) => tree(part)),
  ];
  const line = [name ? make("code", {}, name) : "", ` ${words.filter(Boolean).join(" ")}`];
  return make("ul", {}, make("li", {}, ...line, ...children));
}

/** The call as it is typed. Text that looks like JSON is JSON where a structure is taken. */
function call(page) {
  const params = {};
  for (const input of $("form").querySelectorAll("[data-name]")) {
    typed.set(`${chosen} ${input.dataset.name}`, input.value);
    if (input.value === "") continue;
    let value = input.value;
    if (/^\s*[[{]/.test(value)) {
      try {
        value = JSON.parse(value);
      } catch {
        // It is sent as the text it is.
      }
    }
    params[input.dataset.name] = value;
  }
  const text = $("body")?.value ?? "";
  typed.set(`${chosen} body`, text);
  if (text.trim() === "") return { params };
  const isJson = (page.request_body.media_types[0] ?? "application/json").includes("json");
  return { params, body: isJson ? JSON.parse(text) : text };
}

function preview(page) {
  $("findings").replaceChildren();
  $("request").classList.remove("wrong");
  $("curl").textContent = "";
  try {
    const given = call(page);
    const request = resolve(page.engine, page.version, page.operation, given);
    const shown = Object.entries(request.headers).map(([name, value]) => [name, isSecretHeader(name) ? "(secret)" : value]);
    $("request").textContent = [`${request.method} ${request.target}`, ...shown.map(([name, value]) => `${name}: ${value}`), ...(request.body ? ["", request.body] : [])].join("\n");
    $("curl").textContent = curl(page, request, shown);
    const findings = here().check(page.operation, given);
    $("findings").replaceChildren(...findings.map(({ message, hint }) => make("li", {}, hint ? `${message}: ${hint}` : message)));
  } catch (error) {
    $("request").classList.add("wrong");
    $("request").textContent = error.hint ? `${error.message}\n${error.hint}` : error.message;
  }
}

function curl(page, { method, target, body }, headers) {
  const quote = (word) => (/^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  const words = ["curl", "--unix-socket", sockets[page.engine]];
  if (method === "HEAD") words.push("--head");
  else if (method !== "GET") words.push("-X", method);
  for (const [name, value] of headers) words.push("-H", quote(`${name}: ${value}`));
  if (typeof body === "string") words.push("--data-raw", quote(body));
  return [...words, quote(`http://localhost${target}`)].join(" ");
}

function stop() {
  running?.abort();
  running = undefined;
}

async function run(page) {
  stop();
  const own = (running = new AbortController());
  const { signal } = own;
  const output = $("output");
  const state = $("state");
  const say = (text) => (state.textContent = text);
  output.replaceChildren();
  $("stop").disabled = false;
  typed.set(`${page.engine} uri`, $("uri").value);
  // Only the end is kept: a log may go on for days.
  const add = (node) => {
    const atEnd = output.scrollTop + output.clientHeight >= output.scrollHeight - 4;
    output.append(node);
    while (output.childNodes.length > 2000) output.firstChild.remove();
    if (atEnd) output.scrollTop = output.scrollHeight;
  };
  try {
    say("Asking…");
    const client = await Client.create({ engine: page.engine, version: page.version, uri: $("uri").value });
    const answer = await client.invoke(page.operation, { ...call(page), as: "response", signal });
    say(`Answered ${answer.status}.`);
    if (answer.content === "frames" || answer.content === "output") {
      for await (const { stream, text } of answer.frames()) add(make("span", { class: stream }, text));
    } else if (answer.content === "json-lines") {
      for await (const document of answer.documents()) add(`${JSON.stringify(document)}\n`);
    } else {
      const data = await answer.data();
      add(data instanceof Uint8Array ? `${data.length} bytes` : typeof data === "string" ? data : JSON.stringify(data, null, 2));
    }
    say(`Answered ${answer.status}, and done.`);
  } catch (error) {
    say(signal.aborted ? "Stopped." : [error.message, error.hint].filter(Boolean).join(". "));
  } finally {
    if (running === own) {
      running = undefined;
      const button = $("stop");
      if (button) button.disabled = true;
    }
  }
}
