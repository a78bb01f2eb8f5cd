import type { View } from "vega";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { drawCurves, setCursor, stepAt, type Line } from "../charts/curves";
import { styleOf, type Theme } from "../charts/palette";
import type { Curve, StudyDocument } from "../model/document";
import { unpack } from "../model/document";
import { short } from "../model/format";

type Window = [number, number] | null;

function lineOf(curve: Curve, index: number, theme: Theme, singles: boolean): Line {
  return {
    variant: curve.variant, style: styleOf(index, theme),
    steps: unpack(curve.steps), mean: unpack(curve.mean), low: unpack(curve.low), high: unpack(curve.high),
    traces: singles ? curve.runs.map((trace) => ({
      run: trace.run, steps: unpack(trace.steps), values: unpack(trace.values),
    })) : [],
  };
}

function extent(lines: Line[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const { steps } of lines) {
    low = Math.min(low, steps[0] ?? Infinity);
    high = Math.max(high, steps[steps.length - 1] ?? -Infinity);
  }
  return [low, high];
}

/** The window scaled by `factor` about its middle (or `about`) and moved by `shift` of its width. */
function moved(whole: [number, number], window: Window, factor: number, shift: number): Window {
  const [low, high] = window ?? whole;
  const half = ((high - low) / 2) * factor;
  const middle = (low + high) / 2 + shift * (high - low);
  const next: [number, number] = [Math.max(whole[0], middle - half), Math.min(whole[1], middle + half)];
  return next[0] <= whole[0] && next[1] >= whole[1] ? null : next;
}

function nearest(steps: ArrayLike<number>, step: number): number {
  let best = 0;
  for (let at = 1; at < steps.length; ++at) {
    if (Math.abs(steps[at]! - step) < Math.abs(steps[best]! - step)) best = at;
  }
  return best;
}

function Readout({ lines, step }: { lines: Line[]; step: number | null }) {
  if (step === null) {
    return <p class="readout faint">Point at the chart, or focus it and use the arrow keys, to read values.</p>;
  }
  const first = lines[0];
  return (
    <dl class="readout">
      <div><dt>step</dt><dd>{short(first ? first.steps[nearest(first.steps, step)] ?? step : step, 6)}</dd></div>
      {lines.map((line) => {
        const at = nearest(line.steps, step);
        return (
          <div key={line.variant}>
            <dt><Swatch color={line.style.color} dash={line.style.dash} />{line.variant}</dt>
            <dd>{short(line.mean[at] ?? NaN)} <span class="faint">[{short(line.low[at] ?? NaN)}, {short(line.high[at] ?? NaN)}]</span></dd>
          </div>
        );
      })}
    </dl>
  );
}

function Swatch({ color, dash }: { color: string; dash: number[] }) {
  return (
    <svg width="26" height="10" aria-hidden="true">
      <line x1="1" x2="25" y1="5" y2="5" stroke={color} stroke-width="2.5" stroke-dasharray={dash.join(" ")} />
    </svg>
  );
}

/** Arrow keys move between the buttons of a toolbar, as one stop of the Tab key. */
function rove(event: KeyboardEvent) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const bar = event.currentTarget as HTMLElement;
  const buttons = [...bar.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const next = buttons[(at + step + buttons.length) % buttons.length];
  for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
  next?.focus();
  event.preventDefault();
}

/** The curves; `drawn` is called whenever the chart has been drawn. */
export function Curves({ study, theme, drawn }: { study: StudyDocument; theme: Theme; drawn: () => void }) {
  const metrics = useMemo(() => [...new Set(study.curves.map((curve) => curve.metric))], [study]);
  const [metric, setMetric] = useState(metrics[0] ?? "");
  const [hidden, setHidden] = useState<Set<string>>(new Set());
  const [singles, setSingles] = useState(false);
  const [logX, setLogX] = useState(false);
  const [logY, setLogY] = useState(false);
  const [zoom, setZoom] = useState<Window>(null);
  const [cursor, setCursorStep] = useState<number | null>(null);
  const [width, setWidth] = useState(0);
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<View | null>(null);
  const order = useMemo(() => new Map(study.variants.map((variant, index) => [variant.name, index])), [study]);

  const all = useMemo(() => study.curves.filter((curve) => curve.metric === metric)
    .map((curve) => lineOf(curve, order.get(curve.variant) ?? 0, theme, singles)), [metric, theme, singles]);
  const lines = all.filter((line) => !hidden.has(line.variant));
  const whole = extent(all);

  useEffect(() => {
    if (!host.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.observe(host.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (!host.current || width === 0) return;
    view.current = drawCurves(host.current, lines, { logX, logY, window: zoom }, theme);
    host.current.querySelector("svg")?.setAttribute("aria-hidden", "true");
    drawn();
    return () => { view.current?.finalize(); view.current = null; };
  }, [all, hidden, logX, logY, zoom, theme, width]);
  useEffect(() => { if (view.current) setCursor(view.current, cursor); }, [cursor]);

  const drag = useRef<number | null>(null);
  const stepOf = (event: PointerEvent) => {
    const box = host.current!.getBoundingClientRect();
    return view.current ? stepAt(view.current, event.clientX - box.left) : NaN;
  };
  const inside = (step: number) => Math.min(zoom?.[1] ?? whole[1], Math.max(zoom?.[0] ?? whole[0], step));
  const onUp = (event: PointerEvent) => {
    const [from, to] = [drag.current, stepOf(event)];
    drag.current = null;
    const [low, high] = zoom ?? whole;
    if (from !== null && Math.abs(to - from) > 0.02 * (high - low)) {
      setZoom([inside(Math.min(from, to)), inside(Math.max(from, to))]);
    }
  };
  const onKey = (event: KeyboardEvent) => {
    const [low, high] = zoom ?? whole;
    const move = (share: number) => setCursorStep(inside((cursor ?? low) + share * (high - low)));
    const actions: Record<string, () => void> = {
      ArrowRight: () => (event.shiftKey ? setZoom(moved(whole, zoom, 1, 0.2)) : move(0.02)),
      ArrowLeft: () => (event.shiftKey ? setZoom(moved(whole, zoom, 1, -0.2)) : move(-0.02)),
      Home: () => setCursorStep(low), End: () => setCursorStep(high),
      "+": () => setZoom(moved(whole, zoom, 0.5, 0)), "-": () => setZoom(moved(whole, zoom, 2, 0)),
      "0": () => setZoom(null), Escape: () => setCursorStep(null),
    };
    const action = actions[event.key];
    if (!action) return;
    action();
    event.preventDefault();
  };
  const toggle = (variant: string) => {
    const next = new Set(hidden);
    if (!next.delete(variant)) next.add(variant);
    setHidden(next);
  };
  const flag = (label: string, value: boolean, set: (on: boolean) => void) => (
    <label class="check"><input type="checkbox" checked={value} onChange={() => set(!value)} /> {label}</label>
  );

  return (
    <section id="curves" aria-labelledby="curves-title">
      <h2 id="curves-title">Learning curves <small>{study.curve_interval}</small></h2>
      <div class="controls">
        <label>Metric <select value={metric} onChange={(event) => {
          setMetric(event.currentTarget.value); setZoom(null); setCursorStep(null);
        }}>{metrics.map((name) => <option key={name} value={name}>{name}</option>)}</select></label>
        {flag("log steps", logX, setLogX)}
        {flag("log values", logY, setLogY)}
        {flag("single runs", singles, setSingles)}
        <span class="group" role="group" aria-label="Zoom">
          <button type="button" aria-label="Zoom in" onClick={() => setZoom(moved(whole, zoom, 0.5, 0))}>+</button>
          <button type="button" aria-label="Zoom out" disabled={!zoom} onClick={() => setZoom(moved(whole, zoom, 2, 0))}>−</button>
          <button type="button" disabled={!zoom} onClick={() => setZoom(null)}>All steps</button>
        </span>
      </div>
      <div class="legend" role="toolbar" aria-label="Variants shown" onKeyDown={rove}>
        {all.map((line, index) => (
          <button type="button" key={line.variant} tabIndex={index === 0 ? 0 : -1}
            aria-pressed={!hidden.has(line.variant)} onClick={() => toggle(line.variant)}>
            <Swatch color={line.style.color} dash={line.style.dash} />{line.variant}
          </button>
        ))}
      </div>
      <div class="chart" ref={host} tabIndex={0} role="application" onKeyDown={onKey}
        aria-label={`${metric} by step. Arrow keys read values, plus and minus zoom, zero shows all steps.`}
        onPointerDown={(event) => { drag.current = stepOf(event); }}
        onPointerMove={(event) => setCursorStep(inside(stepOf(event)))}
        onPointerUp={onUp} onPointerLeave={() => { drag.current = null; setCursorStep(null); }} />
      <div aria-live="polite"><Readout lines={lines} step={cursor} /></div>
    </section>
  );
}
