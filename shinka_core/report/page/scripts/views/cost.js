// What was paid: by model and purpose, and over the run.

function cost(run) {
  const groups = new Map();
  for (const call of run.spent) {
    const key = JSON.stringify([call.model, call.purpose]);
    const sum = groups.get(key) || { model: call.model, purpose: call.purpose, calls: 0, failed: 0, input: 0, cached: 0, output: 0, cost: 0, estimated: 0, unpriced: 0, seconds: 0 };
    sum.calls += 1;
    sum.failed += call.status === "failed" ? 1 : 0;
    for (const name of ["input", "cached", "output", "cost", "seconds"]) sum[name] += call[name];
    sum.estimated += call.estimated ? call.cost : 0;
    sum.unpriced += call.cost === null ? 1 : 0;
    groups.set(key, sum);
  }
  const rows = [...groups.values()].sort((a, b) => b.cost - a.cost);
  const total = rows.reduce((sum, row) => sum + row.cost, 0);
  const unpriced = rows.reduce((sum, row) => sum + row.unpriced, 0);
  const purposes = [...new Set(rows.map((row) => row.purpose))].sort();
  const sorted = [...run.spent].sort((a, b) => a.at - b.at);
  const sums = Object.fromEntries(purposes.map((purpose) => [purpose, 0]));
  const every = Math.max(Math.floor(sorted.length / 500), 1);
  const paths = Object.fromEntries(purposes.map((purpose) => [purpose, []]));
  sorted.forEach((call, index) => {
    sums[call.purpose] += call.cost;
    if (index % every === 0 || index === sorted.length - 1) for (const purpose of purposes) paths[purpose].push([call.at - run.first, sums[purpose]]);
  });
  const told = (paths[purposes[0]] || []).map((_, at) => at);
  return el("div", {}, el("h2", {}, "Cost"), el("p", {}, `${money(total)} for ${run.spent.length - unpriced} calls${unpriced ? `, and an unknown cost of ${unpriced} calls` : ""}.`), table("Calls by model and purpose", [
    { name: "model", of: (row) => row.model, show: (row) => said(row.model, 60) }, { name: "purpose", of: (row) => row.purpose }, { name: "calls", of: (row) => row.calls, number: true }, { name: "failed", of: (row) => row.failed, number: true },
    { name: "tokens in", of: (row) => row.input, number: true }, { name: "of them cached", of: (row) => row.cached / (row.input || 1), show: (row) => share(row.cached / (row.input || 1)), number: true }, { name: "tokens out", of: (row) => row.output, number: true },
    { name: "cost", of: (row) => row.cost, show: (row) => moneyAndMore(row.cost, row.unpriced), number: true }, { name: "of it estimated", of: (row) => row.estimated, show: (row) => money(row.estimated), number: true }, { name: "seconds a call", of: (row) => row.seconds / row.calls, show: (row) => number(row.seconds / row.calls, 3), number: true },
  ], rows),
  run.spent.length ? chart({ title: "Spent over time", words: `${moneyAndMore(total, unpriced)} in all.`, height: 300,
    option: { xAxis: axis("seconds since the start", { scale: false }), yAxis: axis("US dollars", { min: 0, scale: false }), tooltip: { formatter: (one) => `${one.seriesName}: ${money(one.data[1])}` },
      series: purposes.map((purpose, index) => ({ ...curve(purpose, paths[purpose], index), stack: "all", areaStyle: { opacity: 0.3 }, sampling: null })) },
    columns: [{ name: "second", of: (at) => paths[purposes[0]][at][0], show: (at) => number(paths[purposes[0]][at][0], 5), number: true }, ...purposes.map((purpose) => ({ name: purpose, of: (at) => paths[purpose][at][1], show: (at) => money(paths[purpose][at][1]), number: true }))], rows: told }) : null);
}
