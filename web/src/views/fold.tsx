import type { ComponentChildren } from "preact";

/** Something that is shown when asked for. */
export function Fold({ title, children }: { title: string; children: ComponentChildren }) {
  return <details class="fold"><summary>{title}</summary>{children}</details>;
}
