// A chart of curves with everything to move in it: metric, axes, legend, zoom, reading line. The
// same on a report and on the board; who shows it gives the lines and keeps the state.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { moved, nearest, type Chart, type Charter, type Line, type Window } from "../charts/chart";
import type { Theme } from "../charts/palette";
import { short } from "../model/format";

export interface CurveState {
  metric: string; hidden: string[]; singles: boolean; logX: boolean; logY: boolean; zoom: Window;
}

export function initialCurves(metric: string): CurveState {
  return { metric, hidden: [], singles: false, logX: false, logY: false, zoom: null };
}

type Set = (change: Partial<CurveState>) => void;

function Readout({ lines, step }: { lines: Line[]; step: number | null }) {
  if (step === null) {
    return <p class="readout faint">Point at the chart, or focus it and use the arrow keys, to read values.</p>;
  }
  const first = lines.find((line) => line.steps.length > 0);
  return (
    <dl class="readout">
      <div><dt>step</dt><dd>{short(first?.steps[nearest(first.steps, step)] ?? step, 8)}</dd></div>
      {lines.map((line) => {
        const at = nearest(line.steps, step);
        const [low, high] = [line.low[at] ?? NaN, line.high[at] ?? NaN];
        return (
          <div key={line.name}>
            <dt><Swatch color={line.style.color} dash={line.style.dash} />{line.name}</dt>
            <dd>{short(line.mean[at] ?? NaN)} {Number.isFinite(low + high) &&
              <span class="faint">[{short(low)}, {short(high)}]</span>}</dd>
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

function Legend({ lines, state, set }: { lines: Line[]; state: CurveState; set: Set }) {
  const toggle = (name: string) => set({
    hidden: state.hidden.includes(name) ? state.hidden.filter((one) => one !== name) : [...state.hidden, name] });
  return (
    <div class="legend" role="toolbar" aria-label="Lines shown" onKeyDown={rove}>
      {lines.map((line, index) => (
        <button type="button" key={line.name} tabIndex={index === 0 ? 0 : -1}
          aria-pressed={!state.hidden.includes(line.name)} onClick={() => toggle(line.name)}>
          <Swatch color={line.style.color} dash={line.style.dash} />{line.name}
        </button>
      ))}
    </div>
  );
}

function Controls(props: {
  metrics: string[]; state: CurveState; set: Set; whole: [number, number]; singles: boolean;
  moving: boolean; setMoving: (moving: boolean) => void;
}) {
  const { state, set, whole } = props;
  const zoomed = state.zoom !== null;
  const flag = (label: string, name: "logX" | "logY" | "singles") => (
    <label class="check"><input type="checkbox" checked={state[name]} onChange={() => set({ [name]: !state[name] })} /> {label}</label>
  );
  return (
    <div class="controls">
      <label>Metric <select value={state.metric} onChange={(event) => set({ metric: event.currentTarget.value, zoom: null })}>
        {props.metrics.map((name) => <option key={name} value={name}>{name}</option>)}</select></label>
      {flag("log steps", "logX")}
      {flag("log values", "logY")}
      {props.singles && flag("single runs", "singles")}
      <span class="group" role="group" aria-label="Zoom">
        <label>Drag <select value={props.moving ? "moves" : "zooms"}
          onChange={(event) => props.setMoving(event.currentTarget.value === "moves")}>
          <option>zooms</option><option>moves</option></select></label>
        <button type="button" aria-label="Zoom in" onClick={() => set({ zoom: moved(whole, state.zoom, 0.5, 0) })}>+</button>
        <button type="button" aria-label="Zoom out" disabled={!zoomed} onClick={() => set({ zoom: moved(whole, state.zoom, 2, 0) })}>−</button>
        <button type="button" disabled={!zoomed} onClick={() => set({ zoom: null })}>All steps</button>
      </span>
    </div>
  );
}

interface Drag { from: number; x: number; window: [number, number]; pan: boolean; perPixel: number }

/** `drawn` is called whenever the chart has been drawn. */
export function CurveFrame(props: {
  metrics: string[]; lines: Line[]; whole: [number, number]; state: CurveState; set: Set; theme: Theme;
  chart: Charter; singles: boolean; drawn?: () => void;
}) {
  const { lines, whole, state, set, theme } = props;
  const { logX, logY, zoom } = state;
  const [cursor, setCursor] = useState<number | null>(null);
  const [moving, setMoving] = useState(false);
  const [chosen, setChosen] = useState<[number, number] | null>(null);  // pixels being dragged over
  const [width, setWidth] = useState(0);
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const drag = useRef<Drag | null>(null);
  const shown = lines.filter((line) => !state.hidden.includes(line.name));

  useLayoutEffect(() => {
    chart.current = props.chart(host.current!);
    setWidth(host.current!.clientWidth);  // not left to the observer: a page that is only printed has no second frame
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.observe(host.current!);
    return () => { observer.disconnect(); chart.current?.close(); };
  }, []);
  useLayoutEffect(() => {
    if (width === 0) return;
    chart.current?.draw(shown, { logX, logY, window: zoom }, theme);
    chart.current?.cursor(cursor);
    props.drawn?.();
  }, [lines, state.hidden, logX, logY, zoom, theme, width]);
  useEffect(() => { chart.current?.cursor(cursor); }, [cursor]);
  useEffect(() => setCursor(null), [state.metric]);

  const [low, high] = zoom ?? whole;
  const inside = (step: number) => Math.min(high, Math.max(low, step));
  const offset = (event: MouseEvent) => event.clientX - host.current!.getBoundingClientRect().left;
  const stepOf = (event: MouseEvent) => chart.current?.stepAt(offset(event)) ?? NaN;
  const slide = (window: [number, number], pixels: number, perPixel: number): Window => {
    if (!logX) return moved(whole, window, 1, (-pixels * perPixel) / (window[1] - window[0]));
    const factor = Math.min(whole[1] / window[1], Math.max(whole[0] > 0 ? whole[0] / window[0] : 0, perPixel ** -pixels));
    return [window[0] * factor, window[1] * factor];
  };
  const perPixelAt = (x: number) => {
    const [here, there] = [chart.current!.stepAt(x), chart.current!.stepAt(x + 1)];
    return logX ? there / here : there - here;
  };

  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const x = offset(event);
    drag.current = { from: stepOf(event), x, window: [low, high], pan: moving || event.shiftKey, perPixel: perPixelAt(x) };
    host.current!.setPointerCapture(event.pointerId);
  };
  const onMove = (event: PointerEvent) => {
    const at = drag.current;
    if (at?.pan) {
      if (zoom) set({ zoom: slide(at.window, offset(event) - at.x, at.perPixel) });
      return;
    }
    if (at) setChosen([Math.min(at.x, offset(event)), Math.max(at.x, offset(event))]);
    setCursor(inside(stepOf(event)));
  };
  const onUp = (event: PointerEvent) => {
    const at = drag.current;
    drag.current = null;
    setChosen(null);
    if (!at || at.pan || Math.abs(offset(event) - at.x) < 8) return;
    const [a, b] = [inside(at.from), inside(stepOf(event))];
    set({ zoom: [Math.min(a, b), Math.max(a, b)] });
  };
  const onLeave = () => { if (!drag.current) setCursor(null); };
  const onWheel = (event: WheelEvent) => {
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    if (event.ctrlKey) {
      set({ zoom: moved(whole, zoom, Math.exp(0.004 * event.deltaY), 0, inside(stepOf(event))) });
    } else if (zoom && Math.abs(sideways) > 0 && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
      set({ zoom: slide([low, high], -sideways, perPixelAt(offset(event))) });
    } else {
      return;  // the page scrolls
    }
    event.preventDefault();
  };
  const wheel = useRef(onWheel);
  wheel.current = onWheel;
  useEffect(() => {  // by hand, since only a listener that says so may keep the page from scrolling
    const listener = (event: WheelEvent) => wheel.current(event);
    host.current!.addEventListener("wheel", listener, { passive: false });
    return () => host.current?.removeEventListener("wheel", listener);
  }, []);

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const read = (share: number) => setCursor(inside((cursor ?? low) + share * (high - low)));
    const zoomBy = (factor: number, shift = 0) => set({ zoom: moved(whole, zoom, factor, shift, factor < 1 && cursor !== null ? cursor : undefined) });
    const actions: Record<string, () => void> = {
      ArrowRight: () => (event.shiftKey ? zoomBy(1, 0.2) : read(0.02)),
      ArrowLeft: () => (event.shiftKey ? zoomBy(1, -0.2) : read(-0.02)),
      Home: () => setCursor(low), End: () => setCursor(high),
      "+": () => zoomBy(0.5), "=": () => zoomBy(0.5), "-": () => zoomBy(2),
      "0": () => set({ zoom: null }), Escape: () => setCursor(null),
    };
    const action = actions[event.key];
    if (!action) return;
    action();
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <>
      <Controls metrics={props.metrics} state={state} set={set} whole={whole} singles={props.singles}
        moving={moving} setMoving={setMoving} />
      {lines.length > 1 && <Legend lines={lines} state={state} set={set} />}
      <div class={moving ? "chart moving" : "chart"} tabIndex={0} role="application" onKeyDown={onKey}
        aria-label={`${state.metric} by step. Arrow keys read values, plus and minus zoom, Shift with arrow keys moves, zero shows all steps.`}
        onPointerDown={onDown} onPointerMove={onMove} onPointerUp={onUp} onPointerCancel={onUp} onPointerLeave={onLeave}>
        <div class="drawing" ref={host} />
        {chosen && <div class="chosen" style={{ left: `${chosen[0]}px`, width: `${chosen[1] - chosen[0]}px` }} />}
      </div>
      <div aria-live="polite"><Readout lines={shown} step={cursor} /></div>
    </>
  );
}
