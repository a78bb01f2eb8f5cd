// Asking the server. Its errors are sentences and are shown as they come.
import { useEffect, useRef, useState } from "preact/hooks";
import { decode, type Strand } from "../model/series";

export class ServerError extends Error {
  constructor(message: string, readonly status: number) { super(message); }
}

export function path(name: string, query: Record<string, string | number | undefined> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return `/api/${name}${text ? `?${text}` : ""}`;
}

async function ask(url: string, signal?: AbortSignal, headers: Record<string, string> = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, { signal: signal ?? null, headers });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ServerError("The board's server does not answer. Is `ordo board` still running?", 0);
  }
  if (answer.ok) return answer;
  const body = await answer.json().catch(() => ({})) as { error?: string };
  throw new ServerError(body.error ?? `The server answered ${answer.status} to ${url}.`, answer.status);
}

export async function getJson<T>(url: string, signal?: AbortSignal): Promise<T> {
  return await (await ask(url, signal)).json() as T;
}

export async function getSeries(url: string, signal?: AbortSignal): Promise<Strand[]> {
  return decode(await (await ask(url, signal)).arrayBuffer());
}

/** The first `bytes` of a text, and whether there are more. */
export async function getText(url: string, bytes: number, signal?: AbortSignal): Promise<{ text: string; more: boolean }> {
  const answer = await ask(url, signal, { Range: `bytes=0-${bytes - 1}` });
  const size = Number(answer.headers.get("Content-Range")?.split("/")[1] ?? 0);
  return { text: await answer.text(), more: size > bytes };
}

export interface Resource<T> { data: T | undefined; error: Error | undefined; loading: boolean; reload: () => void }

/** What `url` answers. A reload keeps the old answer until the new one is there; another url does
 *  not, unless `keep` says so. An empty url asks nothing. */
export function useAnswer<T>(url: string, keep = false, load: (url: string, signal: AbortSignal) => Promise<T> = getJson): Resource<T> {
  const [state, setState] = useState<{ url: string; data?: T; error?: Error }>({ url: "" });
  const [turn, setTurn] = useState(0);
  const [busy, setBusy] = useState(true);
  useEffect(() => {
    if (!url) return;
    const abort = new AbortController();
    setBusy(true);
    load(url, abort.signal).then(
      (data) => { setState({ url, data }); setBusy(false); },
      (error: Error) => {
        if (abort.signal.aborted) return;
        setState((old) => (old.url === url && old.data !== undefined ? { ...old, error } : { url, error }));
        setBusy(false);
      });
    return () => abort.abort();
  }, [url, turn]);
  const current = state.url === url || keep;
  const reload = useRef(() => setTurn((old) => old + 1));
  return { data: current ? state.data : undefined, error: state.url === url ? state.error : undefined, loading: busy, reload: reload.current };
}

/** Calls `action` at once, and then at most every `ms` however often it is asked. */
export function useThrottled(action: () => void, ms: number): () => void {
  const now = useRef(action);
  now.current = action;
  const state = useRef({ last: -Infinity, timer: 0 });
  useEffect(() => () => clearTimeout(state.current.timer), []);
  const call = useRef(() => {
    const { last, timer } = state.current;
    if (timer) return;
    const wait = Math.max(0, last + ms - performance.now());
    state.current.timer = window.setTimeout(() => {
      state.current = { last: performance.now(), timer: 0 };
      now.current();
    }, wait);
  });
  return call.current;
}
