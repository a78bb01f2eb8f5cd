import { useMemo } from "preact/hooks";
import { canvasChart } from "../charts/canvas";
import { extent, type Line, type Trace, type Window } from "../charts/chart";
import { styleOf, type Theme } from "../charts/palette";
import type { StudyAnswer } from "../model/board";
import type { Strand } from "../model/series";
import { CurveFrame } from "../views/curve_frame";
import { lineOf } from "../views/curves";
import { path } from "./api";
import { chooseCurves, curvesIn } from "./choices";
import { useFiner } from "./finer";
import { markReady } from "../views/ready";
import { useQuery } from "./route";

const BAND_POINTS = 500;
const TRACE_BUDGET = 400000;  // entries of all single runs together: what a frame can draw

function windowed(name: string, query: Record<string, string | number>) {
  return (window: Window, points: number) =>
    path(name, { ...query, points: Math.round(points), from: window?.[0], to: window?.[1] });
}

/** The single runs of each variant. */
function tracesOf(answer: StudyAnswer, strands: Strand[] | undefined): Map<string, Trace[]> {
  const variants = new Map(answer.runs.map((run, index) => [run.run, answer.document.runs[index]!]));
  const traces = new Map<string, Trace[]>();
  for (const strand of strands ?? []) {
    const run = variants.get(strand.run);
    if (!run) continue;
    const trace = { run: run.id, steps: strand.steps, values: strand.values };
    traces.set(run.variant, [...(traces.get(run.variant) ?? []), trace]);
  }
  return traces;
}

/** Means and bands as the document has them until a reader zooms; then what the server has finer. */
export function StudyCurves({ answer, theme }: { answer: StudyAnswer; theme: Theme }) {
  const { document: study, series } = answer;
  const metrics = useMemo(() => [...new Set([...study.curves.map((curve) => curve.metric), ...series.map((one) => one.metric)])], [answer]);
  const state = curvesIn(useQuery(), metrics);
  const { metric } = state;
  const runs = series.find((one) => one.metric === metric)?.runs ?? 1;
  const drawn = study.curves.filter((curve) => curve.metric === metric);
  const needsBands = state.zoom !== null || drawn.length === 0;
  const bands = useFiner(needsBands ? windowed("bands", { study: study.name, metric }) : () => "", state.zoom, BAND_POINTS, answer.revision);
  const few = Math.max(60, Math.min(1000, TRACE_BUDGET / runs));
  const singles = useFiner(state.singles ? windowed("curves", { study: study.name, metric }) : () => "", state.zoom, few, answer.revision);
  const lines = useMemo(() => {
    const traces = tracesOf(answer, singles.strands);
    const order = new Map(study.variants.map((variant, index) => [variant.name, index]));
    const whole = new Map<string, Line>(drawn.map((curve) => [curve.variant, lineOf(curve, order.get(curve.variant) ?? 0, theme, false)]));
    for (const strand of bands.strands ?? []) {
      if (strand.steps.length === 0) continue;
      whole.set(strand.variant, { name: strand.variant, style: styleOf(order.get(strand.variant) ?? 0, theme),
        steps: strand.steps, mean: strand.values, low: strand.low, high: strand.high, traces: [] });
    }
    for (const variant of traces.keys()) {  // no mean: its runs have no step in common
      if (whole.has(variant)) continue;
      whole.set(variant, { name: variant, style: styleOf(order.get(variant) ?? 0, theme), steps: [], mean: [], low: [], high: [], traces: [] });
    }
    return study.variants.flatMap(({ name }) => {
      const line = whole.get(name);
      return line ? [{ ...line, traces: traces.get(name) ?? [] }] : [];
    });
  }, [answer, metric, theme, bands.strands, singles.strands]);
  const error = singles.error ?? bands.error;
  return (
    <section id="curves" aria-labelledby="curves-title">
      <h2 id="curves-title">Learning curves <small>{study.curve_interval}</small></h2>
      <CurveFrame metrics={metrics} lines={lines} whole={extent(lines)} state={state} set={chooseCurves} theme={theme}
        chart={canvasChart} singles drawn={markReady} />
      {error && <p class="trouble" role="alert">{error.message}</p>}
    </section>
  );
}
