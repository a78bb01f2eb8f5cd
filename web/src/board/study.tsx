// A study: what the report shows, live, with curves that get finer and runs that have pages.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { progressText, type LiveRun, type StudyAnswer, type StudyInfo } from "../model/board";
import { known, type Run, type StudyDocument } from "../model/document";
import { counted, time } from "../model/format";
import { Environments, TestingView } from "../views/about";
import { Claims } from "../views/claims";
import { Runs } from "../views/runs";
import { Table } from "../views/table";
import type { Theme } from "../charts/palette";
import { getJson, path, useAnswer, useThrottled } from "./api";
import { Cells, Tags, Tally, Waiting } from "./board_view";
import { chooseRuns, runsIn } from "./choices";
import { useLive, watch } from "./live";
import { href, useQuery, useRoute } from "./route";
import { Still } from "./still";
import { StudyCurves } from "./study_curves";

const REFRESH = 1500;  // ms between two questions for the whole study while it runs

async function load(url: string, signal: AbortSignal): Promise<StudyAnswer> {
  const answer = await getJson<StudyAnswer>(url, signal);
  known(answer.document);
  return answer;
}

/** The sections of a study, each with an address of its own. */
function Sections({ study, curves }: { study: StudyDocument; curves: boolean }) {
  const query = useQuery();
  const all: [string, string, boolean][] = [
    ["claims", "Claims", study.claims.length > 0], ["table", "Measures", study.measures.length > 0],
    ["curves", "Curves", curves], ["testing", "Testing", true], ["runs", "Runs", true], ["environment", "Environment", true]];
  return (
    <nav class="sections" aria-label="Sections">
      {all.filter(([, , there]) => there).map(([id, name]) => (
        <a key={id} href={href("study", study.name, id, query)}>{name}</a>
      ))}
      <a class="button" href={href("compare", "", "", { left: study.name })}>Compare…</a>
    </nav>
  );
}

function Head({ info, study, curves }: { info: StudyInfo; study: StudyDocument; curves: boolean }) {
  return (
    <header class="top">
      <p class="kind">Study <code>{study.name}</code></p>
      <h1 tabIndex={-1}>{study.title || study.name}</h1>
      {study.question && <p class="question">{study.question}</p>}
      {info.error && <p class="trouble">{info.error}</p>}
      {study.description.split(/\n\s*\n/).filter(Boolean).map((part) => <p class="prose" key={part}>{part}</p>)}
      <div class="facts">
        <Tally claims={info.claims} />
        <Cells study={info} />
        <span class="faint">{counted(study.variants.length, "variant")} · changed {time(info.changed)}</span>
      </div>
      <Tags tags={info.tags} />
      <Sections study={study} curves={curves} />
    </header>
  );
}

function StudyRuns({ study, answer, live }: { study: StudyDocument; answer: StudyAnswer; live: Map<number, LiveRun> }) {
  const filter = runsIn(useQuery());
  const place = useMemo(() => new Map(study.runs.map((run, index) => [run.id, index])), [answer]);
  const of = (run: Run) => answer.runs[place.get(run.id) ?? -1];
  const shown = useMemo(() => (live.size === 0 ? study
    : { ...study, runs: study.runs.map((run, index) => ({ ...run, status: live.get(index)?.status ?? run.status })) }), [study, live]);
  return (
    <Runs study={shown} filter={filter} setFilter={chooseRuns}
      linkOf={(run) => {
        const id = live.get(place.get(run.id) ?? -1)?.run ?? of(run)?.run;
        return id ? href("run", String(id)) : undefined;
      }}
      progressOf={(run) => (run.status === "running"
        ? progressText(live.get(place.get(run.id) ?? -1)?.progress ?? of(run)?.progress ?? {}) : "")} />
  );
}

function scrollTo(section: string) {
  const heading = document.getElementById(`${section}-title`);
  heading?.scrollIntoView();
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
}

export function StudyPage({ name, theme }: { name: string; theme: Theme }) {
  const { section } = useRoute();
  const answer = useAnswer<StudyAnswer>(path("study", { name }), false, load);
  const [info, setInfo] = useState<StudyInfo>();
  const [live, setLive] = useState<Map<number, LiveRun>>(new Map());
  const refresh = useThrottled(answer.reload, REFRESH);
  const revision = useRef("");
  useEffect(() => watch(name), [name]);
  useEffect(() => {
    if (!answer.data) return;
    revision.current = answer.data.revision;
    setInfo(answer.data.study);
    setLive(new Map());
    document.title = `${answer.data.document.title || name} · Ordo board`;
  }, [answer.data]);
  useLive({
    study: (event) => {
      if (event.name !== name) return;
      setInfo(event.study);
      setLive((old) => new Map([...old, ...event.runs.filter((run) => run.index >= 0).map((run) => [run.index, run] as const)]));
      if (event.revision !== revision.current) refresh();
    },
    again: refresh,
  });
  const there = answer.data !== undefined;
  useEffect(() => { if (there && section) scrollTo(section); }, [there, section]);

  if (!answer.data) return <Waiting error={answer.error} retry={answer.reload}><a href={href("")}>All studies</a></Waiting>;
  const { document: study, series } = answer.data;
  const curves = series.length > 0 || study.curves.length > 0;
  return (
    <>
      <Head info={info ?? answer.data.study} study={study} curves={curves} />
      {answer.error && <p class="notice" role="alert">{answer.error.message}</p>}
      <Still of={study}>
        {study.claims.length > 0 && <Claims claims={study.claims} />}
        {study.measures.length > 0 && <Table study={study} />}
      </Still>
      {curves && <StudyCurves answer={answer.data} theme={theme} />}
      <Still of={study}><TestingView testing={study.testing} /></Still>
      <StudyRuns study={study} answer={answer.data} live={live} />
      <Still of={study}><Environments study={study} /></Still>
    </>
  );
}
