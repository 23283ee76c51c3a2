// The settings of the run, as they are kept with it.

function settings(run) {
  const flat = [];
  const walk = (path, value) => {
    if (value && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length) for (const [name, inner] of Object.entries(value)) walk(path ? `${path}.${name}` : name, inner);
    else flat.push({ name: path, value: typeof value === "string" ? value : JSON.stringify(value) });
  };
  walk("", run.settings);
  const place = el("div");
  const list = table("Settings", [{ name: "setting", of: (row) => row.name }, { name: "value", of: (row) => row.value, show: (row) => (row.value && row.value.length > 120 ? el("details", {}, el("summary", {}, said(row.value, 90)), code(row.value)) : said(row.value, 130)) }], flat, { page: 400 });
  place.append(list);
  return el("div", {}, el("h2", {}, "Settings"), el("div", { class: "controls" }, field("find", "", (find) => list.fill(flat.filter((row) => `${row.name} ${row.value}`.toLowerCase().includes(find.toLowerCase()))))), place);
}
