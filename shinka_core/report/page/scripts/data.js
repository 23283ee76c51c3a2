// What was packed into the page, or what its server says; and runs made of it.

async function unpack(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent.trim()), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function decoded(column) {
  return column.of.map((at) => column.words[at]);
}

// One evolution: rows of its columns, and what follows from them.
class Run {
  constructor(raw, number) {
    Object.assign(this, raw);
    this.number = number;
    const columns = { ...raw.programs };
    for (const name of ["operator", "model", "language"]) columns[name] = decoded(raw.programs[name]);
    const plain = Object.keys(columns).filter((name) => !["features", "instances"].includes(name));
    this.rows = columns.generation.map((_, index) => {
      const row = { index, kind: "program", children: [] };
      for (const name of plain) row[name] = columns[name][index];
      row.point = raw.points[index];
      return row;
    });
    for (const row of this.rows) if (row.parent >= 0) this.rows[row.parent].children.push(row.index);
    this.features = raw.programs.features;
    this.instances = raw.programs.instances;
    this.failed = this.failures.generation.map((generation, index) => ({
      index, kind: "failure", generation, detail: this.failures.detail[index], at: this.failures.at[index],
      step: this.failures.step.words[this.failures.step.of[index]], reason: this.failures.reason.words[this.failures.reason.of[index]],
      blame: this.failures.blame.words[this.failures.blame.of[index]],
    }));
    this.byGeneration = new Map([...this.failed, ...this.rows].map((row) => [row.generation, row]));
    this.spent = calls(raw.calls);
    this.improve();
  }

  // The best so far at each program, what was spent by then, and who was the best one after the other.
  improve() {
    const byTime = [...this.spent].sort((a, b) => a.at - b.at);
    let [best, cost, at] = [null, 0, 0];
    this.improvements = [];
    for (const row of this.rows) {
      while (at < byTime.length && byTime[at].at <= row.at) cost += byTime[at++].cost;
      row.spent = cost;
      row.elapsed = row.at - this.first;
      row.label = row.tuned ? "tune" : row.operator;
      if (row.correct && row.score !== null && (best === null || row.score > best)) {
        this.improvements.push({ ...row, gain: best === null ? null : row.score - best });
        best = row.score;
      }
      row.best = best;
    }
    this.best = this.improvements.length ? this.rows[this.improvements[this.improvements.length - 1].index] : null;
    this.seed = this.rows.find((row) => row.generation === 0) || null;
  }

  lineage(row) {
    const found = [];
    for (let at = row.index, steps = 0; at >= 0 && steps < this.rows.length; at = this.rows[at].parent, steps += 1) found.push(this.rows[at]);
    return found;
  }

  link(row) {
    return `#/program/${row.generation}${this.number ? `?run=${this.number}` : ""}`;
  }
}

function calls(columns) {
  const words = Object.fromEntries(["purpose", "model", "status", "reason"].map((name) => [name, decoded(columns[name])]));
  return columns.generation.map((generation, index) => ({
    index, generation, attempt: columns.attempt[index], turn: columns.turn[index], input: columns.input[index], output: columns.output[index],
    cached: columns.cached[index], cost: columns.cost[index], estimated: columns.estimated[index], seconds: columns.seconds[index], at: columns.at[index],
    purpose: words.purpose[index], model: words.model[index], status: words.status[index], reason: words.reason[index],
  }));
}

// The texts of a report: each a list of runs in one table of lines.
class Packed {
  constructor() {
    this.loading = null;
  }

  async of(run, row) {
    this.loading ||= unpack("texts");
    const { lines, runs } = await this.loading;
    const text = (spans) => {
      const found = [];
      for (let at = 0; at < spans.length; at += 2) for (let k = 0; k < spans[at + 1]; k += 1) found.push(lines[spans[at] + k]);
      return found.join("\n");
    };
    const mine = runs[run.number];
    const files = (digest) => Object.fromEntries(Object.entries(mine.files[digest] || {}).map(([path, spans]) => [path, text(spans)]));
    return {
      about: Object.fromEntries(Object.entries(mine.about[row.generation] || {}).map(([name, spans]) => [name, text(spans)])),
      files: row.kind === "program" ? files(row.files) : null,
      parent: row.kind === "program" && row.parent >= 0 ? files(run.rows[row.parent].files) : null,
      seed: run.seed ? files(run.seed.files) : null,
      leftOut: mine.left_out.includes(row.generation),
      calls: run.spent.filter((call) => call.generation === row.generation).map((call) => {
        const said = mine.calls[call.index];
        return { ...call, messages: said ? said.messages.map(([role, spans]) => [role, text(spans)]) : null,
          answer: said && said.answer ? text(said.answer) : "", error: said && said.error ? text(said.error) : "", options: said ? said.options || "" : "" };
      }),
    };
  }
}
