// The curves' chart on the board. A frame costs what is visible: only the entries inside the window
// are walked, and where several fall on one column of pixels they are drawn as one upright stroke
// from the least to the greatest, which looks the same as drawing them all.
import { tickLabels, ticks } from "../model/format";
import { extent, lowerBound, type Chart, type Line } from "./chart";
import type { Theme } from "./palette";

const INK = { light: "#46505c", dark: "#c9d1da" };
const RULE = { light: "#e3e7ec", dark: "#2e3640" };
const FONT = "12px system-ui, -apple-system, 'Segoe UI', sans-serif";
const EDGE = { top: 12, right: 14, bottom: 40 };

/** Pixels for values; a logarithmic one has none for zero and below. */
interface Scale { low: number; high: number; of(value: number): number; invert(pixel: number): number }

function scaleOf(low: number, high: number, from: number, to: number, log: boolean): Scale {
  const [a, b] = log ? [Math.log(low), Math.log(high)] : [low, high];
  const factor = (to - from) / (b - a || 1);
  return {
    low, high,
    of: log ? (value) => (value > 0 ? from + (Math.log(value) - a) * factor : NaN) : (value) => from + (value - a) * factor,
    invert: (pixel) => (log ? Math.exp(a + (pixel - from) / factor) : a + (pixel - from) / factor),
  };
}

/** Places of the entries inside [from, to], and one beyond each end, so that lines reach the edge. */
function visible(steps: ArrayLike<number>, from: number, to: number): [number, number] {
  return [Math.max(0, lowerBound(steps, from) - 1), Math.min(steps.length, lowerBound(steps, to) + 1)];
}

function valueRange(lines: Line[], from: number, to: number, log: boolean): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  const scan = (steps: ArrayLike<number>, values: ArrayLike<number>) => {
    const end = lowerBound(steps, to);
    for (let at = lowerBound(steps, from); at < values.length && (at < end || steps[at] === to); ++at) {
      const value = values[at]!;
      if (!Number.isFinite(value) || (log && value <= 0)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  };
  for (const line of lines) {
    for (const values of [line.mean, line.low, line.high]) scan(line.steps, values);
    for (const trace of line.traces) scan(trace.steps, trace.values);
  }
  if (low > high) return log ? [0.1, 1] : [0, 1];
  if (low === high) return log ? [low / 2, high * 2] : [low - (Math.abs(low) * 0.1 || 1), high + (Math.abs(high) * 0.1 || 1)];
  const pad = log ? (high / low) ** 0.04 : 0.05 * (high - low);
  return log ? [low / pad, high * pad] : [low - pad, high + pad];
}

function decades(low: number, high: number): number[] {
  const found: number[] = [];
  const steps = high / low < 30 ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil(Math.log10(high / low) / 8));
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += stride) {
    for (const step of steps) {
      const tick = step * 10 ** power;
      if (tick >= low && tick <= high) found.push(Number(tick.toPrecision(12)));
    }
  }
  return found.length > 1 ? found : ticks(low, high, 5);
}

/** Adds the values to the path, column by column of pixels. */
function trace(pen: CanvasRenderingContext2D, steps: ArrayLike<number>, values: ArrayLike<number>, x: Scale, y: Scale) {
  const [from, to] = visible(steps, x.low, x.high);
  let down = false;
  for (let at = from; at < to;) {
    const px = x.of(steps[at]!);
    const py = y.of(values[at]!);
    if (!Number.isFinite(px + py)) { down = false; ++at; continue; }
    if (down) pen.lineTo(px, py);
    else pen.moveTo(px, py);
    down = true;
    const column = Math.floor(px);
    let [least, greatest, last] = [py, py, py];
    let count = 1;
    for (++at; at < to; ++at) {
      if (Math.floor(x.of(steps[at]!)) !== column) break;
      const next = y.of(values[at]!);
      if (!Number.isFinite(next)) break;
      if (next < least) least = next;
      if (next > greatest) greatest = next;
      last = next;
      ++count;
    }
    if (count === 2) pen.lineTo(px, last);
    else if (count > 2) { pen.lineTo(px, least); pen.lineTo(px, greatest); pen.lineTo(px, last); }
  }
}

/** Fills between low and high, a polygon for each stretch without gaps. */
function band(pen: CanvasRenderingContext2D, line: Line, x: Scale, y: Scale) {
  const [from, to] = visible(line.steps, x.low, x.high);
  const there = (at: number) => Number.isFinite(y.of(line.low[at]!) + y.of(line.high[at]!) + x.of(line.steps[at]!));
  for (let at = from; at < to;) {
    if (!there(at)) { ++at; continue; }
    const start = at;
    pen.beginPath();
    for (; at < to && there(at); ++at) pen.lineTo(x.of(line.steps[at]!), y.of(line.high[at]!));
    for (let back = at - 1; back >= start; --back) pen.lineTo(x.of(line.steps[back]!), y.of(line.low[back]!));
    pen.fill();
  }
}

function layer(host: HTMLElement): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  host.append(canvas);
  return canvas.getContext("2d")!;
}

export function canvasChart(host: HTMLElement): Chart {
  const back = layer(host);
  const front = layer(host);  // the reading line, so that moving it redraws nothing else
  let [width, height] = [0, 0];
  let theme: Theme = "light";
  let x: Scale | undefined;

  const clear = (pen: CanvasRenderingContext2D) => {
    const ratio = devicePixelRatio || 1;
    const { canvas } = pen;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = FONT;
  };

  const axes = (left: number, x: Scale, y: Scale, xTicks: number[], yTicks: number[], yLabels: string[]) => {
    const bottom = height - EDGE.bottom;
    back.strokeStyle = RULE[theme];
    back.fillStyle = INK[theme];
    back.lineWidth = 1;
    back.textBaseline = "middle";
    back.textAlign = "right";
    back.beginPath();
    yTicks.forEach((tick, index) => {
      const at = Math.round(y.of(tick)) + 0.5;
      back.moveTo(left, at);
      back.lineTo(width - EDGE.right, at);
      back.fillText(yLabels[index]!, left - 8, at);
    });
    back.textAlign = "center";
    back.textBaseline = "top";
    const labels = tickLabels(xTicks);
    let free = -Infinity;
    xTicks.forEach((tick, index) => {
      const at = Math.round(x.of(tick)) + 0.5;
      back.moveTo(at, EDGE.top);
      back.lineTo(at, bottom + 4);
      const half = back.measureText(labels[index]!).width / 2;
      const middle = Math.min(width - half - 2, at);
      if (middle - half < free) return;
      free = middle + half + 8;
      back.fillText(labels[index]!, middle, bottom + 8);
    });
    back.stroke();
    back.fillText("step", (left + width - EDGE.right) / 2, bottom + 24);
  };

  return {
    draw(lines, wanted, now) {
      theme = now;
      width = host.clientWidth;
      height = width < 520 ? 260 : 380;
      if (width < 40) return;
      clear(back);
      clear(front);
      let [from, to] = wanted.window ?? extent(lines);
      if (wanted.logX) from = Math.max(from, firstPositive(lines, to));
      if (from === to) [from, to] = wanted.logX ? [from / 2, to * 2] : [from - 1, to + 1];
      const [low, high] = valueRange(lines, from, to, wanted.logY);
      const y = scaleOf(low, high, height - EDGE.bottom, EDGE.top, wanted.logY);
      const yTicks = wanted.logY ? decades(low, high) : ticks(low, high, 6);
      const yLabels = tickLabels(yTicks);
      const left = Math.ceil(Math.max(24, ...yLabels.map((label) => back.measureText(label).width))) + 16;
      x = scaleOf(from, to, left, width - EDGE.right, wanted.logX);
      const count = Math.max(2, Math.floor((width - left) / 110));
      axes(left, x, y, wanted.logX ? decades(from, to) : ticks(from, to, count), yTicks, yLabels);

      back.save();
      back.beginPath();
      back.rect(left, EDGE.top - 2, width - EDGE.right - left, height - EDGE.bottom - EDGE.top + 4);
      back.clip();
      back.lineJoin = "round";
      for (const line of lines) {
        back.fillStyle = back.strokeStyle = line.style.color;
        back.globalAlpha = 0.17;
        band(back, line, x, y);
        back.globalAlpha = 0.4;
        back.lineWidth = 0.8;
        back.beginPath();
        for (const { steps, values } of line.traces) trace(back, steps, values, x, y);
        back.stroke();
      }
      for (const line of lines) {
        back.globalAlpha = 1;
        back.lineWidth = 2;
        back.strokeStyle = line.style.color;
        // A dash across thousands of turns is slow and unreadable: there the line is drawn whole.
        const [a, b] = visible(line.steps, from, to);
        back.setLineDash(b - a <= 4 * width ? line.style.dash : []);
        back.beginPath();
        trace(back, line.steps, line.mean, x, y);
        back.stroke();
      }
      back.restore();
    },
    stepAt: (offset) => x?.invert(offset) ?? NaN,
    cursor(step) {
      clear(front);
      const at = step === null || !x ? NaN : x.of(step);
      if (!Number.isFinite(at)) return;
      front.strokeStyle = INK[theme];
      front.setLineDash([3, 3]);
      front.beginPath();
      front.moveTo(at, EDGE.top);
      front.lineTo(at, height - EDGE.bottom);
      front.stroke();
    },
    close() { back.canvas.remove(); front.canvas.remove(); },
  };
}

function firstPositive(lines: Line[], otherwise: number): number {
  let least = otherwise;
  for (const { steps } of lines) {
    for (let at = 0; at < steps.length; ++at) {
      if (steps[at]! > 0) { least = Math.min(least, steps[at]!); break; }
    }
  }
  return least;
}
