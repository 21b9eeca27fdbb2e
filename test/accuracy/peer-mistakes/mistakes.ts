import type { Outcome } from '../../../src/model/criterion.ts';
import { tableRows } from '../../fakes/table.ts';
import { type GivenParts, givenRows, partsOf } from '../given-images.ts';
import type { Recipe } from '../made-image.ts';
import { dockerfileOf, HARDENED } from '../starting-points.ts';

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

interface GivenRow extends GivenParts, Pick<PeerMistake, 'peer' | 'name' | 'right'> {
  readonly shows: string;
}

interface GivenCheck extends Pick<PeerMistake, 'check' | 'criterion'> {
  readonly rows: readonly GivenRow[];
}

/** Its checks of images. */
const OF_IMAGES = (givenRows('peer-mistakes/images.yaml') as readonly GivenCheck[]).flatMap(
  ({ rows, ...check }) =>
    rows.map(({ peer, name, right, shows, ...parts }): PeerMistake => {
      const recipe = { ...HARDENED, ...partsOf(parts, HARDENED) };
      return { ...check, peer, name, recipe, right, shows: new RegExp(shows) };
    }),
);

/** Its checks of the Dockerfile. */
const OF_DOCKERFILES = tableRows('test/accuracy/peer-mistakes/sources.tsv').map(
  ([check = '', criterion = '', sign, name = '', text = '', right, shows = '', given]) => {
    const files = given === undefined ? {} : { files: JSON.parse(given) as Record<string, string> };
    const dockerfile = text === '-' ? undefined : { text: dockerfileOf(text), ...files };
    const recipe = { ...HARDENED, dockerfile };
    const peer = sign === 'FP' ? 'false pass' : 'false fail';
    const row = { check, criterion, peer, name, recipe, right: right as Outcome } as const;
    return { ...row, shows: new RegExp(shows) };
  },
);

export const PEER_MISTAKES: readonly PeerMistake[] = [...OF_IMAGES, ...OF_DOCKERFILES];
