// Islands as trajectories: how far each came, how much of the budget it had, and who moved where.

function islands(run) {
  const numbers = [...new Set([...run.islands.map((one) => one.island), ...run.rows.map((row) => row.island)])].sort((a, b) => a - b);
  const shownOnes = numbers.slice(0, 40);
  const paths = shownOnes.map((island) => {
    let best = null;
    const path = [];
    for (const row of run.rows) {
      if (row.island !== island && row.generation !== 0) continue;
      if (row.correct && row.score !== null && (best === null || row.score > best)) best = row.score;
      if (best !== null) path.push([row.index, best]);
    }
    return path;
  });
  const width = Math.max(Math.ceil(run.rows.length / 60), 1);
  const bins = Array.from({ length: Math.ceil(run.rows.length / width) }, (_, bin) => bin * width);
  const shares = shownOnes.map((island) => bins.map((first) => {
    const part = run.rows.slice(first, first + width).filter((row) => row.generation > 0);
    return part.length ? part.filter((row) => row.island === island).length / part.length : 0;
  }));
  return el("div", {}, el("h2", {}, "Islands"),
    table("Islands", [
      { name: "island", of: (one) => one.island, number: true }, { name: "began with", of: (one) => one.origin, show: (one) => said(one.origin, 60) },
      { name: "best", of: (one) => one.best_score, show: (one) => number(one.best_score, 8), number: true }, { name: "of generation", of: (one) => one.best_generation, number: true },
      { name: "programs", of: (one) => one.programs, number: true }, { name: "failed proposals", of: (one) => one.failures, number: true },
      { name: "share of proposals", of: (one) => one.share, show: (one) => share(one.share), number: true },
      { name: "made after", of: (one) => one.created_after, number: true }, { name: "given up after", of: (one) => one.retired_after, number: true },
      { name: "why", of: (one) => one.retired || one.reason, show: (one) => said(one.retired || one.reason || "", 80) },
      { name: "in its own way", of: (one) => JSON.stringify(one.own), show: (one) => said(Object.keys(one.own).length ? JSON.stringify(one.own) : "", 100) },
    ], run.islands),
    chart({ title: "Best program of each island", words: `${numbers.length} islands; what each had found by itself.`, height: 380,
      option: { xAxis: axis("programs recorded"), yAxis: axis("score"), dataZoom: ZOOM(), tooltip: { formatter: (one) => `island ${shownOnes[one.seriesIndex]}: ${number(one.data[1], 8)}` },
        series: paths.map((path, index) => ({ ...curve(`island ${shownOnes[index]}`, path, index), step: "end", sampling: null })) },
      columns: [{ name: "island", of: (one) => one[0], number: true }, { name: "programs recorded", of: (one) => one[1], number: true }, { name: "best", of: (one) => one[2], number: true }],
      rows: paths.flatMap((path, index) => path.filter((one, at) => at === 0 || one[1] !== path[at - 1][1]).map((one) => [shownOnes[index], ...one])) }),
    chart({ title: "Which island made the programs", words: `Shares among each ${width} programs.`, height: 280,
      option: { xAxis: { ...axis("programs recorded"), type: "category", data: bins.map(String) }, yAxis: axis("share", { min: 0, max: 1 }),
        series: shares.map((row, index) => ({ name: `island ${shownOnes[index]}`, type: "bar", stack: "all", barCategoryGap: 0, data: row, itemStyle: { color: COLOURS[index % COLOURS.length] } })) },
      columns: [{ name: "from program", of: (at) => bins[at], number: true }, ...shownOnes.map((island, index) => ({ name: `island ${island}`, of: (at) => shares[index][at], show: (at) => share(shares[index][at]), number: true }))],
      rows: bins.map((_, at) => at) }),
    table("Programs that came to another island", [
      { name: "after programs", of: (one) => one[0], number: true }, { name: "generation", of: (one) => run.rows[one[1]].generation, number: true },
      { name: "score", of: (one) => run.rows[one[1]].score, number: true }, { name: "from island", of: (one) => run.rows[one[1]].island, number: true }, { name: "to island", of: (one) => one[2], number: true },
    ], run.moves));
}
