import type { Outcome } from '../../../src/model/criterion.ts';
import type { Recipe } from '../made-image.ts';
import { HARDENED, PIN } from '../starting-points.ts';

/** An answer that chps-scorer gives wrongly, and the right one with what it has to show. */
export interface PeerMistake {
  /** The peer's check. */
  readonly check: string;
  /** It passes what is wrong, or fails what is right. */
  readonly peer: 'false pass' | 'false fail';
  readonly name: string;
  readonly recipe: Recipe;
  readonly criterion: string;
  readonly right: Outcome;
  /** Found in the summary or the evidence. */
  readonly shows: RegExp;
}

export type Row = readonly [
  peer: PeerMistake['peer'],
  name: string,
  parts: Partial<Recipe>,
  right: Outcome,
  shows: RegExp,
];

/** The rows of one check, each an image that begins as `start`. */
export function of(
  check: string,
  criterion: string,
  start: Recipe,
  rows: readonly Row[],
): PeerMistake[] {
  return rows.map(([peer, name, parts, right, shows]) => ({
    check,
    peer,
    name,
    recipe: { ...start, ...parts },
    criterion,
    right,
    shows,
  }));
}

export const FP = 'false pass';
export const FF = 'false fail';
export const dockerfile = (text: string): Partial<Recipe> => ({ dockerfile: { text } });
export const holding = (...layer: Recipe['layers'][number]): Partial<Recipe> => ({
  layers: [...HARDENED.layers, layer],
});
export const run = (line: string): Partial<Recipe> => dockerfile(`FROM debian@${PIN}\n${line}\n`);
