// Two studies, or two commits or environments of one, side by side.
import { useEffect, useMemo, useState } from "preact/hooks";
import { canvasChart } from "../charts/canvas";
import { extent, type Line } from "../charts/chart";
import { DifferenceRow, type Domain } from "../charts/intervals";
import { styleOf, type Theme } from "../charts/palette";
import type { CompareAnswer, CompareRow, Mean, StudyAnswer, StudyList } from "../model/board";
import { num, type Value, type Verdict } from "../model/document";
import { counted, plain, short } from "../model/format";
import type { Strand } from "../model/series";
import { VerdictMark } from "../views/claims";
import { CurveFrame } from "../views/curve_frame";
import { lineOf } from "../views/curves";
import { markReady } from "../views/ready";
import { getJson, getSeries, path, useAnswer } from "./api";
import { Cells, Waiting } from "./board_view";
import { chooseCurves, curvesIn } from "./choices";
import { useLive, watch } from "./live";
import { choose, href, useQuery } from "./route";

type Hand = "left" | "right";

function partsOf(side: string): [string, string] {
  const at = side.indexOf("@");
  return at < 0 ? [side, ""] : [side.slice(0, at), side.slice(at + 1)];
}

/** Which study, and which of its environments. */
function SideChoice({ hand, side, names }: { hand: Hand; side: string; names: string[] }) {
  const [name, environment] = partsOf(side);
  const study = useAnswer<StudyAnswer>(name ? path("study", { name }) : "");
  const sides = study.data?.sides ?? [];
  const known = sides.some((one) => one.environment === environment);
  const word = hand === "left" ? "Left" : "Right";
  return (
    <fieldset class="side">
      <legend>{word}</legend>
      <label>Study <select value={name} onChange={(event) => choose({ [hand]: event.currentTarget.value })}>
        <option value="">choose…</option>
        {[...new Set([...names, ...(name ? [name] : [])])].map((one) => <option key={one} value={one}>{one}</option>)}
      </select></label>
      <label>Runs <select value={environment} disabled={!name}
        onChange={(event) => choose({ [hand]: event.currentTarget.value ? `${name}@${event.currentTarget.value}` : name })}>
        <option value="">all that count</option>
        {sides.map((one) => <option key={one.environment} value={one.environment}>{one.label} ({counted(one.runs, "run")})</option>)}
        {environment && !known && <option value={environment}>{environment}</option>}
      </select></label>
      {name && <a href={href("study", name)}>Open {name}</a>}
    </fieldset>
  );
}

function VerdictCell({ verdict }: { verdict: Verdict | null }) {
  return <td>{verdict ? <VerdictMark verdict={verdict} /> : <span class="faint">not judged</span>}</td>;
}

function ClaimTable({ answer }: { answer: CompareAnswer }) {
  if (answer.claims.length === 0) return null;
  return (
    <section id="claims" aria-labelledby="claims-title">
      <h2 id="claims-title">Claims</h2>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="claims-title">
        <table>
          <thead><tr><th scope="col">claim</th><th scope="col">{answer.left.label}</th><th scope="col">{answer.right.label}</th></tr></thead>
          <tbody>{answer.claims.map((claim) => (
            <tr key={claim.name}>
              <th scope="row">{claim.name}<span class="faint"><code>{claim.text}</code></span></th>
              <VerdictCell verdict={claim.left} />
              <VerdictCell verdict={claim.right} />
            </tr>
          ))}</tbody>
        </table>
      </div>
    </section>
  );
}

function MeanCell({ mean }: { mean: Mean | null }) {
  if (!mean) return <td class="number faint">none</td>;
  return (
    <td class="number">{short(mean.mean)}
      <span class="faint">[{short(mean.interval[0])}, {short(mean.interval[1])}] n = {mean.runs}</span></td>
  );
}

/** All differences of one measure share an axis, which has zero. */
function domainsOf(rows: CompareRow[]): Map<string, Domain> {
  const domains = new Map<string, Domain>();
  for (const { measure, difference } of rows) {
    if (!difference) continue;
    const values = [0, difference.mean, ...difference.interval].map(num).filter(Number.isFinite);
    const [low, high] = domains.get(measure) ?? [0, 0];
    domains.set(measure, [Math.min(low, ...values), Math.max(high, ...values)]);
  }
  for (const [measure, [low, high]] of domains) {
    const pad = 0.1 * (high - low || 1);
    domains.set(measure, [low - pad, high + pad]);
  }
  return domains;
}

function Differences({ answer }: { answer: CompareAnswer }) {
  const domains = domainsOf(answer.rows);
  return (
    <section id="table" aria-labelledby="table-title">
      <h2 id="table-title">Measures <small>{answer.interval}</small></h2>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="table-title">
        <table class="differences">
          <thead><tr><th scope="col">measure</th><th scope="col">variant</th>
            <th scope="col" class="number">{answer.left.label}</th><th scope="col" class="number">{answer.right.label}</th>
            <th scope="col" class="number">right − left</th><th scope="col"><span class="hidden">drawn</span></th></tr></thead>
          <tbody>{answer.rows.map((row) => {
            const { difference } = row;
            return (
              <tr key={JSON.stringify([row.variant, row.measure])}>
                <th scope="row">{row.measure}</th>
                <td>{row.variant}</td>
                <MeanCell mean={row.left} />
                <MeanCell mean={row.right} />
                {difference ? (
                  <td class="number">{short(difference.mean)}{difference.relative !== null && num(difference.relative) !== 0 &&
                    ` (${num(difference.relative) > 0 ? "+" : ""}${short(100 * num(difference.relative), 3)} %)`}
                    <span class="faint">[{short(difference.interval[0])}, {short(difference.interval[1])}]{" "}
                      {difference.pairs > 0 ? counted(difference.pairs, "pair") : "unpaired"}</span></td>
                ) : <td class="number faint">none</td>}
                <td class="drawing">{difference && <DifferenceRow label={`${row.measure}, ${row.variant}`} mean={num(difference.mean)}
                  interval={[num(difference.interval[0]), num(difference.interval[1])]} domain={domains.get(row.measure)!} />}</td>
              </tr>
            );
          })}</tbody>
        </table>
      </div>
    </section>
  );
}

/** What differs between the two sides, of parameters or environments. */
function Differing({ title, rows, answer }: {
  title: string; rows: { name: string; left: Value; right: Value }[]; answer: CompareAnswer;
}) {
  if (rows.length === 0) return null;
  const id = `${title.toLowerCase()}-title`;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title} <small>that differ</small></h2>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby={id}>
        <table>
          <thead><tr><th scope="col">name</th><th scope="col">{answer.left.label}</th><th scope="col">{answer.right.label}</th></tr></thead>
          <tbody>{rows.map((row) => (
            <tr key={row.name}><th scope="row">{row.name}</th>
              {[row.left, row.right].map((value, side) => <td key={side}>{value === null ? <span class="faint">none</span> : plain(value)}</td>)}</tr>
          ))}</tbody>
        </table>
      </div>
    </section>
  );
}

const DASH: Record<Hand, number[]> = { left: [], right: [6, 4] };

/** The mean over runs at the steps that all of them have. */
function meanOf(strands: Strand[]): { steps: number[]; mean: number[] } {
  const sums = new Map<number, [number, number]>();
  for (const { steps, values } of strands) {
    for (let at = 0; at < steps.length; ++at) {
      const [sum, count] = sums.get(steps[at]!) ?? [0, 0];
      sums.set(steps[at]!, [sum + values[at]!, count + 1]);
    }
  }
  const common = [...sums].filter(([, [, count]]) => count === strands.length).sort(([a], [b]) => a - b);
  return { steps: common.map(([step]) => step), mean: common.map(([, [sum]]) => sum / strands.length) };
}

/** A side's curves: with bands if all runs that count are meant, else the means of those chosen. */
async function curvesOf(side: string, metric: string, hand: Hand, variants: string[], theme: Theme): Promise<Line[]> {
  const [name, environment] = partsOf(side);
  const { document: study, runs } = await getJson<StudyAnswer>(path("study", { name }));
  const styled = (variant: string) => ({ ...styleOf(Math.max(0, variants.indexOf(variant)), theme), dash: DASH[hand] });
  const label = (variant: string) => `${variant}, ${hand}`;
  if (!environment) {
    return study.curves.filter((curve) => curve.metric === metric).map((curve) => ({
      ...lineOf(curve, 0, theme, false), name: label(curve.variant), style: styled(curve.variant) }));
  }
  const strands = await getSeries(path("curves", { study: name, metric, environment, points: 500 }));
  const variantOf = new Map(runs.map((run, index) => [run.run, study.runs[index]!.variant]));
  return variants.flatMap((variant) => {
    const own = strands.filter((strand) => (strand.variant || variantOf.get(strand.run)) === variant);
    if (own.length === 0) return [];
    const { steps, mean } = meanOf(own);
    const none = new Float64Array(steps.length).fill(NaN);
    return [{ name: label(variant), style: styled(variant), steps, mean, low: none, high: none, traces: [] }];
  });
}

function CompareCurves({ answer, left, right, theme }: { answer: CompareAnswer; left: string; right: string; theme: Theme }) {
  const state = curvesIn(useQuery(), answer.metrics);
  const variants = useMemo(() => [...new Set([...answer.left.variants, ...answer.right.variants])], [answer]);
  const [lines, setLines] = useState<Line[]>([]);
  const [error, setError] = useState("");
  useEffect(() => {
    let current = true;
    Promise.all([curvesOf(left, state.metric, "left", variants, theme), curvesOf(right, state.metric, "right", variants, theme)])
      .then(([a, b]) => { if (current) setLines([...a, ...b]); }, (caught: Error) => { if (current) setError(caught.message); });
    return () => { current = false; };
  }, [answer, left, right, state.metric, theme]);
  return (
    <section id="curves" aria-labelledby="curves-title">
      <h2 id="curves-title">Learning curves <small>left solid, right dashed</small></h2>
      <CurveFrame metrics={answer.metrics} lines={lines} whole={extent(lines)} state={state} set={chooseCurves} theme={theme}
        chart={canvasChart} singles={false} drawn={markReady} />
      {error && <p class="trouble" role="alert">{error}</p>}
    </section>
  );
}

export function ComparePage({ theme }: { theme: Theme }) {
  const query = useQuery();
  const [left, right] = [query.get("left") ?? "", query.get("right") ?? ""];
  const list = useAnswer<StudyList>(path("studies"));
  const answer = useAnswer<CompareAnswer>(left && right ? path("compare", { left, right }) : "");
  const names = (list.data?.studies ?? []).map((study) => study.name).sort();
  useEffect(() => watch(""), []);
  useEffect(() => { document.title = "Compare · Ordo board"; }, []);
  useLive({
    studies: (event) => {
      if (event.studies.some((study) => [left, right].some((side) => partsOf(side)[0] === study.name))) answer.reload();
    },
    again: answer.reload,
  });
  const data = answer.data;
  return (
    <>
      <h1 tabIndex={-1}>Compare</h1>
      <div class="sides">
        <SideChoice hand="left" side={left} names={names} />
        <SideChoice hand="right" side={right} names={names} />
        <button type="button" disabled={!left && !right} onClick={() => choose({ left: right, right: left })}>Swap</button>
      </div>
      {!left || !right ? <p class="faint">Choose two studies, or two environments of one.</p>
        : !data ? <Waiting error={answer.error} retry={answer.reload} /> : (
          <>
            <div class="columns">{([["Left", data.left], ["Right", data.right]] as const).map(([word, side]) => (
              <div key={word}><h2 class="small">{word}: {side.label}</h2>
                <p>{side.study.title}</p><p class="faint">{counted(side.runs, "run")} · <Cells study={side.study} /></p></div>
            ))}</div>
            <ClaimTable answer={data} />
            <Differences answer={data} />
            {data.metrics.length > 0 && <CompareCurves answer={data} left={left} right={right} theme={theme} />}
            <Differing title="Parameters" rows={data.parameters} answer={data} />
            <Differing title="Environments" rows={data.environment} answer={data} />
          </>
        )}
    </>
  );
}
