// How busy the slots were, and what the idle ones waited for.

function time(run) {
  const t = run.time;
  const view = el("div", {}, el("h2", {}, "Throughput"));
  if (!t.edges.length) return (view.append(el("p", {}, "Nothing has run yet.")), view);
  const all = Object.values(t.idle).reduce((sum, value) => sum + value, 0) || 1;
  const x = t.edges.slice(0, -1).map((edge) => edge - t.edges[0]);
  const path = (values) => values.map((value, at) => [x[at], value]);
  const width = t.edges[1] - t.edges[0];
  const recorded = new Array(x.length).fill(0);
  for (const row of run.rows) recorded[Math.min(Math.max(Math.floor((row.at - t.edges[0]) / width), 0), x.length - 1)] += 1;
  const bins = x.map((_, at) => at);
  view.append(table("Evaluation slots over the whole run", [
    { name: "what they did", of: (one) => one[0] }, { name: "slot seconds", of: (one) => one[1], show: (one) => number(one[1], 5), number: true }, { name: "share", of: (one) => one[1] / all, show: (one) => share(one[1] / all), number: true },
  ], Object.entries(t.idle)),
  ...[
    ["Proposals under way", `There are ${t.slots[0]} slots; how many models were asked at once stands beside them.`, [["proposals", t.proposals], ["calls of models", t.asking], ["ready, waiting for an evaluation", t.waiting]]],
    ["Evaluations under way", `There are ${t.slots[1]} slots.`, [["evaluations", t.evaluations], ["slots", t.open.map((one) => one * t.slots[1])]]],
    ["Programs recorded per minute", `Each point is ${number(width, 3)} seconds.`, [["programs", recorded.map((count) => (60 * count) / width)]]],
  ].map(([title, words, series]) => chart({ title, words, height: 260,
    option: { xAxis: axis("seconds since the start", { scale: false }), yAxis: axis("at once", { min: 0, scale: false, name: title.includes("minute") ? "per minute" : "at once" }),
      tooltip: { trigger: "axis" }, series: series.map(([name, values], index) => ({ ...curve(name, path(values), index), areaStyle: index ? undefined : { opacity: 0.15 } })) },
    columns: [{ name: "second", of: (at) => x[at], show: (at) => number(x[at], 5), number: true }, ...series.map(([name, values]) => ({ name, of: (at) => values[at], show: (at) => number(values[at], 4), number: true }))], rows: bins })));
  return view;
}
