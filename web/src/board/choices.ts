// What was chosen among curves and runs, as it stands in the address.
import type { Window } from "../charts/chart";
import type { CurveState } from "../views/curve_frame";
import type { RunFilter } from "../views/runs";
import { choose } from "./route";

function windowOf(text: string | null): Window {
  const [from, to] = (text ?? "").split("..").map(Number);
  return from !== undefined && to !== undefined && from < to ? [from, to] : null;
}

function namesOf(text: string | null): string[] {
  try {
    const names: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(names) ? names.filter((name): name is string => typeof name === "string") : [];
  } catch {
    return [];
  }
}

export function curvesIn(query: URLSearchParams, metrics: string[]): CurveState {
  const metric = query.get("metric") ?? "";
  return {
    metric: metrics.includes(metric) ? metric : metrics[0] ?? "", hidden: namesOf(query.get("hidden")),
    singles: query.has("singles"), logX: query.has("logx"), logY: query.has("logy"), zoom: windowOf(query.get("zoom")),
  };
}

export function chooseCurves(change: Partial<CurveState>): void {
  const to: Record<string, string> = {};
  if (change.metric !== undefined) to["metric"] = change.metric;
  if (change.hidden) to["hidden"] = change.hidden.length > 0 ? JSON.stringify(change.hidden) : "";
  if (change.singles !== undefined) to["singles"] = change.singles ? "1" : "";
  if (change.logX !== undefined) to["logx"] = change.logX ? "1" : "";
  if (change.logY !== undefined) to["logy"] = change.logY ? "1" : "";
  if (change.zoom !== undefined) to["zoom"] = change.zoom ? change.zoom.map((step) => Number(step.toPrecision(9))).join("..") : "";
  choose(to);
}

export function runsIn(query: URLSearchParams): RunFilter {
  const sort = query.get("sort") ?? "";
  return {
    query: query.get("q") ?? "", status: query.get("status") ?? "", variant: query.get("variant") ?? "",
    order: { column: sort.replace(/^-/, ""), down: sort.startsWith("-") }, page: Number(query.get("page")) || 0,
  };
}

export function chooseRuns(filter: RunFilter): void {
  choose({
    q: filter.query, status: filter.status, variant: filter.variant, page: filter.page > 0 ? String(filter.page) : "",
    sort: filter.order.column && (filter.order.down ? "-" : "") + filter.order.column,
  });
}
