import { shortened } from '../clean-text.ts';

export const LONGEST_MESSAGE = 1000;

/** Escaped text: brackets would be links (SARIF 2.1.0, 3.11.6), `{0}` a placeholder (3.11.5). */
export function sarifMessage(text: string): { readonly text: string } {
  const plain = shortened(text, LONGEST_MESSAGE)
    .replace(/[\\[\]]/g, '\\$&')
    .replace(/\{(\d+)\}/g, '{{$1}}');
  return { text: plain };
}
