// Operators and models: how often each was used, what it gained, what that cost, and what was known of it when.

function models(run) {
  const arms = run.arms.arms.map(([operator, model], index) => ({
    index, operator, model, name: line([operator, model].filter(Boolean).join(", ") || "seed", 50), pulls: run.arms.pulls[index][run.arms.pulls[index].length - 1] || 0,
    better: run.arms.better[index], failed: run.arms.failed[index], gain: run.arms.gains[index], cost: run.arms.cost[index], seconds: run.arms.seconds[index],
  }));
  const pulls = arms.reduce((sum, arm) => sum + arm.pulls, 0);
  const shownOnes = [...arms].sort((a, b) => b.pulls - a.pulls).slice(0, 12);
  const { after } = run.arms;
  return el("div", {}, el("h2", {}, "Operators and models"), table("What came of each operator and model", [
    { name: "operator", of: (arm) => arm.operator }, { name: "model", of: (arm) => arm.model, show: (arm) => said(arm.model, 60) },
    { name: "proposals", of: (arm) => arm.pulls, number: true }, { name: "share", of: (arm) => arm.pulls / pulls, show: (arm) => share(arm.pulls / pulls), number: true },
    { name: "better than parent and seed", of: (arm) => arm.better / arm.pulls, show: (arm) => `${arm.better} (${share(arm.better / arm.pulls)})`, number: true },
    { name: "without a correct program", of: (arm) => arm.failed / arm.pulls, show: (arm) => `${arm.failed} (${share(arm.failed / arm.pulls)})`, number: true },
    { name: "gained in all", of: (arm) => arm.gain, show: (arm) => number(arm.gain, 4), number: true },
    { name: "cost", of: (arm) => arm.cost, show: (arm) => money(arm.cost), number: true },
    { name: "gained per dollar", of: (arm) => (arm.cost > 0 ? arm.gain / arm.cost : null), show: (arm) => (arm.cost > 0 ? number(arm.gain / arm.cost, 4) : "–"), number: true },
    { name: "evaluation", of: (arm) => arm.seconds, show: (arm) => duration(arm.seconds), number: true },
  ], arms, { sort: [2, true] }),
  after.length ? chart({ title: "Chance that a proposal is better than its parent and the seed, as known by then", words: "Mean of the Beta posterior over a uniform prior, with one standard deviation on either side.", height: 360,
    option: { xAxis: axis("proposals with a known outcome"), yAxis: axis("chance", { min: 0, scale: false }),
      tooltip: { formatter: (one) => `${one.seriesName}: ${share(one.data[1])}` },
      series: shownOnes.flatMap((arm, at) => [
        { ...curve(arm.name, after.map((x, k) => [x, run.arms.mean[arm.index][k]]), at) },
        { ...curve("", after.map((x, k) => [x, run.arms.mean[arm.index][k] - run.arms.deviation[arm.index][k]]), at), stack: `band ${at}`, lineStyle: { opacity: 0 }, silent: true, unlisted: true, sampling: null },
        { ...curve("", after.map((x, k) => [x, 2 * run.arms.deviation[arm.index][k]]), at), stack: `band ${at}`, lineStyle: { opacity: 0 }, silent: true, unlisted: true, sampling: null, areaStyle: { color: COLOURS[at % COLOURS.length], opacity: 0.12 } },
      ]) },
    columns: [{ name: "outcomes", of: (at) => after[at], number: true }, ...shownOnes.map((arm) => ({ name: arm.name, of: (at) => run.arms.mean[arm.index][at], show: (at) => `${share(run.arms.mean[arm.index][at])} ± ${share(run.arms.deviation[arm.index][at])}`, number: true }))],
    rows: after.map((_, at) => at) }) : null,
  after.length ? chart({ title: "Share of the proposals so far", words: "By operator and model.", height: 300,
    option: { xAxis: axis("proposals with a known outcome"), yAxis: axis("share", { min: 0, max: 1, scale: false }), tooltip: { formatter: (one) => `${one.seriesName}: ${share(one.data[1])}` },
      series: shownOnes.map((arm, at) => curve(arm.name, after.map((x, k) => [x, run.arms.pulls[arm.index][k] / x]), at)) },
    columns: [{ name: "outcomes", of: (at) => after[at], number: true }, ...shownOnes.map((arm) => ({ name: arm.name, of: (at) => run.arms.pulls[arm.index][at], number: true }))],
    rows: after.map((_, at) => at) }) : null);
}
