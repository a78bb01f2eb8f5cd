// Series as the board's server sends them: a header in JSON, then columns of 64-bit numbers that are
// used where they lie. docs/board.md describes the format.

/** A series, or a part of one: points, or entries that each stand for `width` points. */
export interface Strand {
  run: number; variant: string; name: string; width: number; total: number;
  steps: Float64Array; values: Float64Array;
  low: Float64Array; high: Float64Array;  // NaN where there is no band
}

interface Head {
  run?: number; variant?: string; name?: string; width: number; total?: number; entries: number;
  step: number; value: number; low: number | null; high: number | null;
}

const MAGIC = 0x3153524f;  // "ORS1"

/** The entries in the order of their steps; a program may have gone back in its steps. */
function inOrder(strand: Strand): Strand {
  const { steps } = strand;
  let at = 1;
  while (at < steps.length && !(steps[at]! < steps[at - 1]!)) ++at;
  if (at >= steps.length) return strand;
  const order = Uint32Array.from(steps.keys()).sort((a, b) => steps[a]! - steps[b]! || a - b);
  const pick = (column: Float64Array) => Float64Array.from(order, (place) => column[place]!);
  return { ...strand, steps: pick(steps), values: pick(strand.values), low: pick(strand.low), high: pick(strand.high) };
}

export function decode(buffer: ArrayBuffer): Strand[] {
  const view = new DataView(buffer);
  if (buffer.byteLength < 8 || view.getUint32(0, true) !== MAGIC) {
    throw new Error("The server's series are not in the format that this page reads. Reload the page.");
  }
  const length = view.getUint32(4, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length))) as { series: Head[] };
  return head.series.map((one) => {
    const column = (at: number | null) =>
      at === null ? new Float64Array(one.entries).fill(NaN) : new Float64Array(buffer, at, one.entries);
    return inOrder({
      run: one.run ?? 0, variant: one.variant ?? "", name: one.name ?? "", width: one.width, total: one.total ?? 0,
      steps: column(one.step), values: column(one.value), low: column(one.low), high: column(one.high),
    });
  });
}

function joined(parts: Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** `whole` with its middle replaced by the finer `part` of it. */
export function splice(whole: Strand, part: Strand): Strand {
  if (part.steps.length === 0 || part.width >= whole.width) return whole;
  const [first, last] = [part.steps[0]!, part.steps[part.steps.length - 1]!];
  const from = whole.steps.findIndex((step) => step >= first);
  const to = whole.steps.findIndex((step) => step > last);
  const [before, after] = [from < 0 ? whole.steps.length : from, to < 0 ? whole.steps.length : to];
  const cut = (column: (strand: Strand) => Float64Array) =>
    joined([column(whole).subarray(0, before), column(part), column(whole).subarray(after)]);
  return {
    ...whole, steps: cut((s) => s.steps), values: cut((s) => s.values), low: cut((s) => s.low), high: cut((s) => s.high),
  };
}
