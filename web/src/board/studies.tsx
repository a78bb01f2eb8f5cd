// The list of studies: search and tag stand in the address, changes arrive while one reads.
import { useEffect, useState } from "preact/hooks";
import type { StudyInfo, StudyList } from "../model/board";
import { counted, time } from "../model/format";
import { path, useAnswer } from "./api";
import { Cells, Tags, Tally, Waiting } from "./board_view";
import { useLive, watch } from "./live";
import { choose, href, useQuery } from "./route";

/** Studies as they are now, those known staying where they stand, so that nothing moves away from
 *  under a pointer; new ones come first. */
function merged(old: StudyInfo[], changed: StudyInfo[], gone: string[]): StudyInfo[] {
  const now = new Map(changed.map((study) => [study.name, study]));
  const known = new Set(old.map((study) => study.name));
  return [...changed.filter((study) => !known.has(study.name)),
    ...old.filter((study) => !gone.includes(study.name)).map((study) => now.get(study.name) ?? study)];
}

function Row({ study }: { study: StudyInfo }) {
  return (
    <li class="study">
      <div class="what">
        <h2><a href={href("study", study.name)}>{study.title || study.name}</a></h2>
        <p class="faint"><code>{study.name}</code>{study.question && ` · ${study.question}`}</p>
        {study.error && <p class="trouble">{study.error}</p>}
        {study.matches && study.matches.length > 0 && <p class="faint matches">{study.matches.join(" · ")}</p>}
        <Tags tags={study.tags} />
      </div>
      <div><Tally claims={study.claims} /></div>
      <div><Cells study={study} /></div>
      <div class="when faint"><time dateTime={study.changed}>{time(study.changed)}</time></div>
    </li>
  );
}

export function Studies() {
  const query = useQuery();
  const [words, tag] = [query.get("q") ?? "", query.get("tag") ?? ""];
  const [asked, setAsked] = useState(words);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(words), 150);
    return () => clearTimeout(timer);
  }, [words]);
  const answer = useAnswer<StudyList>(path("studies", { q: asked }), true);
  const [studies, setStudies] = useState<StudyInfo[]>([]);
  useEffect(() => { if (answer.data) setStudies(answer.data.studies); }, [answer.data]);
  useEffect(() => watch(""), []);
  useLive({
    studies: (event) => (asked ? answer.reload() : setStudies((old) => merged(old, event.studies, event.gone))),
    again: answer.reload,
  });
  useEffect(() => { document.title = "Studies · Ordo board"; }, []);
  const tags = [...new Set([...studies.flatMap((study) => study.tags), ...(tag ? [tag] : [])])].sort();
  const shown = studies.filter((study) => !tag || study.tags.includes(tag));
  return (
    <>
      <h1 tabIndex={-1}>Studies <small role="status">{answer.data ? counted(shown.length, "study").replace("studys", "studies") : ""}</small></h1>
      <div class="controls">
        <label class="grow">Search <input type="search" value={words} placeholder="name, question, tag, parameter, claim"
          onInput={(event) => choose({ q: event.currentTarget.value })} /></label>
        {tags.length > 0 && (
          <label>Tag <select value={tag} onChange={(event) => choose({ tag: event.currentTarget.value })}>
            <option value="">all</option>{tags.map((one) => <option key={one} value={one}>{one}</option>)}
          </select></label>
        )}
        {studies.length > 1 && <a class="button" href={href("compare")}>Compare</a>}
      </div>
      {!answer.data ? <Waiting error={answer.error} retry={answer.reload} />
        : shown.length > 0 ? <ul class="studies">{shown.map((study) => <Row key={study.name} study={study} />)}</ul>
          : words || tag ? <p>No study matches. <a href={href("")}>Show all</a></p>
            : <p class="prose">There is no study here yet. <code>ordo study new mine.toml</code> writes one to begin
              with, <code>ordo study run mine.toml</code> runs it; it appears here by itself.</p>}
    </>
  );
}
