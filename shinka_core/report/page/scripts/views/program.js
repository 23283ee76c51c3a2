// One generation: its code, what changed, what was asked and answered, what the evaluator said.

function program(run, state, generation) {
  const row = run.byGeneration.get(Number(generation));
  if (!row) return el("div", {}, el("h2", {}, "Program"), el("p", {}, `There is no generation ${line(generation, 20)} that has ended.`));
  const view = el("div", {}, el("h2", {}, `Generation ${row.generation}: `, said(row.kind === "program" ? row.name || "seed program" : `${row.step}: ${row.reason}`, 120)), ways(run, row), facts(run, row));
  if (row.kind === "failure") view.append(el("h3", {}, "Why it failed"), code(row.detail || "no words"));
  const place = el("div", { role: "region", "aria-label": "Texts", "aria-live": "polite" }, el("p", {}, "Loading …"));
  view.append(place);
  run.texts.of(run, row).then(
    (texts) => place.replaceChildren(tabs(pages(run, row, texts), state)),
    (error) => place.replaceChildren(el("p", { class: "bad" }, `The texts could not be read: ${line(error.message, 200)}`)));
  return view;
}

function ways(run, row) {
  const link = (words, to) => (to ? el("a", { href: run.link(to) }, words) : el("span", { class: "soft" }, words));
  const ordered = [...run.byGeneration.keys()].sort((a, b) => a - b);
  const at = ordered.indexOf(row.generation);
  const near = [link("← previous", run.byGeneration.get(ordered[at - 1])), link("next →", run.byGeneration.get(ordered[at + 1]))];
  if (row.kind === "failure") return el("p", { class: "pager" }, near);
  const parent = row.parent >= 0 ? run.rows[row.parent] : null;
  const children = row.children.slice(0, 20).map((index) => link(String(run.rows[index].generation), run.rows[index]));
  return el("div", {}, el("p", { class: "pager" }, near, parent ? el("a", { href: run.link(parent) }, `parent: generation ${parent.generation}`) : null,
    el("a", { href: `#/lineage/${row.generation}${run.number ? `?run=${run.number}` : ""}` }, "in the lineage")),
  children.length ? el("p", { class: "pager" }, `${row.children.length} children: `, children) : null,
  row.inspirations.length ? el("p", { class: "pager" }, "shown beside the parent: ", row.inspirations.map((index) => link(String(run.rows[index].generation), run.rows[index]))) : null);
}

function facts(run, row) {
  if (row.kind === "failure") return tiles([["outcome", "failed"], ["step", line(row.step, 40)], ["whose fault", row.blame], ["ended", moment(row.at)]]);
  const parent = row.parent >= 0 ? run.rows[row.parent] : null;
  const gain = parent && row.score !== null && parent.score !== null ? row.score - parent.score : null;
  const idea = run.guidance.find((one) => one.id === row.idea);
  return tiles([
    ["score", number(row.score, 10)], ["outcome", row.correct ? "correct" : "not correct"], gain === null ? null : ["against the parent", `${gain > 0 ? "+" : ""}${number(gain)}`],
    ["made by", line(madeBy(row), 60)], ["island", String(row.island)], ["cost", money(row.cost)], ["evaluation", `${number(row.seconds, 4)} s`], ["recorded", moment(row.at)],
    row.age === null || row.age === undefined ? null : ["programs since its parent was chosen", String(row.age)],
    idea ? ["idea", line(idea.text, 60), "#/ideas"] : null,
  ]);
}

function pages(run, row, texts) {
  const found = [];
  if (texts.files) {
    found.push(["Code", () => listed(texts.files)]);
    if (texts.parent) found.push(["Change to the parent", () => changed(texts.parent, texts.files)]);
    if (texts.seed && row.generation) found.push(["Change to the seed", () => changed(texts.seed, texts.files)]);
  }
  if (Object.keys(texts.about).length) found.push(["Evaluation", () => Object.entries(texts.about).map(([name, text]) => [el("h3", {}, name.replaceAll("_", " ")), code(text)])]);
  if (texts.calls.length || texts.leftOut) found.push([`Prompt and answer (${texts.calls.length})`, () => [texts.leftOut ? el("p", { class: "soft" }, "What was asked and answered is left out of this page, to keep it small; `--texts all` puts it in.") : null, ...texts.calls.map(talk)]]);
  return found.length ? found : [["Texts", () => el("p", {}, "There are none.")]];
}

function talk(call) {
  return el("section", {}, el("h3", {}, `${call.purpose}, `, said(call.model, 60)),
    el("p", { class: "soft" }, [call.status, line(call.reason, 60), `${call.input} tokens in (${call.cached} cached), ${call.output} out`, money(call.cost) + (call.estimated ? " estimated" : ""), `${number(call.seconds, 3)} s`, line(call.options, 100)].filter(Boolean).join(" · ")),
    (call.messages || []).map(([role, content]) => el("details", { open: role !== "system" && content.length < 4000 }, el("summary", {}, `${line(role, 20)} (${content.length} characters)`), code(content))),
    call.answer ? [el("h4", {}, "Answer"), code(call.answer)] : null, call.error ? [el("h4", {}, "Error"), code(call.error)] : null);
}

function tabs(all, state) {
  const body = el("div", { role: "tabpanel", tabindex: "0" });
  const buttons = all.map(([name, make], index) => el("button", { type: "button", role: "tab", onclick: () => open(index), onkeydown: (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) { open((index + step + all.length) % all.length); buttons[(index + step + all.length) % all.length].focus(); }
  } }, name));
  function open(at) {
    state.tab = all[at][0].split(" (")[0];
    buttons.forEach((button, index) => { button.setAttribute("aria-selected", String(index === at)); button.tabIndex = index === at ? 0 : -1; });
    body.setAttribute("aria-label", all[at][0]);
    body.replaceChildren(...[all[at][1]()].flat(2).filter(Boolean));
  }
  open(Math.max(all.findIndex(([name]) => name.split(" (")[0] === state.tab), 0));
  return el("div", {}, el("div", { class: "tabs", role: "tablist", "aria-label": "Texts of this generation" }, buttons), body);
}

function code(text) {
  return el("pre", { tabindex: "0", dir: "ltr" }, shown(text));
}

function listed(files) {
  return Object.entries(files).map(([path, text]) => [path ? el("h3", {}, said(path, 200)) : null, code(text)]);
}

function changed(before, after) {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const found = paths.filter((path) => before[path] !== after[path]).map((path) => {
    const patch = Diff.structuredPatch("", "", before[path] ?? "", after[path] ?? "", "", "", { context: 4, timeout: 3000 });
    const lines = patch ? patch.hunks.flatMap((hunk) => [
      el("span", { class: "place" }, `@@ line ${hunk.newStart} @@`),
      ...hunk.lines.map((one) => el("span", { class: { "+": "added", "-": "removed" }[one[0]] || "same" }, shown(one) || " ")),
    ]) : [el("span", { class: "place" }, "Too different to be compared within three seconds.")];
    return [path ? el("h3", {}, said(path, 200)) : null, el("pre", { tabindex: "0", dir: "ltr" }, lines)];
  });
  return found.length ? found : el("p", {}, "Nothing differs.");
}
