import { useState } from "preact/hooks";
import type { Measure, StudyDocument, Summary } from "../model/document";
import { num } from "../model/document";
import { decimalsFor, fixed, plain } from "../model/format";

export interface Order { column: string; down: boolean }

/** A heading that sorts by its column. */
export function SortHead(props: {
  column: string; order: Order; set: (order: Order) => void; numeric?: boolean; title?: string;
}) {
  const { column, order, set } = props;
  const active = order.column === column;
  const next = { column, down: active ? !order.down : false };
  return (
    <th scope="col" class={props.numeric ? "number" : ""} title={props.title}
      aria-sort={active ? (order.down ? "descending" : "ascending") : "none"}>
      <button type="button" class="sort" onClick={() => set(next)}>
        {column}<span aria-hidden="true">{active ? (order.down ? " ▼" : " ▲") : " ↕"}</span>
      </button>
    </th>
  );
}

/** Sorts a copy; texts by the alphabet with numbers by size, missing values last. */
export function sorted<T>(rows: T[], key: (row: T) => string | number, down: boolean): T[] {
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (typeof x === "number" && typeof y === "number") {
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
      return sign * (x - y);
    }
    return sign * String(x).localeCompare(String(y), "en", { numeric: true });
  });
}

function columnDecimals(cells: Summary[]): number {
  const widths = cells.map((cell) => (num(cell.interval[1]) - num(cell.interval[0])) / 2)
    .filter((width) => width > 0 && Number.isFinite(width));
  return decimalsFor(widths.length ? Math.min(...widths) : NaN);
}

function bestOf(measure: Measure, cells: Summary[]): number {
  const means = cells.map((cell) => num(cell.mean)).filter(Number.isFinite);
  if (measure.better === "unknown" || means.length < 2) return NaN;
  return measure.better === "higher" ? Math.max(...means) : Math.min(...means);
}

export function Table({ study }: { study: StudyDocument }) {
  const [order, setOrder] = useState<Order>({ column: "", down: false });
  const cells = new Map(study.table.map((cell) => [JSON.stringify([cell.variant, cell.measure]), cell]));
  const cellOf = (variant: string, measure: string) => cells.get(JSON.stringify([variant, measure]));
  const columns = study.measures.map((measure) => {
    const own = study.table.filter((cell) => cell.measure === measure.name);
    return { measure, decimals: columnDecimals(own), best: bestOf(measure, own) };
  });
  const rows = order.column === "" ? study.variants : sorted(study.variants, (variant) =>
    order.column === "variant" ? variant.name : num(cellOf(variant.name, order.column)?.mean ?? "nan"), order.down);
  return (
    <section id="table" aria-labelledby="table-title">
      <h2 id="table-title">Measures <small>{study.table_interval}</small></h2>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="table-title">
        <table>
          <thead><tr>
            <SortHead column="variant" order={order} set={setOrder} />
            {columns.map(({ measure }) => (
              <SortHead key={measure.name} column={measure.name} order={order} set={setOrder} numeric
                title={[measure.description, measure.unit].filter(Boolean).join(", ")} />
            ))}
          </tr></thead>
          <tbody>{rows.map((variant) => (
            <tr key={variant.name}>
              <th scope="row">{variant.name}
                <span class="faint parameters">{Object.entries(variant.parameters)
                  .map(([name, value]) => `${name} = ${plain(value)}`).join(", ")}</span>
              </th>
              {columns.map(({ measure, decimals, best }) => {
                const cell = cellOf(variant.name, measure.name);
                if (!cell) return <td key={measure.name} class="number faint">none</td>;
                return (
                  <td key={measure.name} class="number">
                    <span class={num(cell.mean) === best ? "best" : ""}>{fixed(cell.mean, decimals)}
                      {num(cell.mean) === best && <span class="badge">best</span>}</span>
                    <span class="faint">[{fixed(cell.interval[0], decimals)}, {fixed(cell.interval[1], decimals)}]
                      {" "}n = {cell.runs}</span>
                  </td>
                );
              })}
            </tr>
          ))}</tbody>
        </table>
      </div>
    </section>
  );
}
