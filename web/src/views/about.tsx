// How it was tested, and where it ran.
import type { StudyDocument, Testing } from "../model/document";
import { num } from "../model/document";
import { short, time } from "../model/format";
import { Pairs } from "./runs";

function sentences(testing: Testing): string[] {
  if (testing.looks.length === 0) return ["No claim has been tested yet.", ...testing.notes];
  const percent = `${short(100 * num(testing.alpha))}\u00a0%`;
  const first = `The probability that any verdict of "holds" or "fails" is false is at most ${percent}.`;
  const registered = testing.registered_seeds > 0
    ? `${testing.registered_seeds} seeds for each variant were stated before the first run.`
    : "No number of seeds was stated before the first run.";
  const looks = testing.looks.length === 1 ? "The claims were tested once."
    : `The claims were tested ${testing.looks.length} times; each look spends a part of the ${percent}.`;
  return [testing.method, testing.correction, first, registered, looks, ...testing.notes].filter(Boolean);
}

export function TestingView({ testing }: { testing: Testing }) {
  return (
    <section id="testing" aria-labelledby="testing-title">
      <h2 id="testing-title">How it was tested</h2>
      <ul class="prose">{sentences(testing).map((sentence) => <li key={sentence}>{sentence}</li>)}</ul>
      {testing.looks.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-labelledby="testing-title">
          <table class="narrow">
            <thead><tr><th scope="col">look</th><th scope="col" class="number">seeds</th>
              <th scope="col" class="number">α spent</th><th scope="col">when</th></tr></thead>
            <tbody>{testing.looks.map((look, index) => (
              <tr key={index}><th scope="row">{index + 1}</th><td class="number">{look.seeds}</td>
                <td class="number">{short(look.alpha, 3)}</td><td class="when">{time(look.when)}</td></tr>
            ))}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

export function Environments({ study }: { study: StudyDocument }) {
  return (
    <section id="environment" aria-labelledby="environment-title">
      <h2 id="environment-title">Environment</h2>
      <div class="columns">
        {study.environments.map((environment) => (
          <div key={environment.name}><h3>{environment.name}</h3><Pairs values={environment.values} /></div>
        ))}
        <div><h3>Fixed parameters</h3><Pairs values={study.fixed} /></div>
      </div>
    </section>
  );
}
