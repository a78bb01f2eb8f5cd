// The curves' chart in a report: Vega draws SVG, this file feeds it. Zooming filters the rows, so
// that both axes fit what is visible.
import { expressionInterpreter } from "vega-interpreter";
import { parse, View, type Scale, type Spec } from "vega";
import type { Axes, Chart, Line } from "./chart";
import compiled from "./curves.vl.json";
import type { Theme } from "./palette";

interface ScaledSpec { scales: { name: string; type: string; nice?: boolean }[] }

function specFor(axes: Axes): Spec {
  const spec = structuredClone(compiled) as unknown as Spec & ScaledSpec;
  for (const scale of spec.scales) {
    const log = scale.name === "x" ? axes.logX : scale.name === "y" && axes.logY;
    if (log) Object.assign(scale, { type: "log", nice: false });  // nice: whole decades, often empty
  }
  return spec;
}

function rowsOf(lines: Line[], axes: Axes) {
  const [from, to] = axes.window ?? [-Infinity, Infinity];
  const shown = (step: number) => step >= from && step <= to && (!axes.logX || step > 0);
  const drawable = (value: number) => Number.isFinite(value) && (!axes.logY || value > 0);
  const band: object[] = [];
  const mean: object[] = [];
  const traces: object[] = [];
  for (const line of lines) {
    const { color, dash } = line.style;
    for (let at = 0; at < line.steps.length; ++at) {
      const step = line.steps[at]!;
      if (!shown(step)) continue;
      const [low, high, value] = [line.low[at]!, line.high[at]!, line.mean[at]!];
      if (drawable(low) && drawable(high)) band.push({ step, low, high, color });
      if (drawable(value)) mean.push({ step, value, color, dash });
    }
    for (const trace of line.traces) {
      for (let at = 0; at < trace.steps.length; ++at) {
        const [step, value] = [trace.steps[at]!, trace.values[at]!];
        if (shown(step) && drawable(value)) traces.push({ step, value, color, run: trace.run });
      }
    }
  }
  return { band, mean, traces };
}

function viewOf(host: HTMLElement, lines: Line[], axes: Axes, theme: Theme): View {
  const rows = rowsOf(lines, axes);
  const view = new View(parse(specFor(axes), undefined, { ast: true }), {
    expr: expressionInterpreter, renderer: "svg", container: host, hover: false,
  });
  view.signal("ink", theme === "dark" ? "#c9d1da" : "#46505c");
  view.signal("rule", theme === "dark" ? "#343c46" : "#dde2e7");
  view.data("band", rows.band).data("mean", rows.mean).data("traces", rows.traces);
  view.data("cursor", []);
  view.width(Math.max(240, host.clientWidth)).height(host.clientWidth < 520 ? 260 : 380);
  view.run();
  host.querySelector("svg")?.setAttribute("aria-hidden", "true");
  return view;
}

export function vegaChart(host: HTMLElement): Chart {
  let view: View | undefined;
  return {
    draw(lines, axes, theme) {
      view?.finalize();
      view = viewOf(host, lines, axes, theme);
    },
    stepAt(offset) {
      if (!view) return NaN;
      const scale = view.scale("x") as Scale & { invert(pixel: number): number };
      return scale.invert(offset - view.origin()[0]);
    },
    cursor(step) { view?.data("cursor", step === null ? [] : [{ step }]).run(); },
    close() { view?.finalize(); view = undefined; },
  };
}
