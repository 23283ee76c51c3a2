// Where programs lie: by what is measured of them, with the archive marked; by instance; and by their embeddings.

function map(run, state) {
  const names = ["score", ...Object.keys(run.features), "evaluation seconds", "generation"];
  const value = { score: (row) => row.score, "evaluation seconds": (row) => row.seconds, generation: (row) => row.generation };
  const of = (name) => value[name] || ((row) => run.features[name][row.index]);
  const members = new Set(run.archive);
  const place = el("div");
  const draw = () => {
    const [x, y] = [state.x || (names.length > 3 ? names[1] : "generation"), state.y || (names.length > 4 ? names[2] : "score")];
    place.replaceChildren(scattered(run, `${x} and ${y}`, of(x), of(y), x, y, members));
  };
  draw();
  const settings = run.settings.database || {};
  const archive = typeof settings.archive_strategy === "string" ? settings.archive_strategy : (settings.archive_strategy || {}).name || "fitness";
  return el("div", {}, el("h2", {}, "Archive and map"),
    el("p", {}, `The archive (${line(archive, 40)}) has ${run.archive.length} members.`),
    el("div", { class: "controls" }, choice("across", names.map((name) => [name, line(name, 40)]), state.x || (names.length > 3 ? names[1] : "generation"), (to) => { state.x = to; draw(); }),
      choice("up", names.map((name) => [name, line(name, 40)]), state.y || (names.length > 4 ? names[2] : "score"), (to) => { state.y = to; draw(); })),
    place, embedded(run, state),
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

function embedded(run, state) {
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
