// Numbers and values as a reader wants them.
import type { Num, Value } from "./document";
import { num } from "./document";

const MINUS = "\u2212";

/** Four significant digits, a true minus sign, thin groups for large whole numbers. */
export function short(value: Num, digits = 4): string {
  const x = num(value);
  if (Number.isNaN(x)) return "n/a";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : `${MINUS}∞`;
  const size = Math.abs(x);
  let text: string;
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) text = x.toExponential(2);
  else if (size >= 10 ** digits) text = Math.round(x).toLocaleString("en-US");
  else text = String(Number(x.toPrecision(digits)));
  return text.replace(/-/g, MINUS);
}

/** Decimals that show `uncertainty` with two digits, at most 6. */
export function decimalsFor(uncertainty: number): number {
  if (!(uncertainty > 0) || !Number.isFinite(uncertainty)) return 3;
  return Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(uncertainty))));
}

/** A fixed number of decimals, so that a column aligns. */
export function fixed(value: Num, decimals: number): string {
  const x = num(value);
  if (!Number.isFinite(x) || Math.abs(x) >= 1e9) return short(value);
  const text = x.toLocaleString("en-US", {
    minimumFractionDigits: decimals, maximumFractionDigits: decimals,
  });
  return text.replace("-", MINUS);
}

/** Seconds, minutes or hours. */
export function duration(value: Num | null): string {
  if (value === null) return "";
  const seconds = num(value);
  if (seconds < 60) return `${short(seconds, 3)} s`;
  if (seconds < 3600) return `${short(seconds / 60, 3)} min`;
  return `${short(seconds / 3600, 3)} h`;
}

/** "1 run", "2 runs". */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;
}

/** "2026-03-01 12:00 UTC" for an ISO 8601 time in UTC. */
export function time(iso: string): string {
  return iso.replace(/^(\S+)T(\d\d:\d\d)(:[\d.]+)?Z$/, "$1 $2 UTC");
}

/** Any JSON value in one line. */
export function plain(value: Value): string {
  if (typeof value === "number") return short(value, 6);
  if (typeof value === "string") return value;
  return JSON.stringify(value);
}

/** Round numbers inside [low, high], about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  const raw = (high - low) / count;
  if (!(raw > 0) || !Number.isFinite(raw)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((s) => s >= raw) ?? raw;
  const found: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high; ++k) found.push(Number((k * step).toPrecision(12)));
  return found;
}

/** The ticks' labels, with as many decimals as tell them apart. */
export function tickLabels(values: number[]): string[] {
  const sizes = values.map(Math.abs).filter((x) => x > 0);
  const greatest = Math.max(0, ...sizes);
  if (greatest >= 1e9 || (sizes.length > 0 && greatest < 1e-4)) return values.map((x) => short(x));
  const gaps = values.slice(1).map((x, index) => Math.abs(x - values[index]!)).filter((x) => x > 0);
  const equal = gaps.length > 0 && Math.max(...gaps) < 1.001 * Math.min(...gaps);
  if (!equal) return values.map((x) => short(x));
  const decimals = Math.min(8, Math.max(0, -Math.floor(Math.log10(gaps[0]!) + 1e-9)));
  return values.map((x) => fixed(x, decimals));
}

/** Bytes as a reader sizes them up. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  let rest = bytes;
  while (rest >= 999.5 && at + 1 < units.length) {
    rest /= 1000;
    ++at;
  }
  return `${at === 0 ? rest : short(rest, 3)} ${units[at]}`;
}
