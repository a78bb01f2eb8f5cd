// The report's entry: reads the document embedded in the page and draws it. Text comes first; the
// curves follow once it is on the screen.
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { parseDocument, type StudyDocument } from "./model/document";
import { counted, time } from "./model/format";
import { Environments, TestingView } from "./views/about";
import { Claims, tally } from "./views/claims";
import { Curves } from "./views/curves";
import { Runs } from "./views/runs";
import { Table } from "./views/table";
import { useTheme, type Choice } from "./views/theme";
import "./report.css";

/** True once the browser has painted what was there before. */
function useAfterPaint(): boolean {
  const [painted, setPainted] = useState(false);
  useEffect(() => { requestAnimationFrame(() => setTimeout(() => setPainted(true))); }, []);
  return painted;
}

/** Marks the moment when everything is drawn and listens, for tests and benchmarks. */
function markReady() {
  if (performance.getEntriesByName("ordo:ready").length === 0) performance.mark("ordo:ready");
}

function Head({ study, choice, choose }: { study: StudyDocument; choice: Choice; choose: (c: Choice) => void }) {
  const sections: [string, string, boolean][] = [
    ["claims", "Claims", study.claims.length > 0], ["table", "Measures", study.measures.length > 0],
    ["curves", "Curves", study.curves.length > 0], ["testing", "Testing", true], ["runs", "Runs", true],
    ["environment", "Environment", true]];
  return (
    <header class="top">
      <nav aria-label="Sections">
        {sections.filter(([, , there]) => there).map(([id, name]) => <a key={id} href={`#${id}`}>{name}</a>)}
        <label class="theme">Colours <select value={choice} onChange={(event) => choose(event.currentTarget.value as Choice)}>
          <option value="auto">auto</option><option value="light">light</option><option value="dark">dark</option>
        </select></label>
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
  const [theme, choice, choose] = useTheme();
  const painted = useAfterPaint();
  const curves = study.curves.length > 0;
  useEffect(() => { if (painted && !curves) markReady(); }, [painted]);
  return (
    <>
      <a class="skip" href="#main">Skip to the results</a>
      <Head study={study} choice={choice} choose={choose} />
      <main id="main" tabIndex={-1}>
        {study.claims.length > 0 && <Claims claims={study.claims} />}
        {study.measures.length > 0 && <Table study={study} />}
        {curves && (painted ? <Curves study={study} theme={theme} drawn={markReady} /> : <section id="curves" class="waiting" />)}
        <TestingView testing={study.testing} />
        <Runs study={study} />
        <Environments study={study} />
      </main>
      <footer class="faint">Written by {study.program}. This file needs no network.</footer>
    </>
  );
}

const app = document.getElementById("app")!;
try {
  render(<Report study={parseDocument(document.getElementById("ordo-document")!.textContent!)} />, app);
} catch (error) {
  app.textContent = `The report can't be shown. ${error instanceof Error ? error.message : String(error)}`;
  throw error;
}
