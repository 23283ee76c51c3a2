// Where the evolution stands, how it came there, and what improved it.

const AXES = { generation: ["generation", "generation", (row) => row.generation], time: ["time", "seconds since the start", (row) => row.elapsed], cost: ["money", "US dollars spent", (row) => row.spent] };

function overview(run, state) {
  const s = run.summary;
  const gain = s.best_score !== null && s.seed_score !== null ? s.best_score - s.seed_score : null;
  const spent = run.spent.reduce((sum, call) => sum + call.cost, 0);
  const lived = run.time.edges.length ? run.time.edges[run.time.edges.length - 1] - run.time.edges[0] : 0;
  const view = el("div", {}, el("h2", {}, "Overview"), tiles([
    ["best score", number(s.best_score, 8), run.best ? run.link(run.best) : null],
    ["seed program", number(s.seed_score, 8), run.seed ? run.link(run.seed) : null],
    ["gain", gain === null ? "–" : number(gain)],
    ["programs", `${run.rows.length} (${s.correct} correct)`, "#/programs"],
    ["failed generations", String(run.failed.length), "#/failures"],
    ["under way", String(run.open)],
    ["cost", moneyAndMore(spent, run.spent.filter((call) => call.cost === null).length), "#/cost"],
    ["time", duration(lived), "#/time"],
  ]));
  if (s.seed_error) view.append(el("p", { class: "bad" }, "The seed program is not correct: ", said(s.seed_error, 500)));
  if (s.reached) view.append(el("p", {}, "The run has ended because ", said(s.reached, 300)));
  view.append(el("div", { class: "controls" },
    choice("over", Object.entries(AXES).map(([key, [words]]) => [key, words]), state.over || "generation", (over) => { state.over = over; redraw(); }),
    choice("scores", [["near", "near the best"], ["all", "all"]], state.range || "near", (range) => { state.range = range; redraw(); })));
  const place = el("div");
  const redraw = () => { place.replaceChildren(progress(run, AXES[state.over || "generation"], state.range || "near")); };
  redraw();
  view.append(place, el("h2", {}, "What improved it"), table("Improvements of the best score, the last one first", [
    { name: "generation", of: (row) => row.generation, number: true },
    { name: "score", of: (row) => row.score, show: (row) => number(row.score, 8), number: true },
    { name: "gain", of: (row) => row.gain, show: (row) => (row.gain === null ? "–" : `+${number(row.gain)}`), number: true },
    { name: "name", of: (row) => row.name, show: (row) => said(row.name, 80) },
    { name: "made by", of: madeBy, show: (row) => said(madeBy(row), 80) },
    { name: "island", of: (row) => row.island, number: true },
    { name: "spent by then", of: (row) => row.spent, show: (row) => money(row.spent), number: true },
    { name: "after", of: (row) => row.elapsed, show: (row) => duration(row.elapsed), number: true },
  ], [...run.improvements].reverse(), { link: (row) => run.link(row) }));
  return view;
}

function madeBy(row) {
  return [row.operator || "seed", row.model].filter(Boolean).join(", ");
}

function progress(run, [words, axisName, of], range) {
  const fit = run.rows.filter((row) => row.correct && row.score !== null);
  const at = (row) => [of(row), row.score, row.index];
  const kinds = [...new Set(fit.map((row) => row.operator || "seed"))].sort();
  const low = range === "all" ? null : usualLow(run, fit);
  const ordered = [...run.rows].filter((row) => row.best !== null).sort((a, b) => a.index - b.index);
  const steps = [];
  let [reached, last] = [-Infinity, null];
  for (const row of ordered) { reached = Math.max(reached, of(row)); if (row.best !== last) steps.push([reached, row.best]); last = row.best; }
  if (ordered.length) steps.push([reached, last]);
  return chart({
    title: `Scores over ${words}`,
    words: run.best ? `The best of ${fit.length} correct programs scores ${number(run.best.score, 8)}, in generation ${run.best.generation}; the seed program ${number(run.summary.seed_score, 8)}.` : "No program is correct yet.",
    height: 420,
    option: {
      xAxis: axis(axisName, { scale: words !== "money" }), yAxis: axis("score", low === null ? {} : { min: (value) => Math.max(low, value.min) }), dataZoom: ZOOM(),
      tooltip: { formatter: (one) => (one.seriesType === "scatter" ? pointed(run.rows[one.data[2]]) : `best ${number(one.data[1], 8)}`) },
      series: [
        ...kinds.map((kind, index) => points(line(kind, 30), fit.filter((row) => (row.operator || "seed") === kind && (low === null || row.score >= low)).map(at), index + 1)),
        { ...curve("best so far", steps, 0), step: "end", z: 5, sampling: null },
      ],
    },
    columns: [
      { name: "generation", of: (row) => row.generation, number: true }, { name: axisName, of, number: true },
      { name: "score", of: (row) => row.score, number: true }, { name: "best so far", of: (row) => row.best, number: true },
    ],
    rows: run.rows,
    click: (one) => { if (one.seriesType === "scatter") location.hash = run.link(run.rows[one.data[2]]); },
  });
}

// The score below which lie only the worst tenth of the correct programs, and not the seed program.
function usualLow(run, fit) {
  const sorted = fit.map((row) => row.score).sort((a, b) => a - b);
  return sorted.length < 8 ? null : Math.min(sorted[Math.floor(sorted.length / 10)], run.seed && run.seed.score !== null ? run.seed.score : Infinity);
}

function pointed(row) {
  return `generation ${row.generation}, score ${number(row.score, 8)}\n${line(row.name, 60)}\n${line(madeBy(row), 60)}, island ${row.island}`;
}
