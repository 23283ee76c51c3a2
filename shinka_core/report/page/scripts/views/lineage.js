// Who comes from whom: every program at its place, lines to their parents, and the way to the one that is looked at.

// Of many lines to parents so many are drawn in one frame; while the picture is dragged the rest waits.
const EDGES_AT_ONCE = 1000;

function lineage(run, state) {
  const layout = state.layout || "score";
  const chosen = run.byGeneration.get(Number(state.chosen));
  const focus = chosen && chosen.kind === "program" ? chosen : run.best;
  const way = focus ? run.lineage(focus) : [];
  const view = el("div", {}, el("h2", {}, "Lineage"), el("div", { class: "controls" },
    choice("height", [["score", "score"], ["tree", "branches"], ["island", "island"]], layout, (value) => { state.layout = value; show(); }),
    field("find (name, operator, model, generation)", state.find || "", (value) => { state.find = value; show(); }),
  ));
  const place = el("div");
  const show = () => place.replaceChildren(drawn(run, state.layout || "score", way, (state.find || "").toLowerCase(), (row) => { location.hash = run.link(row); }));
  view.append(place);
  show();
  if (focus) {
    view.append(el("h3", {}, `The way to generation ${focus.generation}`), table("From the program back to the seed", wayColumns(run), way, { link: (row) => run.link(row), page: 50 }));
  }
  return view;
}

function wayColumns() {
  return [
    { name: "generation", of: (row) => row.generation, number: true },
    { name: "score", of: (row) => row.score, show: (row) => number(row.score, 8), number: true },
    { name: "name", of: (row) => row.name, show: (row) => said(row.name, 80) },
    { name: "made by", of: madeBy, show: (row) => said(madeBy(row), 80) },
    { name: "island", of: (row) => row.island, number: true },
    { name: "children", of: (row) => row.children.length, number: true },
  ];
}

// Heights of a tree whose leaves stand apart: depth first, the most promising child straight on.
function branches(run) {
  const height = new Array(run.rows.length).fill(0);
  const top = run.rows.map((row) => (row.correct && row.score !== null ? row.score : -Infinity));
  for (let index = run.rows.length - 1; index >= 0; index -= 1) {
    const parent = run.rows[index].parent;
    if (parent >= 0) top[parent] = Math.max(top[parent], top[index]);
  }
  let next = 0;
  const waiting = run.rows.filter((row) => row.parent < 0).map((row) => row.index).reverse();
  while (waiting.length) {
    const at = waiting.pop();
    const children = [...run.rows[at].children].sort((a, b) => top[b] - top[a]);
    const parent = run.rows[at].parent;
    const first = parent >= 0 && run.rows[parent].straight === at;
    height[at] = first ? height[parent] : next;
    if (!first) next += 1;
    run.rows[at].straight = children[0];
    for (const child of children.reverse()) waiting.push(child);
  }
  return height;
}

function drawn(run, layout, way, find, go) {
  const heights = layout === "tree" ? branches(run) : null;
  // Scores that are far off, or that do not count, are drawn at the edge.
  const fit = run.rows.filter((row) => row.correct && row.score !== null);
  const low = usualLow(run, fit) ?? fit.reduce((least, row) => Math.min(least, row.score), fit.length ? Infinity : 0);
  const high = fit.reduce((most, row) => Math.max(most, row.score), low);
  const floor = low - 0.05 * (high - low);
  const y = { score: (row) => Math.min(Math.max(row.score ?? floor, floor), high + 0.05 * (high - low)), tree: (row) => heights[row.index], island: (row) => row.island + 0.7 * ((row.index * 0.618034) % 1) - 0.35 }[layout];
  const at = (row) => [row.index, y(row), row.index];
  const edges = (rows) => rows.filter((row) => row.parent >= 0).map((row) => ({ coords: [at(run.rows[row.parent]).slice(0, 2), at(row).slice(0, 2)] }));
  const matching = find ? run.rows.filter((row) => `${row.name} ${row.operator} ${row.model} ${row.generation}`.toLowerCase().includes(find)) : [];
  const series = [
    { type: "lines", coordinateSystem: "cartesian2d", silent: true, unlisted: true, large: true, largeThreshold: 200, progressive: EDGES_AT_ONCE, progressiveThreshold: EDGES_AT_ONCE, data: edges(run.rows), lineStyle: { color: colour("soft"), width: 1, opacity: 0.25 } },
    points("correct", run.rows.filter((row) => row.correct).map(at), 0),
    points("not correct", run.rows.filter((row) => !row.correct).map(at), 5, { symbol: "triangle" }),
    { type: "lines", coordinateSystem: "cartesian2d", silent: true, unlisted: true, data: edges(way), lineStyle: { color: COLOURS[1], width: 3, opacity: 1 }, z: 4 },
    points("the way", way.map(at), 1, { symbolSize: 10, symbol: "diamond", z: 5 }),
  ];
  if (find) series.push(points("found", matching.map(at), 3, { symbolSize: 12, symbol: "rect", z: 6 }));
  return chart({
    title: "Programs and their parents", height: 560,
    words: `${run.rows.length} programs, in the order in which they were recorded; the way to the ${way.length ? `program of generation ${way[0].generation} has ${way.length} of them` : "best is not there yet"}.${find ? ` ${matching.length} found.` : ""}`,
    option: { xAxis: axis("programs recorded"), yAxis: axis(layout === "score" ? "score" : layout === "tree" ? "branch" : "island"), dataZoom: ZOOM(), tooltip: { formatter: (one) => (one.seriesType === "scatter" ? pointed(run.rows[one.data[2]]) : "") }, series },
    columns: [
      { name: "generation", of: (row) => row.generation, number: true }, { name: "parent's generation", of: (row) => (row.parent >= 0 ? run.rows[row.parent].generation : null), number: true },
      { name: "score", of: (row) => row.score, number: true }, { name: "correct", of: (row) => (row.correct ? "yes" : "no") }, { name: "island", of: (row) => row.island, number: true },
    ],
    rows: run.rows, click: (one) => { if (one.seriesType === "scatter") go(run.rows[one.data[2]]); },
  });
}
