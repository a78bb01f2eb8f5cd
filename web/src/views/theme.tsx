// Light or dark: what the system prefers, unless the reader chooses; always light on paper.
import { useEffect, useState } from "preact/hooks";
import type { Theme } from "../charts/palette";
import { recall, remember } from "../model/memory";

export type Choice = "auto" | Theme;
export interface Colours { theme: Theme; choice: Choice; choose: (choice: Choice) => void }

const CHOICES: Choice[] = ["auto", "light", "dark"];

/** `key` names the place where the browser remembers the choice; a report, a file, has none. */
export function useColours(key = ""): Colours {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const paper = matchMedia("print");
  const [choice, setChoice] = useState<Choice>(() => CHOICES.find((one) => one === recall(key)) ?? "auto");
  const [dark, setDark] = useState(system.matches);
  const [printing, setPrinting] = useState(paper.matches);
  useEffect(() => {
    const onSystem = () => setDark(system.matches);
    const onPaper = () => setPrinting(paper.matches);
    system.addEventListener("change", onSystem);
    paper.addEventListener("change", onPaper);
    return () => {
      system.removeEventListener("change", onSystem);
      paper.removeEventListener("change", onPaper);
    };
  }, []);
  const theme: Theme = printing ? "light" : choice === "auto" ? (dark ? "dark" : "light") : choice;
  document.documentElement.dataset["theme"] = theme;  // before anything is drawn, so that nothing flashes
  const choose = (next: Choice) => {
    remember(key, next);
    setChoice(next);
  };
  return { theme, choice, choose };
}

export function ColourChoice({ colours }: { colours: Colours }) {
  return (
    <label class="theme">Colours <select value={colours.choice}
      onChange={(event) => colours.choose(event.currentTarget.value as Choice)}>
      {CHOICES.map((choice) => <option key={choice} value={choice}>{choice}</option>)}
    </select></label>
  );
}
