// What models wrote about the search itself, and what came of it.

const KINDS = { idea: "Ideas", advice: "Advice", system_prompt: "System prompts" };

function ideas(run) {
  const view = el("div", {}, el("h2", {}, "Ideas and advice"));
  const bestBefore = (after) => { const row = run.rows[Math.max(Math.min(after, run.rows.length) - 1, 0)]; return row ? row.best : null; };
  for (const [kind, title] of Object.entries(KINDS)) {
    const mine = run.guidance.filter((one) => one.kind === kind).map((one, index) => {
      const scores = one.programs.map((at) => run.rows[at]).filter((row) => row.correct && row.score !== null).map((row) => row.score);
      const top = scores.length ? Math.max(...scores) : null;
      const bar = bestBefore(one.after);
      return { ...one, number: index + 1, top, gain: top !== null && bar !== null ? top - bar : null };
    });
    if (!mine.length) { view.append(el("p", { class: "soft" }, `${title}: none.`)); continue; }
    view.append(el("h3", {}, title), table(title, [
      { name: "number", of: (one) => one.number, number: true }, { name: "after programs", of: (one) => one.after, number: true },
      { name: "text", of: (one) => one.text, show: (one) => el("details", {}, el("summary", {}, said(one.text, 90)), code(one.text)) },
      { name: "shown", of: (one) => one.uses, number: true },
      { name: "programs", of: (one) => one.programs.length, show: (one) => el("span", {}, one.programs.slice(0, 12).flatMap((at) => [el("a", { href: run.link(run.rows[at]) }, run.rows[at].generation), " "])) },
      { name: "best of them", of: (one) => one.top, show: (one) => number(one.top, 8), number: true },
      { name: "against the best of its time", of: (one) => one.gain, show: (one) => (one.gain === null ? "–" : `${one.gain > 0 ? "+" : ""}${number(one.gain)}`), number: true },
    ], mine));
  }
  return view;
}
