// Charts by ECharts, each in a figure with words for those who do not see it and a table of what it shows.

// Okabe and Ito: told apart by all kinds of colour vision. Yellow is left out, since it fades on white.
const COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6D31", "#7F7F7F"];
const SYMBOLS = ["circle", "triangle", "rect", "diamond", "pin", "roundRect", "arrow", "circle"];
// Points of one series from which they are drawn in one go, as squares small enough to be filled without a path each.
const LARGE = 1500;
const SMALL = 3.9;
const open = new Set();

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function closeCharts() {
  for (const one of open) one.dispose();
  open.clear();
}

function axis(name, more = {}) {
  return {
    name, nameLocation: "middle", nameGap: 28, type: "value", scale: true, ...more,
    nameTextStyle: { color: colour("soft") }, axisLabel: { color: colour("soft"), hideOverlap: true, formatter: (value) => (typeof value === "number" ? number(value, 5) : value), ...(more.axisLabel || {}) },
    axisLine: { lineStyle: { color: colour("line") } }, splitLine: { lineStyle: { color: colour("line"), opacity: 0.5 } },
  };
}

function points(name, data, index, more = {}) {
  return {
    name, type: "scatter", data, symbol: SYMBOLS[index % SYMBOLS.length], symbolSize: 6, progressive: 0,
    large: data.length > LARGE, largeThreshold: LARGE, itemStyle: { color: COLOURS[index % COLOURS.length], opacity: 0.75 }, ...more,
    ...(data.length > LARGE ? { symbolSize: SMALL } : {}),
  };
}

function curve(name, data, index, more = {}) {
  return {
    name, type: "line", data, showSymbol: false, sampling: "lttb", lineStyle: { width: 2, type: ["solid", "dashed", "dotted"][Math.floor(index / COLOURS.length) % 3] },
    itemStyle: { color: COLOURS[index % COLOURS.length] }, ...more,
  };
}

// A chart: title; words: what it says, in a sentence; option: of ECharts; rows: of the table behind it.
function chart({ title, words = "", option, height = 340, columns, rows, click = null }) {
  const plot = el("div", { class: "plot", role: "img", "aria-label": `${title}. ${words} A table of it follows.`, style: `height:${height}px` });
  const behind = el("details", {}, el("summary", {}, `Table: ${title}`));
  behind.addEventListener("toggle", () => { if (behind.open && behind.childElementCount === 1) behind.append(table(title, columns, rows)); });
  const figure = el("figure", {}, el("figcaption", {}, title, el("span", { class: "said" }, words)), plot, behind);
  const drawn = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    drawn.disconnect();
    const made = echarts.init(plot, null, { renderer: "canvas" });
    open.add(made);
    made.setOption(complete(option));
    if (click) made.on("click", click);
    new ResizeObserver(() => { if (!made.isDisposed()) made.resize(); }).observe(plot);
  }, { rootMargin: "300px" });
  drawn.observe(plot);
  figure.plot = plot;
  return figure;
}

function complete(option) {
  const several = (option.series || []).filter((one) => one.name && !one.unlisted).length > 1;
  return {
    animation: false,
    textStyle: { color: colour("front"), fontFamily: "system-ui, sans-serif" },
    grid: { left: 60, right: 20, top: several ? 44 : 16, bottom: 48, ...(option.grid || {}) },
    legend: several ? { type: "scroll", top: 4, textStyle: { color: colour("front") }, pageTextStyle: { color: colour("front") }, data: option.series.filter((one) => one.name && !one.unlisted).map((one) => one.name) } : undefined,
    // Drawn on the canvas: a name can never become markup in it.
    tooltip: { trigger: "item", renderMode: "richText", confine: true, backgroundColor: colour("panel"), borderColor: colour("line"), textStyle: { color: colour("front") }, ...(option.tooltip || {}) },
    ...Object.fromEntries(Object.entries(option).filter(([name]) => !["grid", "tooltip"].includes(name))),
  };
}

// Wheel and fingers zoom, dragging pans; the slider is for the keyboard and for those who see that something is cut off.
const ZOOM = () => [
  { type: "inside", xAxisIndex: 0, filterMode: "none" },
  { type: "inside", yAxisIndex: 0, filterMode: "none", zoomOnMouseWheel: "shift" },
];
