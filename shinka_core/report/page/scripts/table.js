// A table that sorts by its headers and shows a page of its rows at a time.

const PER_PAGE = 100;

// columns: {name, of: row => value, show: row => node or text, number: bool}; rows in the order that is shown first.
function table(title, columns, rows, { sort = null, page = PER_PAGE, link = null } = {}) {
  const state = { by: sort ? sort[0] : null, down: sort ? sort[1] : false, at: 0 };
  const body = el("tbody");
  const heads = columns.map((column, index) => {
    const button = el("button", { type: "button", onclick: () => order(index) }, column.name, el("span", { "aria-hidden": "true" }));
    return el("th", { scope: "col", class: column.number ? "number" : null }, button);
  });
  const place = el("span", { role: "status" });
  const turn = (words, by) => el("button", { type: "button", onclick: () => { state.at += by; draw(); } }, words);
  const [back, on] = [turn("Previous", -1), turn("Next", 1)];
  const scroll = el("div", { class: "scroll", role: "region", "aria-label": title, tabindex: "0" },
    el("table", {}, el("caption", {}, title), el("thead", {}, el("tr", {}, heads)), body));

  function order(index) {
    state.down = state.by === index ? !state.down : Boolean(columns[index].number);
    state.by = index;
    state.at = 0;
    draw();
  }

  function ordered() {
    if (state.by === null) return rows;
    const of = columns[state.by].of;
    const sign = state.down ? -1 : 1;
    const missing = (value) => value === null || value === undefined || Number.isNaN(value);
    return [...rows].sort((a, b) => {
      const [x, y] = [of(a), of(b)];
      if (missing(x) || missing(y)) return missing(x) - missing(y); // what has no value stands last either way
      return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
    });
  }

  function draw() {
    const pages = Math.max(Math.ceil(rows.length / page), 1);
    state.at = Math.min(Math.max(state.at, 0), pages - 1);
    const first = state.at * page;
    body.replaceChildren(...ordered().slice(first, first + page).map((row) => el("tr", {}, columns.map((column, index) => {
      const value = column.show ? column.show(row) : column.of(row);
      const cell = value instanceof Node ? value : document.createTextNode(value === null || value === undefined ? "–" : shown(value));
      return el("td", { class: column.number ? "number" : null }, link && index === 0 && link(row) ? el("a", { href: link(row) }, cell) : cell);
    }))));
    heads.forEach((head, index) => {
      const sorted = state.by === index;
      head.setAttribute("aria-sort", sorted ? (state.down ? "descending" : "ascending") : "none");
      head.querySelector("span").textContent = sorted ? (state.down ? " ▾" : " ▴") : "";
    });
    place.textContent = rows.length ? `${first + 1} to ${Math.min(first + page, rows.length)} of ${rows.length}` : "none";
    back.disabled = state.at === 0;
    on.disabled = state.at === pages - 1;
    pager.hidden = pages === 1;
  }

  const pager = el("div", { class: "pager" }, back, place, on);
  const whole = el("div", {}, scroll, pager);
  whole.fill = (more) => { rows = more; state.at = 0; draw(); };
  draw();
  return whole;
}
