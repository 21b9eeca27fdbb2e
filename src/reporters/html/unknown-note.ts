import { codeBlock, html, type Markup } from './markup.ts';

/** Why something is not in the report, and what would bring it there: nothing is left out in silence. */
export function unknownNote({
  reason,
  settle,
}: {
  readonly reason: string;
  readonly settle?: string;
}): Markup {
  return html`<div class="unknown-note">
    <p>Not known: ${reason}.</p>
    ${settle === undefined ? undefined : codeBlock(settle)}
  </div>`;
}
