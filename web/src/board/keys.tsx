// Keys that work everywhere on the board, and the dialog that tells of them.
import { useEffect, useRef, useState } from "preact/hooks";
import { recall, remember } from "../model/memory";
import { go, href, useRoute, type Route } from "./route";

const OFF = "ordo:keys-off";

const PAGES: [string, string][] = [
  ["/", "search on this page"], ["s", "all studies"], ["c", "compare, from a study with it"], ["?", "this help"]];
const CHART: [string, string][] = [
  ["← →", "read values"], ["Home End", "first, last step"], ["+ −", "zoom in, out"], ["Shift ← →", "move the window"],
  ["0", "all steps"], ["Esc", "stop reading"]];
const POINTER: [string, string][] = [
  ["drag", "zoom in on a part, or move, as chosen"], ["Shift drag", "move the window"],
  ["wheel sideways", "move the window"], ["Ctrl wheel", "zoom about the pointer"]];

function typing(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches("input, select, textarea, [role=application]");
}

function act(key: string, route: Route): boolean {
  if (key === "/") {
    const search = document.querySelector<HTMLInputElement>("input[type=search]");
    search?.focus();
    search?.scrollIntoView({ block: "nearest" });
    return search !== null;
  }
  if (key === "s") go(href(""));
  else if (key === "c") go(href("compare", "", "", route.page === "study" ? { left: route.name } : {}));
  else return false;
  return true;
}

function List({ title, keys }: { title: string; keys: [string, string][] }) {
  return (
    <div><h3>{title}</h3>
      <dl class="keys">{keys.map(([key, does]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{does}</dd></div>)}</dl></div>
  );
}

export function Keys() {
  const dialog = useRef<HTMLDialogElement>(null);
  const route = useRoute();
  const [off, setOff] = useState(recall(OFF) === "1");
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || dialog.current?.open) return;
      if (event.key === "?" && !(event.target instanceof HTMLInputElement)) dialog.current?.showModal();
      else if (off || typing(event.target) || !act(event.key, route)) return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [off, route]);
  const setKeys = (next: boolean) => {
    remember(OFF, next ? "1" : "");
    setOff(next);
  };
  return (
    <>
      <button type="button" class="quiet" aria-haspopup="dialog" onClick={() => dialog.current?.showModal()}>Keys <kbd>?</kbd></button>
      <dialog ref={dialog} aria-labelledby="keys-title">
        <h2 id="keys-title">Keys</h2>
        <div class="columns">
          <List title="Everywhere" keys={PAGES} />
          <List title="On a chart" keys={CHART} />
          <List title="Pointer on a chart" keys={POINTER} />
        </div>
        <p><label class="check"><input type="checkbox" checked={!off} onChange={() => setKeys(!off)} /> keys without Ctrl or Alt work everywhere</label></p>
        <form method="dialog"><button type="submit" autofocus>Close</button></form>
      </dialog>
    </>
  );
}
