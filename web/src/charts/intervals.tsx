// One row of a forest plot: the shaded side is where the claim is true, its edge the margin; the
// bar is the interval, the mark the estimate, and the mark's shape the verdict.
import type { Comparison, Verdict } from "../model/document";
import { num } from "../model/document";
import { short, ticks } from "../model/format";

export type Domain = [number, number];

/** A domain for each comparison; equal units share one, which always has 0 and the margins. */
export function domainsOf(comparisons: Comparison[]): Map<Comparison, Domain> {
  const groups = new Map<string, Comparison[]>();
  comparisons.forEach((comparison, index) => {
    const key = comparison.unit === "" ? `#${index}` : `unit ${comparison.unit}`;
    groups.set(key, [...(groups.get(key) ?? []), comparison]);
  });
  const domains = new Map<Comparison, Domain>();
  for (const group of groups.values()) {
    const ends = group.flatMap((c) => [0, num(c.estimate), ...c.interval.map(num), ...c.claimed.map(num)])
      .filter(Number.isFinite);
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    const pad = 0.12 * (high - low || Math.abs(high) || 1);
    for (const comparison of group) domains.set(comparison, [low - pad, high + pad]);
  }
  return domains;
}

/** The verdict's shape: a disc, a square, a diamond. */
export function VerdictShape({ verdict }: { verdict: Verdict }) {
  if (verdict === "holds") return <circle r="6" class="mark" />;
  if (verdict === "fails") return <rect x="-5.5" y="-5.5" width="11" height="11" class="mark" />;
  return <path d="M0-7.5 7.5 0 0 7.5-7.5 0Z" class="mark hollow" />;
}

function words(c: Comparison): string {
  const [low, high] = c.claimed.map(num) as [number, number];
  const where = Number.isFinite(low) && Number.isFinite(high) ? `between ${short(low)} and ${short(high)}`
    : Number.isFinite(low) ? `above ${short(low)}` : `below ${short(high)}`;
  return `${c.label}: estimate ${short(c.estimate)}, interval ${short(c.interval[0])} to ` +
    `${short(c.interval[1])}; the claim is true ${where}; ${c.verdict}`;
}

/** The interval: strokes at its ends, arrows where it is open. */
function Bar({ low, high, at }: { low: number; high: number; at: (x: number) => string }) {
  return (
    <>
      {!Number.isNaN(low + high) && <line class="bar" x1={at(low)} x2={at(high)} y1="19" y2="19" />}
      {[low, high].map((end, side) => Number.isFinite(end)
        ? <line key={side} class="bar" x1={at(end)} x2={at(end)} y1="14" y2="24" />
        : <svg key={side} x={at(end)} y="19" overflow="visible">
            <path class="bar" d={side === 0 ? "M7-5 1 0 7 5" : "M-7-5-1 0-7 5"} />
          </svg>)}
    </>
  );
}

/** A difference with its interval about a dotted zero; no claim, so no shade and no verdict. */
export function DifferenceRow({ label, mean, interval, domain }: {
  label: string; mean: number; interval: [number, number]; domain: Domain;
}) {
  const [left, right] = domain;
  const percent = (x: number) => Math.min(100, Math.max(0, (100 * (x - left)) / (right - left)));
  const at = (x: number) => `${percent(x).toFixed(3)}%`;
  return (
    <svg class="interval plain" role="img" height="38" aria-label={
      `${label}: difference ${short(mean)}, interval ${short(interval[0])} to ${short(interval[1])}`}>
      <line class="zero" x1={at(0)} x2={at(0)} y1="2" y2="36" />
      <Bar low={interval[0]} high={interval[1]} at={at} />
      {Number.isFinite(mean) && <circle class="mark" cx={at(mean)} cy="19" r="5" />}
    </svg>
  );
}

export function IntervalRow({ comparison, domain }: { comparison: Comparison; domain: Domain }) {
  const [left, right] = domain;
  const percent = (x: number) => Math.min(100, Math.max(0, (100 * (x - left)) / (right - left)));
  const at = (x: number) => `${percent(x).toFixed(3)}%`;
  const [low, high] = comparison.interval.map(num) as [number, number];
  const [from, to] = comparison.claimed.map(num) as [number, number];
  const estimate = num(comparison.estimate);
  const anchor = (x: number) => (percent(x) < 6 ? "start" : percent(x) > 94 ? "end" : "middle");
  return (
    <svg class={`interval ${comparison.verdict}`} role="img" aria-label={words(comparison)} height="58">
      <rect class="claimed" x={at(from)} y="2" height="34" width={`${(percent(to) - percent(from)).toFixed(3)}%`} />
      <line class="axis" x1="0" x2="100%" y1="36" y2="36" />
      {ticks(left, right, 7).map((tick) => (
        <g key={tick}>
          <line class="axis" x1={at(tick)} x2={at(tick)} y1="36" y2="40" />
          <text x={at(tick)} y="53" text-anchor={anchor(tick)}>{short(tick)}</text>
        </g>
      ))}
      {left < 0 && right > 0 && <line class="zero" x1={at(0)} x2={at(0)} y1="2" y2="36" />}
      {[from, to].filter(Number.isFinite).map((margin) => (
        <line key={margin} class="margin" x1={at(margin)} x2={at(margin)} y1="2" y2="36" />
      ))}
      <Bar low={low} high={high} at={at} />
      {Number.isFinite(estimate) && (
        <svg x={at(estimate)} y="19" overflow="visible"><VerdictShape verdict={comparison.verdict} /></svg>
      )}
    </svg>
  );
}
