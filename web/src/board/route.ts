// Where the reader is, in the part of the address after '#': a path, and in its query everything
// that was chosen on the page, so that an address shows to others what it shows here.
//
//   #/?q=warm&tag=mnist    #/study/NAME/curves?metric=acc&zoom=100:200    #/run/ID    #/compare?left=A&right=B
//
// Choices replace the entry in the browser's history, links add one.
import { useEffect, useState } from "preact/hooks";

export interface Route { page: string; name: string; section: string }
type Query = Record<string, string>;

const WRITE_AFTER = 250;  // ms: browsers refuse addresses that change with every frame

let route: Route;
let query: URLSearchParams;
let timer = 0;
const readers = new Set<() => void>();
const places = new Map<string, number>();  // how far down each address was scrolled

function read() {
  const [place = "", text = ""] = splitAt(location.hash.replace(/^#/, ""), "?");
  const [page = "", name = "", section = ""] = place.replace(/^\//, "").split("/").map(plainPart);
  const same = route && route.page === page && route.name === name && route.section === section;
  if (!same) route = { page, name, section };
  query = new URLSearchParams(text);
}

function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function plainPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function textOf(query: URLSearchParams): string {
  const text = query.toString();
  return text ? `?${text}` : "";
}

/** The address of a page. */
export function href(page: string, name = "", section = "", chosen: Query | URLSearchParams = {}): string {
  const place = [page, name, section].filter(Boolean).map(encodeURIComponent).join("/");
  return `#/${place}${textOf(chosen instanceof URLSearchParams ? chosen : new URLSearchParams(chosen))}`;
}

function write() {
  clearTimeout(timer);
  timer = 0;
  history.replaceState(history.state, "", href(route.page, route.name, route.section, query));
  places.set(location.hash, scrollY);
}

/** Changes choices; an empty one leaves the address. */
export function choose(change: Query): void {
  query = new URLSearchParams(query);
  for (const [name, value] of Object.entries(change)) {
    if (value === "") query.delete(name);
    else query.set(name, value);
  }
  clearTimeout(timer);
  timer = window.setTimeout(write, WRITE_AFTER);
  for (const reader of readers) reader();
}

// ---- going back to where one was ----

let followed = false;  // by a link, so the new page begins at its top

export function go(address: string): void {
  if (timer) write();
  followed = true;
  location.hash = address;
}

/** Whether the page was reached by a link, not by going back; asked once a page. */
export function wasFollowed(): boolean {
  const was = followed;
  followed = false;
  return was;
}

/** Scrolls to where the reader was here, as soon as the page is long enough. */
export function scrollBack(): void {
  const wanted = places.get(location.hash) ?? 0;
  const until = performance.now() + 2000;
  const turn = () => {
    scrollTo({ top: wanted, behavior: "instant" });
    if (scrollY < wanted - 1 && performance.now() < until) requestAnimationFrame(turn);
  };
  turn();
}

export function start(): void {
  history.scrollRestoration = "manual";
  read();
  addEventListener("scroll", () => { places.set(location.hash, scrollY); }, { passive: true });
  addEventListener("pagehide", () => { if (timer) write(); });
  addEventListener("click", (event) => {
    const link = (event.target as Element | null)?.closest?.("a[href^='#/']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (timer) write();
    followed = true;
  }, { capture: true });
  addEventListener("hashchange", () => {
    clearTimeout(timer);
    timer = 0;
    read();
    for (const reader of readers) reader();
  });
}

function useReader<T>(now: () => T): T {
  const [value, setValue] = useState(now);
  useEffect(() => {
    const reader = () => setValue(() => now());
    readers.add(reader);
    reader();
    return () => { readers.delete(reader); };
  }, []);
  return value;
}

/** The place; drawn again only when that changes, not with every choice. */
export const useRoute = (): Route => useReader(() => route);
export const useQuery = (): URLSearchParams => useReader(() => query);
