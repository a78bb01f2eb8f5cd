/** Marks the moment when a page is drawn and listens, for tests and benchmarks. */
export function markReady() {
  if (performance.getEntriesByName("ordo:ready").length === 0) performance.mark("ordo:ready");
}
