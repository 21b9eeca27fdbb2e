import { codeBlock, html, type Markup } from './markup.ts';

/** Why something is missing from the report and how to get it: nothing is omitted silently. */
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
