import { Fragment } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Log, Run, StudyDocument, Values } from "../model/document";
import { decimalsFor, duration, fixed, plain, time } from "../model/format";
import { num, type Num } from "../model/document";
import { SortHead, sorted, type Order } from "./table";

const PAGE = 25;

export function Pairs({ values }: { values: Values }) {
  const entries = Object.entries(values);
  if (entries.length === 0) return <p class="faint">none</p>;
  return (
    <dl class="pairs">{entries.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value !== null && typeof value === "object" && !Array.isArray(value)
          ? <Pairs values={value} /> : plain(value)}</dd>
      </div>
    ))}</dl>
  );
}

/** What a program printed: its beginning, how much is left out, its end. */
export function LogText({ log }: { log: Log }) {
  const text = log.head + (log.tail ? `\n[… ${log.omitted.toLocaleString("en-US")} bytes left out …]\n${log.tail}` : "");
  return (
    <figure>
      <figcaption>{log.name}</figcaption>
      <pre tabIndex={0}>{text || "(nothing printed)"}</pre>
    </figure>
  );
}

function Details({ run, study }: { run: Run; study: StudyDocument }) {
  const environment = run.environment === null ? undefined : study.environments[run.environment];
  return (
    <div class="details">
      {run.message && <p class="message">{run.message}</p>}
      <div class="columns">
        <div><h3>Parameters</h3><Pairs values={run.parameters} /></div>
        <div><h3>Measures</h3><Pairs values={run.measures} /></div>
        <div><h3>Run</h3><Pairs values={{
          id: run.id, started: time(run.started), environment: environment?.name ?? "not recorded" }} /></div>
      </div>
      {run.logs.map((log) => <LogText key={log.name} log={log} />)}
    </div>
  );
}

function textOf(run: Run): string {
  return [run.id, run.variant, `seed ${run.seed}`, run.status, run.message, JSON.stringify(run.parameters),
    ...run.logs.flatMap((log) => [log.head, log.tail])].join("\n").toLowerCase();
}

export interface RunFilter { query: string; status: string; variant: string; order: Order; page: number }
export const ALL_RUNS: RunFilter = { query: "", status: "", variant: "", order: { column: "", down: false }, page: 0 };

function keyOf(run: Run, column: string): string | number {
  if (column === "run") return run.id;
  if (column === "variant") return run.variant;
  if (column === "status") return run.status;
  if (column === "seed") return run.seed;
  if (column === "time") return num(run.seconds ?? "nan");
  return num((run.measures[column] as Num | undefined) ?? "nan");
}

function matching(runs: Run[], filter: RunFilter): Run[] {
  const words = filter.query.toLowerCase().split(/\s+/).filter(Boolean);
  return runs.filter((run) => {
    if (filter.status && run.status !== filter.status) return false;
    if (filter.variant && run.variant !== filter.variant) return false;
    if (words.length === 0) return true;
    const text = textOf(run);
    return words.every((word) => text.includes(word));
  });
}

function Choice({ name, value, all, set }: { name: string; value: string; all: string[]; set: (value: string) => void }) {
  const options = value === "" || all.includes(value) ? all : [value, ...all];
  return (
    <label>{name} <select value={value} onChange={(event) => set(event.currentTarget.value)}>
      <option value="">all</option>{options.map((one) => <option key={one} value={one}>{one}</option>)}
    </select></label>
  );
}

function Status({ run, progress }: { run: Run; progress: string }) {
  const trouble = ["failed", "timeout", "killed"].includes(run.status);
  return <><span class={trouble ? "trouble" : run.status === "running" ? "running" : ""}>{run.status}</span>
    {progress && <span class="faint"> {progress}</span>}</>;
}

/** `linkOf` is where a run has a page of its own, `progressOf` how far a running one is. */
export function Runs(props: {
  study: StudyDocument; filter: RunFilter; setFilter: (filter: RunFilter) => void;
  linkOf?: (run: Run) => string | undefined; progressOf?: (run: Run) => string;
}) {
  const { study, filter } = props;
  const { order } = filter;
  const [open, setOpen] = useState<Set<string>>(new Set());
  const set = (change: Partial<RunFilter>) => props.setFilter({ ...filter, page: 0, ...change });
  const setOrder = (next: Order) => set({ order: next });
  const measures = study.measures.map((measure) => measure.name).slice(0, 4);
  const decimals = useMemo(() => new Map(measures.map((name) => {
    const values = study.runs.map((run) => num((run.measures[name] as Num | undefined) ?? "nan")).filter(Number.isFinite);
    return [name, decimalsFor((Math.max(...values) - Math.min(...values)) / 10)];
  })), [study]);
  const statuses = [...new Set(study.runs.map((run) => run.status))].sort();
  const found = matching(study.runs, filter);
  const rows = order.column === "" ? found : sorted(found, (run) => keyOf(run, order.column), order.down);
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  const shown = Math.min(filter.page, pages - 1);
  const toggle = (id: string) => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  const idOf = (run: Run) => {
    const link = props.linkOf?.(run);
    return link ? <a href={link}>{run.id}</a> : run.id;
  };
  const columns = 6 + measures.length;
  return (
    <section id="runs" aria-labelledby="runs-title">
      <h2 id="runs-title">Runs <small role="status">{found.length === study.runs.length
        ? `${found.length}` : `${found.length} of ${study.runs.length}`}</small></h2>
      <div class="controls">
        <label class="grow">Search <input type="search" value={filter.query} placeholder="variant, parameter, log text"
          onInput={(event) => set({ query: event.currentTarget.value })} /></label>
        <Choice name="Status" value={filter.status} all={statuses} set={(status) => set({ status })} />
        <Choice name="Variant" value={filter.variant} all={study.variants.map((variant) => variant.name)} set={(variant) => set({ variant })} />
        <span class="group" role="group" aria-label="Pages">
          <button type="button" disabled={shown === 0} onClick={() => set({ page: shown - 1 })}>Previous</button>
          <span>page {shown + 1} of {pages}</span>
          <button type="button" disabled={shown + 1 >= pages} onClick={() => set({ page: shown + 1 })}>Next</button>
        </span>
      </div>
      {pages > 1 && <p class="faint paper">Runs {shown * PAGE + 1} to {Math.min(rows.length, (shown + 1) * PAGE)} of {rows.length}; the file has them all.</p>}
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="runs-title">
        <table class="runs">
          <thead><tr>
            <th scope="col"><span class="hidden">Details</span></th>
            {["run", "variant"].map((column) => <SortHead key={column} column={column} order={order} set={setOrder} />)}
            <SortHead column="seed" order={order} set={setOrder} numeric />
            <SortHead column="status" order={order} set={setOrder} />
            {measures.map((column) => <SortHead key={column} column={column} order={order} set={setOrder} numeric />)}
            <SortHead column="time" order={order} set={setOrder} numeric />
          </tr></thead>
          <tbody>{rows.slice(shown * PAGE, (shown + 1) * PAGE).map((run) => (
            <Fragment key={run.id}>
              <tr>
                <td><button type="button" class="expand" aria-expanded={open.has(run.id)}
                  aria-label={`Details of run ${run.id}`} onClick={() => toggle(run.id)}>
                  {open.has(run.id) ? "−" : "+"}</button></td>
                <th scope="row">{idOf(run)}</th>
                <td>{run.variant}</td>
                <td class="number">{run.seed}</td>
                <td><Status run={run} progress={props.progressOf?.(run) ?? ""} /></td>
                {measures.map((name) => (
                  <td key={name} class="number">{run.measures[name] === undefined ? "" : fixed(run.measures[name] as Num, decimals.get(name) ?? 3)}</td>
                ))}
                <td class="number">{duration(run.seconds)}</td>
              </tr>
              {open.has(run.id) && <tr><td colSpan={columns}><Details run={run} study={study} /></td></tr>}
            </Fragment>
          ))}</tbody>
        </table>
      </div>
    </section>
  );
}
