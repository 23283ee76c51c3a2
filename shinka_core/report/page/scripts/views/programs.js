// Every generation in one table: programs and failures, searched, filtered and sorted.

function programs(run, state) {
  const all = [...run.rows, ...run.failed].sort((a, b) => a.generation - b.generation);
  const words = (name) => [...new Set(run.rows.map((row) => row[name]))].sort();
  const list = table("Generations", [
    { name: "generation", of: (row) => row.generation, number: true },
    { name: "score", of: (row) => (row.score === undefined ? null : row.score), show: (row) => (row.kind === "failure" ? "–" : number(row.score, 8)), number: true },
    { name: "outcome", of: outcome, show: (row) => el("span", { class: row.kind === "program" && row.correct ? "good" : "bad" }, line(outcome(row), 60)) },
    { name: "name", of: (row) => row.name || row.detail, show: (row) => said(row.kind === "program" ? row.name : row.detail, 100) },
    { name: "operator", of: (row) => row.operator || "" },
    { name: "model", of: (row) => row.model || "", show: (row) => said(row.model || "", 40) },
    { name: "island", of: (row) => row.island, number: true },
    { name: "children", of: (row) => (row.children ? row.children.length : null), number: true },
    { name: "cost", of: (row) => row.cost, show: (row) => money(row.cost), number: true },
    { name: "evaluation", of: (row) => row.seconds, show: (row) => (row.seconds === undefined ? "–" : `${number(row.seconds, 3)} s`), number: true },
  ], [], { link: (row) => run.link(row), sort: state.sort || null });
  const count = el("p", { role: "status", class: "soft" });

  function filter() {
    const find = (state.find || "").toLowerCase();
    const kept = all.filter((row) =>
      (!state.outcome || (state.outcome === "failed" ? row.kind === "failure" : row.kind === "program" && Boolean(row.correct) === (state.outcome === "correct"))) &&
      (!state.operator || row.operator === state.operator) && (!state.model || row.model === state.model) &&
      (!state.island || String(row.island) === state.island) &&
      (!find || `${row.generation} ${row.name || ""} ${row.operator || ""} ${row.model || ""} ${row.detail || ""} ${row.reason || ""}`.toLowerCase().includes(find)));
    list.fill(kept);
    count.textContent = `${kept.length} of ${all.length} generations`;
  }

  const set = (name) => (value) => { state[name] = value; filter(); };
  const any = (values) => [["", "any"], ...values.map((value) => [String(value), line(value === "" ? "(none)" : value, 40)])];
  filter();
  return el("div", {}, el("h2", {}, "Programs"), el("div", { class: "controls" },
    field("find", state.find || "", set("find")),
    choice("outcome", [["", "any"], ["correct", "correct"], ["incorrect", "not correct"], ["failed", "failed"]], state.outcome || "", set("outcome")),
    choice("operator", any(words("operator").filter(Boolean)), state.operator || "", set("operator")),
    choice("model", any(words("model").filter(Boolean)), state.model || "", set("model")),
    choice("island", any(words("island")), state.island || "", set("island"))), count, list);
}

function outcome(row) {
  return row.kind === "failure" ? `${row.step}: ${row.reason}` : row.correct ? "correct" : "not correct";
}
