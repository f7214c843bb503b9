// Making elements.

/** Makes an element: attributes, and listeners under names such as `onclick`. */
export function make(name, more = {}, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(more)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...inside.filter((item) => item !== undefined));
  return element;
}
