// The frame: which run and which view, said by the address, so that back, forward and bookmarks work.

const VIEWS = {
  overview: ["Overview", overview], lineage: ["Lineage", lineage], programs: ["Programs", programs], islands: ["Islands", islands], map: ["Archive and map", map],
  models: ["Operators and models", models], ideas: ["Ideas", ideas], time: ["Throughput", time], cost: ["Cost", cost], failures: ["Failures", failures], settings: ["Settings", settings],
};
const memory = {};
let runs = [];

function address() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view = "", argument = ""] = path.split("/");
  const number = Number(new URLSearchParams(query).get("run") || 0);
  return { view: view || (runs.length > 1 ? "compare" : "overview"), argument: decodeURIComponent(argument), run: runs[number] || runs[0] };
}

function show() {
  const { view, argument, run } = address();
  closeCharts();
  document.getElementById("name").replaceChildren(view === "compare" ? `${runs.length} evolutions` : said(run.name, 120));
  document.getElementById("state").textContent = view === "compare" ? "" : `${run.state}; read at ${moment(run.read_at)}`;
  const suffix = run.number ? `?run=${run.number}` : "";
  const link = (name, words) => el("a", { href: `#/${name}${suffix}`, "aria-current": name === view || (name === "programs" && view === "program") ? "page" : null }, words);
  document.getElementById("views").replaceChildren(...(runs.length > 1 ? [link("compare", "Side by side")] : []), ...Object.entries(VIEWS).map(([name, [words]]) => link(name, words)));
  const state = (memory[view] ||= {});
  if (view === "lineage" && argument) state.chosen = argument;
  let made;
  if (view === "compare") made = compare(runs, state);
  else if (view === "program") made = program(run, state, argument);
  else made = (VIEWS[view] || VIEWS.overview)[1](run, state);
  document.getElementById("main").replaceChildren(made);
  document.title = `${view === "compare" ? "Evolutions" : line(run.name, 60)}: ${(VIEWS[view] || [view])[0]}`;
}

function controls() {
  const theme = el("button", { type: "button", onclick: () => { dress(document.documentElement.dataset.theme === "dark" ? "light" : "dark"); show(); } });
  const dress = (name) => {
    document.documentElement.dataset.theme = name;
    theme.textContent = name === "dark" ? "Light" : "Dark";
    try { localStorage.setItem("shinka-theme", name); } catch { /* a page from a file may not keep anything */ }
  };
  let kept = null;
  try { kept = localStorage.getItem("shinka-theme"); } catch { /* as above */ }
  dress(kept === "dark" || kept === "light" ? kept : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const choose = runs.length > 1 ? choice("run", runs.map((run) => [String(run.number), line(run.name, 50)]), String(address().run.number), (number) => {
    location.hash = `#/${["compare", "program"].includes(address().view) ? "overview" : address().view}?run=${number}`;
  }) : null;
  document.getElementById("controls").replaceChildren(...[choose, theme].filter(Boolean));
}

function take(raws, texts) {
  runs = raws.map((raw, number) => Object.assign(new Run(raw, number), { texts }));
}

function tellWrong(error) {
  document.getElementById("main").replaceChildren(el("p", { class: "bad", role: "alert" }, `This page could not be drawn: ${line(error.message || error, 300)}`));
  throw error;
}

window.addEventListener("hashchange", () => { show(); document.getElementById("main").focus({ preventScroll: true }); window.scrollTo(0, 0); });
