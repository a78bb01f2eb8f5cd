import { useMemo, useState } from "preact/hooks";
import { extent, type Charter, type Line } from "../charts/chart";
import { styleOf, type Theme } from "../charts/palette";
import type { Curve, StudyDocument } from "../model/document";
import { unpack } from "../model/document";
import { CurveFrame, initialCurves, type CurveState } from "./curve_frame";

/** A curve of the document as a line, in the style of its variant. */
export function lineOf(curve: Curve, index: number, theme: Theme, singles: boolean): Line {
  return {
    name: curve.variant, style: styleOf(index, theme),
    steps: unpack(curve.steps), mean: unpack(curve.mean), low: unpack(curve.low), high: unpack(curve.high),
    traces: singles ? curve.runs.map((trace) => ({
      run: trace.run, steps: unpack(trace.steps), values: unpack(trace.values),
    })) : [],
  };
}

/** The learning curves of a document that holds all of them. */
export function Curves({ study, theme, chart, drawn }: {
  study: StudyDocument; theme: Theme; chart: Charter; drawn: () => void;
}) {
  const metrics = useMemo(() => [...new Set(study.curves.map((curve) => curve.metric))], [study]);
  const [state, setState] = useState<CurveState>(initialCurves(metrics[0] ?? ""));
  const order = useMemo(() => new Map(study.variants.map((variant, index) => [variant.name, index])), [study]);
  const lines = useMemo(() => study.curves.filter((curve) => curve.metric === state.metric)
    .map((curve) => lineOf(curve, order.get(curve.variant) ?? 0, theme, state.singles)),
  [study, state.metric, theme, state.singles]);
  return (
    <section id="curves" aria-labelledby="curves-title">
      <h2 id="curves-title">Learning curves <small>{study.curve_interval}</small></h2>
      <CurveFrame metrics={metrics} lines={lines} whole={extent(lines)} state={state} theme={theme} chart={chart}
        set={(change) => setState((old) => ({ ...old, ...change }))} singles drawn={drawn} />
    </section>
  );
}
