// Elements by one call. Children that are no elements become text.

function el(kind, attributes = {}, ...children) {
  const made = document.createElement(kind);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined) continue;
    made.append(child instanceof Node ? child : String(child));
  }
  return made;
}

// What a stranger wrote, within a line of ours: its direction stays its own.
function said(text, most = 120) {
  return el("bdi", { class: "text", title: text && text.length > most ? shown(text).slice(0, 2000) : null }, line(text || "", most));
}

function choice(label, options, value, changed) {
  const select = el("select", { onchange: () => changed(select.value) }, options.map(([key, words]) => el("option", { value: key, selected: key === value }, words)));
  return el("label", {}, label, select);
}

function field(label, value, changed, attributes = {}) {
  let waiting = null;
  const input = el("input", {
    type: "search", value, ...attributes,
    oninput: () => { clearTimeout(waiting); waiting = setTimeout(() => changed(input.value), 150); },
  });
  return el("label", {}, label, input);
}

function tiles(pairs) {
  return el("dl", { class: "tiles" }, pairs.filter(Boolean).map(([name, value, link]) =>
    el("div", { class: "tile" }, el("dt", {}, name), el("dd", {}, link ? el("a", { href: link }, value) : value))));
}
