// Curves that get finer where one looks: the whole once, and for a zoomed window the part that is
// visible with as much again on both sides, so that moving about finds it there already.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Window } from "../charts/chart";
import { splice, type Strand } from "../model/series";
import { getSeries } from "./api";

export interface Finer { strands: Strand[] | undefined; error: Error | undefined }

interface Part { url: string; turn: unknown; window: [number, number]; strands: Strand[] }

/** Whether `part` shows `window` well: it covers it, and is not so much wider that it is coarse. */
function serves(part: Part | null, [from, to]: [number, number], [first, last]: [number, number]): boolean {
  if (!part) return false;
  const margin = 0.25 * (to - from);
  return part.window[0] <= Math.max(first, from - margin) && part.window[1] >= Math.min(last, to + margin) &&
    part.window[1] - part.window[0] < 6.5 * (to - from);
}

/** The first and last step of all strands. */
export function ends(strands: Strand[]): [number, number] {
  const first = Math.min(...strands.map((strand) => strand.steps[0] ?? Infinity));
  const last = Math.max(...strands.map((strand) => strand.steps[strand.steps.length - 1] ?? -Infinity));
  return first <= last ? [first, last] : [0, 1];
}

/** `urlOf` is where `points` entries of the window are; a change of `turn` asks again. An empty
 *  address asks nothing. */
export function useFiner(urlOf: (window: Window, points: number) => string, zoom: Window, points: number, turn: unknown): Finer {
  const url = urlOf(null, points);
  const [whole, setWhole] = useState<{ url: string; strands: Strand[] }>();
  const [part, setPart] = useState<Part | null>(null);
  const [error, setError] = useState<Error>();
  useEffect(() => {
    if (!url) return;
    const abort = new AbortController();
    getSeries(url, abort.signal).then((strands) => {
      setWhole({ url, strands });
      setError(undefined);
    }, (caught: Error) => { if (!abort.signal.aborted) setError(caught); });
    return () => abort.abort();
  }, [url, turn]);
  const strands = whole?.url === url ? whole.strands : undefined;

  // One request at a time: while a reader moves, the newest window is asked for as soon as the last
  // one has come.
  const now = useRef({ url, urlOf, zoom, turn, strands, part });
  now.current = { url, urlOf, zoom, turn, strands, part };
  const flight = useRef<AbortController | null>(null);
  const want = useRef(() => {
    const { url, urlOf, zoom, turn, strands, part } = now.current;
    if (flight.current || !zoom || !strands?.some((strand) => strand.width > 1)) return;
    if (part && part.url === url && part.turn === turn && serves(part, zoom, ends(strands))) return;
    const width = zoom[1] - zoom[0];
    const window: [number, number] = [zoom[0] - width, zoom[1] + width];
    const abort = flight.current = new AbortController();
    getSeries(urlOf(window, 3 * points), abort.signal).then((found) => {
      flight.current = null;
      now.current.part = { url, turn, window, strands: found };
      setPart(now.current.part);
      want.current();
    }, (caught: Error) => {
      flight.current = null;
      if (!abort.signal.aborted) setError(caught);
    });
  });
  useEffect(() => want.current(), [zoom?.[0], zoom?.[1], url, turn, strands]);
  useEffect(() => () => flight.current?.abort(), []);

  const used = zoom && part?.url === url && part.strands.length === strands?.length ? part : null;
  return { strands: useMemo(() => strands?.map((strand, index) => (used ? splice(strand, used.strands[index]!) : strand)),
    [strands, used]), error };
}
