// The document as ordo/report/report.h writes it; that header says what each member means.

export const KNOWN_VERSION = 1;

/** A number, or one of JSON's missing ones. */
export type Num = number | "nan" | "inf" | "-inf";
export type Verdict = "holds" | "fails" | "undecided";
export type Packed = { f64: string } | { f32: string };
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
export type Values = { [key: string]: Value };
export type Interval = [Num, Num];

export interface Comparison {
  label: string; unit: string; estimate: Num; interval: Interval; claimed: Interval;
  verdict: Verdict; pairs: number; p_value: Num | null;
}
export interface Claim {
  name: string; text: string; sentence: string; verdict: Verdict; note: string;
  comparisons: Comparison[];
}
export interface Measure {
  name: string; description: string; unit: string; better: "unknown" | "higher" | "lower";
}
export interface Summary {
  variant: string; measure: string; mean: Num; interval: Interval; runs: number;
}
export interface Trace { run: string; steps: Packed; values: Packed }
export interface Curve {
  metric: string; variant: string; steps: Packed; mean: Packed; low: Packed; high: Packed;
  runs: Trace[];
}
export interface Log { name: string; head: string; tail: string; omitted: number }
export interface Run {
  id: string; variant: string; seed: number; status: string; message: string; started: string;
  seconds: Num | null; environment: number | null; parameters: Values; measures: Values;
  logs: Log[];
}
export interface Variant { name: string; parameters: Values }
export interface Environment { name: string; values: Values }
export interface Look { seeds: number; alpha: Num; when: string }
export interface Testing {
  alpha: Num; registered_seeds: number; method: string; correction: string; looks: Look[];
  notes: string[];
}
export interface StudyDocument {
  ordo_report: number; name: string; title: string; question: string; description: string;
  created: string; program: string; fixed: Values; variants: Variant[]; measures: Measure[];
  claims: Claim[]; table: Summary[]; table_interval: string; curve_interval: string;
  curves: Curve[]; runs: Run[]; environments: Environment[]; testing: Testing;
}

/** The document as it came; throws an Error in plain words if it is newer than this page. */
export function known(document: StudyDocument): StudyDocument {
  if (document.ordo_report > KNOWN_VERSION) {
    throw new Error(
      `This document has format ${document.ordo_report}; this page reads up to ${KNOWN_VERSION}. ` +
      "Use a newer ordo to show it.");
  }
  return document;
}

/** The number behind JSON's stand-ins for the non-finite ones. */
export function num(value: Num): number {
  if (typeof value === "number") return value;
  return value === "inf" ? Infinity : value === "-inf" ? -Infinity : NaN;
}

/** A packed series as numbers. */
export function unpack(packed: Packed): Float64Array | Float32Array {
  const double = "f64" in packed;
  const bytes = Uint8Array.from(atob(double ? packed.f64 : packed.f32), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const size = double ? 8 : 4;
  const out = double ? new Float64Array(bytes.length / 8) : new Float32Array(bytes.length / 4);
  for (let at = 0; at < out.length; ++at) {
    out[at] = double ? view.getFloat64(size * at, true) : view.getFloat32(size * at, true);
  }
  return out;
}
