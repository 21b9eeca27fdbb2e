import type { Outcome } from '../../model/criterion.ts';
import { OUTCOME_WORDS } from '../card-words.ts';
import { html, Markup } from './markup.ts';

/** Drawn once, used by reference: ten thousand rows need no second copy. */
export const SYMBOLS =
  new Markup(`<svg class="symbols" aria-hidden="true" width="0" height="0"><defs>
<symbol id="i-pass" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="var(--cool-fill)"/><path d="m4.4 8.3 2.5 2.5 4.8-5.2" fill="none" stroke="var(--cool-ink)" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round"/></symbol>
<symbol id="i-fail" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="var(--hot-fill)"/><path d="m5.2 5.2 5.6 5.6m0-5.6-5.6 5.6" fill="none" stroke="var(--hot-ink)" stroke-width="1.9" stroke-linecap="round"/></symbol>
<symbol id="i-unknown" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7.1" fill="none" stroke="var(--warm-edge)" stroke-width="1.8" stroke-dasharray="2.7 1.76"/><path d="M6.1 6.3c.1-1.2 1-1.8 2-1.8s2 .7 2 1.7c0 1.5-2 1.5-2 2.9" fill="none" stroke="var(--warm-text)" stroke-width="1.6" stroke-linecap="round"/><circle cx="8.1" cy="11.5" r="1" fill="var(--warm-text)"/></symbol>
<symbol id="i-not-applicable" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7.3" fill="none" stroke="var(--cool-edge)" stroke-width="1.4"/><path d="M4.9 8h6.2" stroke="var(--cool-text)" stroke-width="1.8" stroke-linecap="round"/></symbol>
<symbol id="i-chilli" viewBox="0 0 20 20"><path d="M13.2 5.2c2.4-.4 4.4 1 4.5 3.3.2 4.4-6.3 9.6-14.6 9.3-.9 0-1-.9-.2-1.2 4.3-1.5 6-3.6 7-7.2.5-2 1.4-3.9 3.3-4.2Z" fill="currentColor" stroke="currentColor" stroke-width="1.2" stroke-linejoin="round"/><path d="M13.6 5.4c.3-1.6.1-2.7-.9-3.6" fill="none" stroke="var(--cool-edge)" stroke-width="1.7" stroke-linecap="round"/></symbol>
<symbol id="i-chilli-open" viewBox="0 0 20 20"><path d="M13.2 5.2c2.4-.4 4.4 1 4.5 3.3.2 4.4-6.3 9.6-14.6 9.3-.9 0-1-.9-.2-1.2 4.3-1.5 6-3.6 7-7.2.5-2 1.4-3.9 3.3-4.2Z" fill="none" stroke="currentColor" stroke-width="1.1" stroke-linejoin="round"/><path d="M13.6 5.4c.3-1.6.1-2.7-.9-3.6" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round"/></symbol>
</defs></svg>`);

/** The outcome as a shape of its own, with its word for those who do not see it. */
export function outcomeIcon(outcome: Outcome): Markup {
  return html`<svg class="icon" role="img" aria-label="${OUTCOME_WORDS[outcome]}">
    <use href="#i-${outcome}" />
  </svg>`;
}

/** As many chillis as there are levels, those reached filled. */
export function chillis(reached: number, levels = 5): Markup {
  const one = (index: number): Markup =>
    index < reached
      ? html`<svg class="chilli hot"><use href="#i-chilli" /></svg>`
      : html`<svg class="chilli"><use href="#i-chilli-open" /></svg>`;
  return html`<span class="chillis" role="img" aria-label="level ${reached} of ${levels}"
    >${Array.from({ length: levels }, (_, index) => one(index))}</span
  >`;
}
