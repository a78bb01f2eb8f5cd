// The report's entry: reads the document embedded in the page and draws it. Text comes first; the
// curves follow once it is on the screen.
import { render } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { vegaChart } from "./charts/vega";
import { known, type StudyDocument } from "./model/document";
import { counted, time } from "./model/format";
import { markReady } from "./views/ready";
import { Environments, TestingView } from "./views/about";
import { Claims, tally } from "./views/claims";
import { Curves } from "./views/curves";
import { ALL_RUNS, Runs } from "./views/runs";
import { Table } from "./views/table";
import { ColourChoice, useColours, type Colours } from "./views/theme";
import "./style.css";

/** True once the browser has painted what was there before, or had the time to: a page in the
 *  background, or one that a program prints, may never be painted and needs its chart all the same. */
function useAfterPaint(): boolean {
  const [painted, setPainted] = useState(false);
  useLayoutEffect(() => {
    const done = () => setPainted(true);
    requestAnimationFrame(() => setTimeout(done));
    const timer = setTimeout(done, 300);
    addEventListener("beforeprint", done);
    return () => {
      clearTimeout(timer);
      removeEventListener("beforeprint", done);
    };
  }, []);
  return painted;
}

function Head({ study, colours }: { study: StudyDocument; colours: Colours }) {
  const sections: [string, string, boolean][] = [
    ["claims", "Claims", study.claims.length > 0], ["table", "Measures", study.measures.length > 0],
    ["curves", "Curves", study.curves.length > 0], ["testing", "Testing", true], ["runs", "Runs", true],
    ["environment", "Environment", true]];
  return (
    <header class="top">
      <nav aria-label="Sections">
        {sections.filter(([, , there]) => there).map(([id, name]) => <a key={id} href={`#${id}`}>{name}</a>)}
        <ColourChoice colours={colours} />
      </nav>
      <p class="kind">Study <code>{study.name}</code></p>
      <h1>{study.title}</h1>
      {study.question && <p class="question">{study.question}</p>}
      {study.description.split(/\n\s*\n/).filter(Boolean).map((part) => <p class="prose" key={part}>{part}</p>)}
      <p class="faint">
        {[counted(study.variants.length, "variant"), counted(study.runs.length, "run"), tally(study.claims), time(study.created)]
          .filter(Boolean).join(" · ")}
      </p>
    </header>
  );
}

function Report({ study }: { study: StudyDocument }) {
  const colours = useColours();
  const painted = useAfterPaint();
  const [filter, setFilter] = useState(ALL_RUNS);
  const curves = study.curves.length > 0;
  useEffect(() => { if (painted && !curves) markReady(); }, [painted]);
  return (
    <>
      <a class="skip" href="#main">Skip to the results</a>
      <Head study={study} colours={colours} />
      <main id="main" tabIndex={-1}>
        {study.claims.length > 0 && <Claims claims={study.claims} />}
        {study.measures.length > 0 && <Table study={study} />}
        {curves && (painted ? <Curves study={study} theme={colours.theme} chart={vegaChart} drawn={markReady} /> : <section id="curves" class="waiting" />)}
        <TestingView testing={study.testing} />
        <Runs study={study} filter={filter} setFilter={setFilter} />
        <Environments study={study} />
      </main>
      <footer class="faint">Written by {study.program}. This file needs no network.</footer>
    </>
  );
}

const app = document.getElementById("app")!;
try {
  render(<Report study={known(JSON.parse(document.getElementById("ordo-document")!.textContent!))} />, app);
} catch (error) {
  app.textContent = `The report can't be shown. ${error instanceof Error ? error.message : String(error)}`;
  throw error;
}
