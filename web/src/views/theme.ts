// Light or dark: what the system prefers, unless the reader chooses; always light on paper.
import { useEffect, useState } from "preact/hooks";
import type { Theme } from "../charts/palette";

export type Choice = "auto" | Theme;

export function useTheme(): [Theme, Choice, (choice: Choice) => void] {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const paper = matchMedia("print");
  const [choice, setChoice] = useState<Choice>("auto");
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
  useEffect(() => { document.documentElement.dataset["theme"] = theme; }, [theme]);
  return [theme, choice, setChoice];
}
