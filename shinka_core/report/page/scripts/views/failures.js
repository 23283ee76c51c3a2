// What failed, why, and whose fault it was; and what evaluators did not take.

function failures(run) {
  const groups = new Map();
  for (const row of run.failed) {
    const key = JSON.stringify([row.step, row.reason, row.blame]);
    if (!groups.has(key)) groups.set(key, { step: row.step, reason: row.reason, blame: row.blame, rows: [] });
    groups.get(key).rows.push(row);
  }
  const kinds = [...groups.values()].sort((a, b) => b.rows.length - a.rows.length);
  const incorrect = run.rows.filter((row) => !row.correct);
  return el("div", {}, el("h2", {}, "Failures"), el("p", {}, `${run.failed.length} generations ended without a program; ${incorrect.length} programs are not correct.`),
    table("Generations that failed, by reason", [
      { name: "step", of: (one) => one.step }, { name: "reason", of: (one) => one.reason, show: (one) => said(one.reason, 60) }, { name: "whose fault", of: (one) => one.blame },
      { name: "how many", of: (one) => one.rows.length, number: true },
      { name: "last of them", of: (one) => one.rows[one.rows.length - 1].detail, show: (one) => { const last = one.rows[one.rows.length - 1]; return el("span", {}, el("a", { href: run.link(last) }, `generation ${last.generation}`), ": ", said(last.detail, 160)); } },
    ], kinds),
    kinds.length ? chart({ title: "Failures over the run", words: "Generations that failed, among each part of the run.", height: 260, ...overTime(run, kinds) }) : null,
    table("Failed generations, the last one first", [
      { name: "generation", of: (row) => row.generation, number: true }, { name: "step", of: (row) => row.step }, { name: "reason", of: (row) => row.reason, show: (row) => said(row.reason, 60) },
      { name: "whose fault", of: (row) => row.blame }, { name: "words", of: (row) => row.detail, show: (row) => said(row.detail, 200) },
    ], [...run.failed].reverse(), { link: (row) => run.link(row) }),
    table("Programs that are not correct, the last one first", [
      { name: "generation", of: (row) => row.generation, number: true }, { name: "name", of: (row) => row.name, show: (row) => said(row.name, 80) }, { name: "made by", of: madeBy, show: (row) => said(madeBy(row), 60) },
      { name: "evaluation", of: (row) => row.seconds, show: (row) => `${number(row.seconds, 3)} s`, number: true },
    ], [...incorrect].reverse(), { link: (row) => run.link(row) }));
}

function overTime(run, kinds) {
  const last = Math.max(...run.byGeneration.keys(), 1);
  const width = Math.max(Math.ceil((last + 1) / 50), 1);
  const bins = Array.from({ length: Math.ceil((last + 1) / width) }, (_, at) => at);
  const shownOnes = kinds.slice(0, 8);
  const counts = shownOnes.map((one) => { const found = bins.map(() => 0); for (const row of one.rows) found[Math.floor(row.generation / width)] += 1; return found; });
  const name = (one) => line(`${one.step}: ${one.reason}`, 40);
  return {
    option: { xAxis: { ...axis("generation"), type: "category", data: bins.map((at) => String(at * width)) }, yAxis: axis("generations", { min: 0, scale: false }),
      series: shownOnes.map((one, at) => ({ name: name(one), type: "bar", stack: "all", data: counts[at], itemStyle: { color: COLOURS[at % COLOURS.length] } })) },
    columns: [{ name: "from generation", of: (at) => at * width, number: true }, ...shownOnes.map((one, index) => ({ name: name(one), of: (at) => counts[index][at], number: true }))], rows: bins,
  };
}
