// Several runs side by side: the best so far of each, and the band that they span.

function compare(all, state) {
  const over = AXES[state.over || "generation"];
  const paths = all.map((run) => {
    const found = [];
    let best = null;
    for (const row of [...run.rows].sort((a, b) => over[2](a) - over[2](b))) {
      if (row.correct && row.score !== null && (best === null || row.score > best)) best = row.score;
      if (best !== null) found.push([over[2](row), best]);
    }
    return found;
  });
  const last = Math.max(...paths.map((path) => (path.length ? path[path.length - 1][0] : 0)), 1);
  const grid = Array.from({ length: 201 }, (_, at) => (last * at) / 200);
  const at = paths.map((path) => { let [k, best] = [0, null]; return grid.map((x) => { while (k < path.length && path[k][0] <= x) best = path[k++][1]; return best; }); });
  const across = grid.map((_, k) => at.map((values) => values[k]).filter((value) => value !== null).sort((a, b) => a - b));
  const middle = (values) => (values.length ? (values[Math.floor((values.length - 1) / 2)] + values[Math.ceil((values.length - 1) / 2)]) / 2 : null);
  const kept = grid.map((_, k) => k).filter((k) => across[k].length);
  const view = el("div", {}, el("h2", {}, "Runs side by side"), el("div", { class: "controls" },
    choice("over", Object.entries(AXES).map(([key, [words]]) => [key, words]), state.over || "generation", (value) => { state.over = value; show(); })));
  view.append(chart({ title: `Best so far over ${over[0]}`, words: `${all.length} runs; the shaded band reaches from the worst to the best of them, the thick line is their median.`, height: 460,
    option: { xAxis: axis(over[1]), yAxis: axis("score"), dataZoom: ZOOM(), tooltip: { formatter: (one) => `${one.seriesName}: ${number(one.data[1], 8)}` },
      series: [
        { ...curve("", kept.map((k) => [grid[k], across[k][0]]), 0), stack: "band", stackStrategy: "all", lineStyle: { opacity: 0 }, silent: true, unlisted: true, sampling: null },
        { ...curve("", kept.map((k) => [grid[k], across[k][across[k].length - 1] - across[k][0]]), 0), stack: "band", stackStrategy: "all", lineStyle: { opacity: 0 }, areaStyle: { color: COLOURS[0], opacity: 0.15 }, silent: true, unlisted: true, sampling: null },
        { ...curve("median", kept.map((k) => [grid[k], middle(across[k])]), 0), lineStyle: { width: 4 }, sampling: null },
        ...paths.map((path, index) => ({ ...curve(line(all[index].name, 40), path, index + 1), step: "end", lineStyle: { width: 1 }, sampling: null })),
      ] },
    columns: [{ name: over[1], of: (k) => grid[k], show: (k) => number(grid[k], 5), number: true }, { name: "median", of: (k) => middle(across[k]), number: true }, { name: "worst", of: (k) => across[k][0], number: true }, { name: "best", of: (k) => across[k][across[k].length - 1], number: true }], rows: kept }),
  table("Runs", [
    { name: "run", of: (run) => run.name, show: (run) => el("a", { href: `#/overview?run=${run.number}` }, line(run.name, 60)) }, { name: "state", of: (run) => run.state },
    { name: "best", of: (run) => run.summary.best_score, show: (run) => number(run.summary.best_score, 8), number: true }, { name: "seed program", of: (run) => run.summary.seed_score, show: (run) => number(run.summary.seed_score, 8), number: true },
    { name: "programs", of: (run) => run.rows.length, number: true }, { name: "failed", of: (run) => run.failed.length, number: true }, { name: "cost", of: (run) => run.summary.cost, show: (run) => moneyAndMore(run.summary.cost, Object.values(run.summary.models).reduce((sum, model) => sum + model.unpriced, 0)), number: true },
  ], all));
  return view;
}
