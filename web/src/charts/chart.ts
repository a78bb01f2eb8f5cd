// What a chart of curves is to the views, whoever draws it: Vega as SVG in a report (sharp on
// paper), a canvas on the board (fast enough to be moved about in).
import type { Style, Theme } from "./palette";

/** A line with a band about it, and thin lines beneath. Steps increase. */
export interface Line {
  name: string; style: Style;
  steps: ArrayLike<number>; mean: ArrayLike<number>;
  low: ArrayLike<number>; high: ArrayLike<number>;  // NaN where there is no band
  traces: Trace[];
}
export interface Trace { run: string; steps: ArrayLike<number>; values: ArrayLike<number> }

/** Steps from, to; null: all of them. */
export type Window = [number, number] | null;
export interface Axes { logX: boolean; logY: boolean; window: Window }

export interface Chart {
  draw(lines: Line[], axes: Axes, theme: Theme): void;
  /** The step under a pointer `offset` pixels right of the chart's left edge. */
  stepAt(offset: number): number;
  /** Draws the reading line at `step`, or none. */
  cursor(step: number | null): void;
  close(): void;
}
export type Charter = (host: HTMLElement) => Chart;

/** First and last step of all lines. */
export function extent(lines: Line[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  const add = (steps: ArrayLike<number>) => {
    low = Math.min(low, steps[0] ?? Infinity);
    high = Math.max(high, steps[steps.length - 1] ?? -Infinity);
  };
  for (const line of lines) {
    add(line.steps);
    for (const trace of line.traces) add(trace.steps);
  }
  return low <= high ? [low, high] : [0, 1];
}

/** How many of the increasing `steps` lie below `step`. */
export function lowerBound(steps: ArrayLike<number>, step: number): number {
  let [from, to] = [0, steps.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (steps[middle]! < step) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The place of the step nearest to `step`; -1 if there is none. */
export function nearest(steps: ArrayLike<number>, step: number): number {
  const at = lowerBound(steps, step);
  if (at === 0) return steps.length > 0 ? 0 : -1;
  if (at === steps.length) return at - 1;
  return step - steps[at - 1]! <= steps[at]! - step ? at - 1 : at;
}

/** The window scaled by `factor` about `middle` and moved by `shift` of its width, within `whole`. */
export function moved(whole: [number, number], window: Window, factor: number, shift: number, middle?: number): Window {
  const [low, high] = window ?? whole;
  const width = Math.min(whole[1] - whole[0], (high - low) * factor);
  const about = middle ?? (low + high) / 2;
  const share = (about - low) / (high - low || 1);
  const from = Math.min(whole[1] - width, Math.max(whole[0], about - share * width + shift * (high - low)));
  return width >= whole[1] - whole[0] ? null : [from, from + width];
}
