// Small things that several pages of the board show.
import type { ComponentChildren } from "preact";
import { VerdictShape } from "../charts/intervals";
import { ended, type StudyClaim, type StudyInfo } from "../model/board";
import type { Verdict } from "../model/document";
import { counted } from "../model/format";
import { href } from "./route";

const MANY: Record<Verdict, [string, string]> = {
  holds: ["holds", "hold"], fails: ["fails", "fail"], undecided: ["undecided", "undecided"],
};

/** How many claims hold, fail and are undecided: shape, number and word. */
export function Tally({ claims }: { claims: StudyClaim[] }) {
  const count = (verdict: Verdict | null) => claims.filter((claim) => claim.verdict === verdict).length;
  if (claims.length === 0) return <span class="faint">no claims</span>;
  return (
    <span class="tally">
      {(["holds", "fails", "undecided"] as const).filter((verdict) => count(verdict) > 0).map((verdict) => (
        <span key={verdict} class={`verdict ${verdict}`}>
          <svg viewBox="-9 -9 18 18" width="14" height="14" aria-hidden="true"><VerdictShape verdict={verdict} /></svg>
          {count(verdict)} {MANY[verdict][count(verdict) === 1 ? 0 : 1]}
        </span>
      ))}
      {count(null) > 0 && <span class="faint">{count(null)} not judged</span>}
    </span>
  );
}

const ORDER = ["done", "stale", "running", "failed", "timeout", "killed", "pending"];

/** "40 of 48 cells done, 4 running, 1 failed". */
export function cellWords(study: StudyInfo): string {
  const rest = ORDER.filter((status) => status !== "done" && status !== "pending" && study.counts[status])
    .map((status) => `${study.counts[status]} ${status}`);
  const done = study.counts["done"] ?? 0;
  if (study.cells === 0) return "no cells yet";
  const first = done === study.cells ? `${counted(done, "cell")} done` : `${done} of ${counted(study.cells, "cell")} done`;
  return [first, ...rest].join(", ");
}

/** A bar of the cells by what became of them; says in words what it shows. */
export function Cells({ study }: { study: StudyInfo }) {
  let from = 0;
  const part = (count: number) => (100 * count) / Math.max(1, study.cells);
  return (
    <span class="cells">
      {(study.running || ended(study) < study.cells) && (
        <svg class="bar-of-cells" height="6" aria-hidden="true">
          <rect class="all" width="100%" height="6" rx="3" />
          {ORDER.filter((status) => status !== "pending" && study.counts[status]).map((status) => {
            const width = part(study.counts[status] ?? 0);
            const x = from;
            from += width;
            return <rect key={status} class={status} x={`${x}%`} width={`${width}%`} height="6" />;
          })}
        </svg>
      )}
      <span>{cellWords(study)}</span>
    </span>
  );
}

export function Tags({ tags }: { tags: string[] }) {
  if (tags.length === 0) return null;
  return (
    <ul class="tags" aria-label="Tags">
      {tags.map((tag) => <li key={tag}><a href={href("", "", "", { tag })}>{tag}</a></li>)}
    </ul>
  );
}

/** What to show while there is nothing yet, and when it failed. */
export function Waiting({ error, retry, children }: { error: Error | undefined; retry: () => void; children?: ComponentChildren }) {
  if (!error) return <p class="faint waiting" role="status">Loading…</p>;
  return (
    <div class="notice" role="alert">
      <p>{error.message}</p>
      <p><button type="button" onClick={retry}>Try again</button> {children}</p>
    </div>
  );
}
