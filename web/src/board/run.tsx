// One run: what it was given, what it measured, where it ran, what it printed and left behind.
import { useEffect, useState } from "preact/hooks";
import { canvasChart } from "../charts/canvas";
import { extent, type Line } from "../charts/chart";
import { styleOf, type Theme } from "../charts/palette";
import { progressText, type Artifact, type RunAnswer } from "../model/board";
import type { Values } from "../model/document";
import { counted, duration, size, time } from "../model/format";
import { CurveFrame } from "../views/curve_frame";
import { Fold } from "../views/fold";
import { LogText, Pairs } from "../views/runs";
import { markReady } from "../views/ready";
import { getText, path, useAnswer, useThrottled } from "./api";
import { Waiting } from "./board_view";
import { chooseCurves, curvesIn } from "./choices";
import { useFiner } from "./finer";
import { useLive, watch } from "./live";
import { href, useQuery } from "./route";

const POINTS = 1500;
const TEXT_BYTES = 65536;

function RunCurves({ run, theme }: { run: RunAnswer; theme: Theme }) {
  const metrics = run.series.map((one) => one.name);
  const state = curvesIn(useQuery(), metrics);
  const { metric, zoom } = state;
  const info = run.series.find((one) => one.name === metric);
  const { strands, error } = useFiner((window, points) =>
    path("series", { run: run.id, name: metric, points, from: window?.[0], to: window?.[1] }), zoom, POINTS, run.revision);
  const lines: Line[] = (strands ?? []).map((strand) => ({
    name: metric, style: styleOf(0, theme), steps: strand.steps, mean: strand.values, low: strand.low, high: strand.high, traces: [],
  }));
  const [from, to] = zoom ?? [-Infinity, Infinity];
  const exact = strands?.every((strand) => strand.width === 1 || !strand.steps.some((step, at) =>
    step >= from && step <= to && Number.isFinite(strand.low[at]!)));
  return (
    <section id="curves" aria-labelledby="curves-title">
      <h2 id="curves-title">Series <small>{info && counted(info.count, "point")}{strands && (exact
        ? ", every one drawn" : "; the band goes from the least to the greatest value, zoom for single points")}</small></h2>
      <CurveFrame metrics={metrics} lines={lines} whole={extent(lines)} state={state} set={chooseCurves} theme={theme}
        chart={canvasChart} singles={false} drawn={markReady} />
      {error && <p class="trouble" role="alert">{error.message}</p>}
    </section>
  );
}

function TextArtifact({ artifact }: { artifact: Artifact }) {
  const [shown, setShown] = useState<{ text: string; more: boolean }>();
  const [error, setError] = useState("");
  useEffect(() => {
    const abort = new AbortController();
    getText(`${artifact.url}?view=1`, TEXT_BYTES, abort.signal).then(setShown,
      (caught: Error) => { if (!abort.signal.aborted) setError(caught.message); });
    return () => abort.abort();
  }, [artifact.url]);
  if (error) return <p class="trouble">{error}</p>;
  return (
    <>
      <pre tabIndex={0}>{shown?.text ?? "Loading…"}</pre>
      {shown?.more && <p class="faint">The first {size(TEXT_BYTES)} of {size(artifact.size)}; the download has all.</p>}
    </>
  );
}

function Preview({ artifact }: { artifact: Artifact }) {
  const address = `${artifact.url}?view=1`;
  if (artifact.view === "image") return <img class="preview" src={address} alt={artifact.name} loading="lazy" />;
  if (artifact.view === "text") return <TextArtifact artifact={artifact} />;
  // No scripts, no forms, no origin: the page of a run must not be able to do anything here.
  return <iframe class="preview" sandbox="" src={address} title={`${artifact.name}, shown without scripts`} referrerpolicy="no-referrer" />;
}

function Artifacts({ artifacts }: { artifacts: Artifact[] }) {
  const [open, setOpen] = useState<string[]>([]);
  const toggle = (name: string) => setOpen(open.includes(name) ? open.filter((one) => one !== name) : [...open, name]);
  return (
    <section id="artifacts" aria-labelledby="artifacts-title">
      <h2 id="artifacts-title">Artifacts <small>{artifacts.length}</small></h2>
      {artifacts.length === 0 ? <p class="faint">none</p> : (
        <ul class="artifacts">{artifacts.map((artifact) => (
          <li key={artifact.name}>
            <div class="line">
              <span class="name">{artifact.name}</span>
              <span class="faint">{artifact.type || "unknown type"}</span>
              <span class="faint number">{size(artifact.size)}</span>
              <span class="acts">
                {artifact.view !== "" && <button type="button" aria-expanded={open.includes(artifact.name)}
                  aria-label={`${open.includes(artifact.name) ? "Hide" : "Show"} ${artifact.name}`} onClick={() => toggle(artifact.name)}>
                  {open.includes(artifact.name) ? "Hide" : "Show"}</button>}
                <a class="button" href={artifact.url} download={artifact.name} aria-label={`Download ${artifact.name}`}>Download</a>
              </span>
            </div>
            {open.includes(artifact.name) && <Preview artifact={artifact} />}
          </li>
        ))}</ul>
      )}
    </section>
  );
}

/** How it ended, in words; nothing while it runs. */
function ending(run: RunAnswer): string {
  if (run.signal !== null) return `stopped by signal ${run.signal}`;
  return run.exit_status === null ? "" : `exit status ${run.exit_status}`;
}

function facts(run: RunAnswer): Values {
  const all: Values = {
    variant: run.variant, seed: run.seed, started: time(run.started), ended: time(run.ended), end: ending(run),
    "wall time": duration(run.seconds), "processor time": duration(run.cpu_seconds),
    "peak memory": run.peak_memory > 0 ? size(run.peak_memory) : "", threads: run.threads, host: run.host,
    process: run.pid > 0 ? String(run.pid) : "",
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

function Attempts({ run }: { run: RunAnswer }) {
  if (run.attempts.length < 2) return null;
  return (
    <p class="faint">Attempts: {run.attempts.map((one, index) => (
      <span key={one.run}>{index > 0 && ", "}{one.run === run.id ? <b>{one.attempt} ({one.status})</b>
        : <a href={href("run", String(one.run))}>{one.attempt} ({one.status})</a>}</span>
    ))}{!run.counts && ". This one does not count; a later one does."}</p>
  );
}

export function RunPage({ id, theme }: { id: string; theme: Theme }) {
  const answer = useAnswer<RunAnswer>(path(`runs/${encodeURIComponent(id)}`));
  const run = answer.data;
  const refresh = useThrottled(answer.reload, 1000);
  useEffect(() => {
    if (!run) return;
    watch(run.study);
    document.title = `${run.label ?? `${run.variant}/${run.seed}`} · ${run.study} · Ordo board`;
    if (run.series.length === 0) markReady();
  }, [run]);
  useLive({
    study: (event) => { if (run && event.runs.some((one) => one.run === run.id || one.cell === run.cell)) refresh(); },
    again: refresh,
  });
  if (!run) return <Waiting error={answer.error} retry={answer.reload}><a href={href("")}>All studies</a></Waiting>;
  const trouble = ["failed", "timeout", "killed"].includes(run.status);
  const progress = run.status === "running" ? progressText(run.progress) : "";
  const errors = Object.entries(run.measure_errors);
  return (
    <>
      <header class="top">
        <p class="kind">Run {run.id} of <a href={href("study", run.study)}>{run.title ?? run.study}</a></p>
        <h1 tabIndex={-1}>{run.variant}, seed {run.seed}</h1>
        <div class="facts">
          <span class={trouble ? "trouble" : run.status === "running" ? "running" : ""}>{run.status}</span>
          {progress && <span>{progress}</span>}
          <span class="faint">{[duration(run.seconds), time(run.started)].filter(Boolean).join(" · ")}</span>
        </div>
        {run.message && <p class="message">{run.message}</p>}
        <Attempts run={run} />
      </header>
      {answer.error && <p class="notice" role="alert">{answer.error.message}</p>}
      <section aria-labelledby="about-title">
        <h2 id="about-title">About the run</h2>
        <div class="columns">
          <div><h3>Parameters</h3><Pairs values={run.parameters} /></div>
          <div><h3>Measures</h3><Pairs values={run.measures} />
            {errors.map(([name, text]) => <p key={name} class="trouble">{name}: {text}</p>)}</div>
          <div><h3>Run</h3><Pairs values={facts(run)} /></div>
        </div>
        {Object.keys(run.results).length > 0 && <Fold title="All results"><Pairs values={run.results} /></Fold>}
        <Fold title="Environment">
          {run.environment ? <Pairs values={run.environment.values} /> : <p class="faint">not recorded</p>}
          <p class="faint">Fingerprint of program and command: <code>{run.fingerprint || "none"}</code></p>
        </Fold>
      </section>
      {run.series.length > 0 && <RunCurves run={run} theme={theme} />}
      <section id="log" aria-labelledby="log-title">
        <h2 id="log-title">Log <small>{size(run.log.bytes)}</small></h2>
        <LogText log={{ name: run.log.tail ? "beginning and end" : "all of it", head: run.log.head, tail: run.log.tail, omitted: run.log.omitted }} />
      </section>
      <Artifacts artifacts={run.artifacts} />
    </>
  );
}
