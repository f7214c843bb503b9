// What changed: the history of an operation, and the difference of two versions.

import { catalogue, engines, versions } from "contajners";

import { make } from "./page.js";

/** No list is longer than this; the rest is counted. */
const MOST = 1500;

/** A change in a line: `+` for what is new, `-` for what is gone, `~` for what is otherwise. */
function line(change) {
  const sign = { added: "+", "value-added": "+", removed: "−", "value-removed": "−" }[change.change] ?? "~";
  const place = {
    operation: "the operation",
    parameter: `${change.location} ${change.name}`,
    body: `body ${change.pointer ?? ""}`,
    answer: `answer ${change.status ?? "otherwise"} ${change.pointer ?? ""}`,
  }[change.in];
  const told = {
    renamed: `renamed from ${change.from} to ${change.to}`,
    type: `${change.from} → ${change.to}`,
    format: `${change.from} → ${change.to}`,
    nullable: "may be null now",
    "not-nullable": "may be null no longer",
    required: "must be there now",
    optional: "may be left out now",
    "value-added": `takes ${change.value} now`,
    "value-removed": `takes ${change.value} no longer`,
    default: `default ${change.from ?? "none"} → ${change.to ?? "none"}`,
  }[change.change];
  return make("li", {},
    make("span", { "aria-hidden": "true" }, `${sign} `), make("code", {}, place.trim()),
    told ? ` ${told}` : ` ${change.change}`,
    change.breaking ? make("strong", { class: "wrong" }, " may break a program") : undefined);
}

function lines(changes) {
  const more = changes.length - MOST;
  return make("ul", { class: "changes" }, ...changes.slice(0, MOST).map(line),
    more > 0 ? make("li", {}, `and ${more} more`) : undefined);
}

/** The versions in which an operation changed, newest first; made when it is opened. */
export function historyOf(engine, operation) {
  const place = make("div", {});
  return make("details", { id: "history", ontoggle: (event) => {
    if (!event.target.open || place.hasChildNodes()) return;
    place.append(...steps(engine, operation));
  } }, make("summary", {}, "History"), place);
}

function steps(engine, operation) {
  const all = versions(engine).map((version) => catalogue(engine, version));
  const out = [];
  all.slice(1).forEach((here, at) => {
    let changes;
    try {
      changes = all[at].diff(here, operation);
    } catch {
      // Neither of the two has it.
      return;
    }
    if (changes.length > 0) out.unshift(make("h4", {}, here.version), lines(changes));
  });
  return out.length > 0 ? out : [make("p", {}, "The same in all versions that have it.")];
}

/** A form for two versions, and what is different between them. */
export class Comparison {
  #section;
  #chosen = {};
  #onchoice;

  /** `onchoice` is told what was chosen; `open` shows an operation. */
  constructor(section, { onchoice, open }) {
    this.#section = section;
    this.#onchoice = onchoice;
    this.open = open;
  }

  /** Shows the difference; each side is `[engine, version]`. */
  show(from, to) {
    const label = (text, select) => make("label", {}, `${text} `, select);
    const result = make("div", { id: "differences" });
    const side = (name, [engine, version]) => {
      const options = (all, chosen) => all.map((one) => make("option", { selected: one === chosen }, one));
      const version_ = make("select", { id: `${name}-version`, onchange: () => compare() }, ...options(versions(engine).reverse(), version));
      const engine_ = make("select", { id: `${name}-engine`, onchange: () => {
        version_.replaceChildren(...options(versions(engine_.value).reverse()));
        compare();
      } }, ...options(engines(), engine));
      this.#chosen[name] = () => [engine_.value, version_.value];
      return make("fieldset", {}, make("legend", {}, name === "from" ? "From" : "To"), label("Engine", engine_), " ", label("Version", version_));
    };
    const breaking = make("input", { type: "checkbox", id: "breaking", onchange: () => compare() });
    const compare = () => {
      const [one, two] = [this.#chosen.from(), this.#chosen.to()];
      this.#onchoice(one, two);
      result.replaceChildren(...this.#differences(one, two, breaking.checked));
    };
    this.#section.replaceChildren(
      make("h2", {}, "Differences"),
      make("form", { id: "comparison", onsubmit: (event) => event.preventDefault() },
        side("from", from), side("to", to), make("label", {}, breaking, " only what may break a program")),
      result);
    compare();
  }

  #differences(from, to, breakingAlone) {
    const all = catalogue(...from).diff(catalogue(...to));
    const changes = breakingAlone ? all.filter(({ breaking }) => breaking) : all;
    const groups = new Map();
    for (const change of changes) {
      const key = `${change.operation} ${change.method} ${change.path}`;
      groups.set(key, [...(groups.get(key) ?? []), change]);
    }
    const breaking = all.filter(({ breaking }) => breaking).length;
    const shared = from[0] === to[0] ? "" : " Of two engines, only operations that both have are compared.";
    const out = [make("p", { role: "status" }, `${all.length} differences, ${breaking} of them may break a program.${shared}`)];
    let left = MOST;
    for (const [key, own] of groups) {
      if ((left -= own.length) < 0) {
        out.push(make("p", {}, "There is more than is shown."));
        break;
      }
      const [operation, ...route] = key.split(" ");
      const gone = own.some((change) => change.in === "operation" && change.change === "removed");
      out.push(make("h3", {},
        make("button", { type: "button", class: "link", onclick: () => this.open(...(gone ? from : to), operation) }, operation),
        " ", make("small", {}, route.join(" "))), lines(own));
    }
    return out;
  }
}
