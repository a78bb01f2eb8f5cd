// One stream of events from the server for the page; views listen to it. The browser reconnects by
// itself when a stream breaks; where the server refuses one, it is tried again here.
import { useEffect, useState } from "preact/hooks";
import type { StudiesEvent, StudyEvent } from "../model/board";

export type Link = "connecting" | "live" | "lost";
export interface Listener {
  studies?(event: StudiesEvent): void;
  study?(event: StudyEvent): void;
  /** The stream is back after a break: anything may have changed. */
  again?(): void;
}

const RETRY = 3000;
const listeners = new Set<Listener>();
const watchers = new Set<(link: Link) => void>();
let source: EventSource | undefined;
let study: string | undefined;
let link: Link = "connecting";
let broken = false;

function setLink(next: Link) {
  link = next;
  for (const watcher of watchers) watcher(next);
}

function open() {
  source?.close();
  const stream = new EventSource(study ? `/api/events?study=${encodeURIComponent(study)}` : "/api/events");
  source = stream;
  const on = (name: string, act: (data: string) => void) =>
    stream.addEventListener(name, (event) => act((event as MessageEvent<string>).data));
  on("hello", () => {
    setLink("live");
    if (broken) for (const listener of listeners) listener.again?.();
    broken = false;
  });
  on("studies", (data) => { for (const listener of listeners) listener.studies?.(JSON.parse(data)); });
  on("study", (data) => { for (const listener of listeners) listener.study?.(JSON.parse(data)); });
  stream.onerror = () => {
    broken = true;
    setLink("lost");
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => { if (source === stream) open(); }, RETRY);
  };
}

/** Makes the stream tell of `name` too (empty: of the list of studies only). */
export function watch(name: string): void {
  if (source && study === name) return;
  if (source) broken = true;  // what changed between two streams is asked for
  study = name;
  open();
}

export function useLive(listener: Listener): void {
  useEffect(() => {
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  });
}

export function useLink(): Link {
  const [now, setNow] = useState(link);
  useEffect(() => {
    watchers.add(setNow);
    setNow(link);
    return () => { watchers.delete(setNow); };
  }, []);
  return now;
}
