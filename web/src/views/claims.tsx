import { domainsOf, IntervalRow, VerdictShape } from "../charts/intervals";
import type { Claim, Comparison, Verdict } from "../model/document";
import { counted, short } from "../model/format";

const WORDS: Record<Verdict, string> = { holds: "Holds", fails: "Fails", undecided: "Undecided" };

export function VerdictMark({ verdict }: { verdict: Verdict }) {
  return (
    <span class={`verdict ${verdict}`}>
      <svg viewBox="-9 -9 18 18" width="16" height="16" aria-hidden="true"><VerdictShape verdict={verdict} /></svg>
      {WORDS[verdict]}
    </span>
  );
}

function Numbers({ comparison: c }: { comparison: Comparison }) {
  return (
    <p class="numbers">
      <b>{short(c.estimate)}</b> <span>[{short(c.interval[0])}, {short(c.interval[1])}]</span>
      <span class="faint">{c.unit && ` ${c.unit} · `}{counted(c.pairs, "seed")}
        {c.p_value !== null && ` · p\u00a0=\u00a0${short(c.p_value, 2)}`}</span>
    </p>
  );
}

/** "2 hold, 1 fails". */
export function tally(claims: Claim[]): string {
  const count = (verdict: Verdict) => claims.filter((claim) => claim.verdict === verdict).length;
  const [holds, fails, undecided] = [count("holds"), count("fails"), count("undecided")];
  return [holds && `${holds} ${holds === 1 ? "holds" : "hold"}`, fails && `${fails} ${fails === 1 ? "fails" : "fail"}`,
    undecided && `${undecided} undecided`].filter(Boolean).join(", ");
}

export function Claims({ claims }: { claims: Claim[] }) {
  const domains = domainsOf(claims.flatMap((claim) => claim.comparisons));
  return (
    <section id="claims" aria-labelledby="claims-title">
      <h2 id="claims-title">Claims <small>{tally(claims)}</small></h2>
      {claims.map((claim) => (
        <article class="claim" key={claim.name}>
          <header>
            <VerdictMark verdict={claim.verdict} />
            <h3>{claim.name}</h3>
          </header>
          <div class="said">
            <p>{claim.sentence}</p>
            <p><code>{claim.text}</code></p>
            {claim.note && <p class="faint">{claim.note}</p>}
          </div>
          <div class="drawn">
            {claim.comparisons.map((comparison, index) => (
              <div key={index}>
                <p class="label">{comparison.label}</p>
                <IntervalRow comparison={comparison} domain={domains.get(comparison)!} />
                <Numbers comparison={comparison} />
              </div>
            ))}
          </div>
        </article>
      ))}
      <p class="faint">
        The mark is the estimate and its shape the verdict; the bar is the interval. The claim is
        true in the shaded part, whose edge is the margin. It holds when the whole bar lies inside,
        fails when the whole bar lies outside, and stays undecided otherwise.
      </p>
    </section>
  );
}
