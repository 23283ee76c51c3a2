// Where programs lie: by what is measured of them, with the archive marked; by instance; and by their embeddings.

function map(run, state) {
  const names = ["score", ...Object.keys(run.features), "evaluation seconds", "generation"];
  const value = { score: (row) => row.score, "evaluation seconds": (row) => row.seconds, generation: (row) => row.generation };
  const of = (name) => value[name] || ((row) => run.features[name][row.index]);
  const members = new Set(run.archive);
  const place = el("div");
  const draw = () => {
    const [x, y] = [state.x || (names.length > 3 ? names[1] : "generation"), state.y || (names.length > 4 ? names[2] : "score")];
    place.replaceChildren(scattered(run, `${x} and ${y}`, of(x), of(y), x, y, members), regions(run, of(x), of(y), x, y));
  };
  draw();
  const settings = run.settings.database || {};
  const archive = typeof settings.archive_strategy === "string" ? settings.archive_strategy : (settings.archive_strategy || {}).name || "fitness";
  return el("div", {}, el("h2", {}, "Archive and map"),
    el("p", {}, `The archive (${line(archive, 40)}) has ${run.archive.length} members.`),
    el("div", { class: "controls" }, choice("across", names.map((name) => [name, line(name, 40)]), state.x || (names.length > 3 ? names[1] : "generation"), (to) => { state.x = to; draw(); }),
      choice("up", names.map((name) => [name, line(name, 40)]), state.y || (names.length > 4 ? names[2] : "score"), (to) => { state.y = to; draw(); })),
    place, embedded(run), byInstance(run),
    table("Members of the archive", [
      { name: "generation", of: (row) => row.generation, number: true }, { name: "score", of: (row) => row.score, show: (row) => number(row.score, 8), number: true },
      { name: "name", of: (row) => row.name, show: (row) => said(row.name, 80) }, { name: "island", of: (row) => row.island, number: true },
      ...Object.keys(run.features).slice(0, 8).map((name) => ({ name: line(name, 30), of: (row) => run.features[name][row.index], show: (row) => number(run.features[name][row.index], 5), number: true })),
    ], run.archive.map((index) => run.rows[index]).sort((a, b) => (b.score ?? -Infinity) - (a.score ?? -Infinity)), { link: (row) => run.link(row) }));
}

function scattered(run, title, x, y, nameOfX, nameOfY, members) {
  const rows = run.rows.filter((row) => x(row) !== null && y(row) !== null && row.correct);
  const at = (row) => [x(row), y(row), row.index];
  return chart({ title: `Correct programs by ${line(title, 60)}`, words: `${rows.length} programs, ${members.size} of them in the archive.`, height: 420,
    option: { xAxis: axis(line(nameOfX, 40)), yAxis: axis(line(nameOfY, 40)), dataZoom: ZOOM(), tooltip: { formatter: (one) => pointed(run.rows[one.data[2]]) },
      series: [points("others", rows.filter((row) => !members.has(row.index)).map(at), 7), points("in the archive", rows.filter((row) => members.has(row.index)).map(at), 5, { symbol: "diamond", symbolSize: 10, z: 4 })] },
    columns: [{ name: "generation", of: (row) => row.generation, number: true }, { name: line(nameOfX, 40), of: x, number: true }, { name: line(nameOfY, 40), of: y, number: true }, { name: "in the archive", of: (row) => (members.has(row.index) ? "yes" : "no") }],
    rows, click: (one) => { location.hash = run.link(run.rows[one.data[2]]); } });
}

const CELLS = 12;

// The best program of each region: a grid over the two measures that are chosen above.
function regions(run, x, y, nameOfX, nameOfY) {
  const rows = run.rows.filter((row) => row.correct && row.score !== null && x(row) !== null && y(row) !== null);
  const span = (of) => [rows.reduce((least, row) => Math.min(least, of(row)), Infinity), rows.reduce((most, row) => Math.max(most, of(row)), -Infinity)];
  const bin = (of, [low, high]) => (row) => (high > low ? Math.min(Math.floor((CELLS * (of(row) - low)) / (high - low)), CELLS - 1) : 0);
  const [spanX, spanY] = [span(x), span(y)];
  const [binX, binY] = [bin(x, spanX), bin(y, spanY)];
  const best = new Map();
  for (const row of rows) {
    const cell = CELLS * binX(row) + binY(row);
    if (!best.has(cell) || row.score > best.get(cell).score) best.set(cell, row);
  }
  const cells = [...best.entries()].map(([cell, row]) => [Math.floor(cell / CELLS), cell % CELLS, row.score, row.index]);
  const scores = cells.map((cell) => cell[2]);
  const from = ([low, high]) => Array.from({ length: CELLS }, (_, at) => number(low + (at * (high - low)) / CELLS, 3));
  return chart({ title: `Best score of each region of ${line(nameOfX, 30)} and ${line(nameOfY, 30)}`, words: `${cells.length} of ${CELLS * CELLS} regions have a correct program.`, height: 400,
    option: { grid: { top: 16, bottom: 84 }, xAxis: { ...axis(line(nameOfX, 40)), type: "category", data: from(spanX) }, yAxis: { ...axis(line(nameOfY, 40)), type: "category", data: from(spanY) },
      tooltip: { formatter: (one) => pointed(run.rows[one.data[3]]) },
      visualMap: { min: Math.min(...scores, Infinity), max: Math.max(...scores, -Infinity), dimension: 2, orient: "horizontal", left: "center", bottom: 0, precision: 4, textStyle: { color: colour("front") }, inRange: { color: ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"] } },
      series: [{ type: "heatmap", data: cells }] },
    columns: [{ name: line(nameOfX, 40), of: (cell) => from(spanX)[cell[0]] }, { name: line(nameOfY, 40), of: (cell) => from(spanY)[cell[1]] }, { name: "best score", of: (cell) => cell[2], number: true }, { name: "generation", of: (cell) => run.rows[cell[3]].generation, number: true }],
    rows: cells, click: (one) => { location.hash = run.link(run.rows[one.data[3]]); } });
}

// Who is best on which instance: the frontier, where evaluators tell by instance.
function byInstance(run) {
  const names = Object.keys(run.instances);
  if (!names.length) return null;
  const kept = names.map((name) => {
    const values = run.instances[name];
    const top = run.rows.filter((row) => row.correct && values[row.index] !== null).reduce((best, row) => (best === null || values[row.index] > values[best.index] ? row : best), null);
    return { name, top, value: top ? values[top.index] : null, first: run.seed ? values[run.seed.index] : null };
  });
  const holders = new Set(kept.filter((one) => one.top).map((one) => one.top.index));
  return table(`Best on each instance: ${holders.size} programs hold ${names.length} instances`, [
    { name: "instance", of: (one) => one.name, show: (one) => said(one.name, 60) }, { name: "best", of: (one) => one.value, show: (one) => number(one.value, 8), number: true },
    { name: "seed program", of: (one) => one.first, show: (one) => number(one.first, 8), number: true },
    { name: "generation", of: (one) => (one.top ? one.top.generation : null), show: (one) => (one.top ? el("a", { href: run.link(one.top) }, one.top.generation) : "–"), number: true },
    { name: "score there", of: (one) => (one.top ? one.top.score : null), show: (one) => number(one.top ? one.top.score : null, 8), number: true },
  ], kept);
}

function embedded(run) {
  const there = run.rows.filter((row) => row.point);
  if (!there.length) return el("p", { class: "soft" }, "No embeddings are stored, so there is no map of them.");
  const scores = there.filter((row) => row.score !== null).map((row) => row.score).sort((a, b) => a - b);
  const parts = ["lowest", "lower", "higher", "highest"];
  const part = (row) => (row.score === null ? -1 : Math.min(Math.floor((4 * scores.findIndex((one) => one >= row.score)) / scores.length), 3));
  const quarter = new Map(there.map((row) => [row, part(row)]));
  return chart({ title: "Programs by their embeddings", words: `The two directions in which ${there.length} programs differ most; marks say in which quarter of the scores they are.`, height: 420,
    option: { xAxis: axis("first direction"), yAxis: axis("second direction"), dataZoom: ZOOM(), tooltip: { formatter: (one) => pointed(run.rows[one.data[2]]) },
      series: parts.map((name, index) => points(`${name} scores`, there.filter((row) => quarter.get(row) === index).map((row) => [...row.point, row.index]), [7, 4, 0, 5][index])) },
    columns: [{ name: "generation", of: (row) => row.generation, number: true }, { name: "first", of: (row) => row.point[0], number: true }, { name: "second", of: (row) => row.point[1], number: true }, { name: "score", of: (row) => row.score, number: true }],
    rows: there, click: (one) => { location.hash = run.link(run.rows[one.data[2]]); } });
}
