// What the board's server answers; docs/board.md says what each member means.
import type { Interval, Num, StudyDocument, Values, Value, Verdict } from "./document";

export const KNOWN_BOARD = 1;

export interface StudyClaim { name: string; text: string; verdict: Verdict | null }
export interface StudyInfo {
  name: string; title: string; question: string; tags: string[]; created: string; changed: string;
  cells: number; counts: { [status: string]: number }; runs: number; points: number; running: boolean;
  claims: StudyClaim[]; revision: string; error: string; matches?: string[];
}
export interface StudyList { revision: string; studies: StudyInfo[] }
export interface Progress { task?: string; done?: number; total?: number; unit?: string }
export interface LiveRun {
  index: number; cell: number; run: number | null; variant: string; seed: number; status: string;
  progress: Progress; points: number;
}
export interface RunInfo { cell: number; run: number | null; attempts: number; progress: Progress; points: number }
export interface Side { environment: string; label: string; runs: number }
export interface StudyAnswer {
  revision: string; study: StudyInfo; document: StudyDocument; runs: RunInfo[];
  series: { metric: string; runs: number; points: number }[];
  environments: { hash: string; commit: string; dirty: boolean }[]; sides: Side[];
}
export interface Artifact {
  name: string; type: string; size: number; hash: string; url: string; view: "image" | "text" | "frame" | "";
}
export interface RunAnswer {
  revision: string; id: number; label?: string; study: string; title?: string; cell: number; variant: string; seed: number;
  attempt: number; attempts: { run: number; attempt: number; status: string; started: string }[]; counts: boolean;
  status: string; message: string; host: string; pid: number; started: string; ended: string; seconds: Num | null;
  cpu_seconds: Num; peak_memory: number; exit_status: number | null; signal: number | null; threads: number;
  fingerprint: string; parameters: Values; results: Values; measures: Values; measure_errors: { [name: string]: string };
  progress: Progress; environment: { hash: string; values: Values } | null;
  log: { head: string; tail: string; omitted: number; bytes: number };
  series: { name: string; count: number; first_step: Num; last_step: Num; last_value: Num }[];
  artifacts: Artifact[];
}
export interface Mean { mean: Num; interval: Interval; runs: number }
export interface Difference { mean: Num; interval: Interval; pairs: number; relative: Num | null }
export interface CompareRow {
  variant: string; measure: string; left: Mean | null; right: Mean | null; difference: Difference | null;
}
export interface CompareSide { side: string; study: StudyInfo; label: string; runs: number; variants: string[] }
export interface CompareAnswer {
  revision: string; left: CompareSide; right: CompareSide; rows: CompareRow[];
  parameters: { name: string; left: Value; right: Value }[]; environment: { name: string; left: Value; right: Value }[];
  claims: { name: string; text: string; left: Verdict | null; right: Verdict | null }[];
  metrics: string[]; interval: string;
}
export interface StudyEvent { name: string; revision: string; study: StudyInfo; runs: LiveRun[] }
export interface StudiesEvent { revision: string; studies: StudyInfo[]; gone: string[] }

const FINAL = ["done", "failed", "timeout", "killed", "stale"];

/** How many cells have ended, one way or another. */
export function ended(study: StudyInfo): number {
  return FINAL.reduce((sum, status) => sum + (study.counts[status] ?? 0), 0);
}

/** "epoch 3 of 10", as far as the program told. */
export function progressText(progress: Progress): string {
  const { task, done, total, unit } = progress;
  const amount = done === undefined ? "" : total ? `${done} of ${total}` : String(done);
  return [task, amount, amount && unit].filter(Boolean).join(" ");
}
