import { html, Markup } from './markup.ts';

/** A heading; with `isNumber` its column stands to the right. */
type Heading = string | { readonly name: string; readonly isNumber: boolean };

/** `sortedAs`: the script's name for the table, to sort and filter it; others stay as they are. */
interface DataTable {
  readonly heads: readonly Heading[];
  readonly rows: readonly Markup[];
  readonly sortedAs?: string;
}

/** A table of data that scrolls sideways where the page is narrow. */
export function dataTable({ heads, rows, sortedAs }: DataTable): Markup {
  const kind = new Markup(
    sortedAs === undefined ? 'class="data plain"' : `class="data" data-table="${sortedAs}"`,
  );
  return html`<div class="scroll">
    <table ${kind}>
      <thead>
        <tr>
          ${heads.map(heading)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function heading(head: Heading): Markup {
  const { name, isNumber } = typeof head === 'string' ? { name: head, isNumber: false } : head;
  return html`<th scope="col" ${isNumber ? html` class="num"` : undefined}>${name}</th>`;
}
