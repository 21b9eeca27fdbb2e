import { createHash } from 'node:crypto';
import {
  configSecrets,
  manifestSecrets,
  statementSecrets,
} from '../../../src/facts/secrets/document-secrets.ts';
import { layerFacts } from '../../facts/support.ts';
import { type Kind, KINDS } from './kinds.ts';
import { type Place, type Planted, PLACES } from './places.ts';
import { Draw } from './random.ts';

/** A secret of one kind in one place; the same in every run. */
export interface Sample {
  readonly name: string;
  readonly kind: string;
  readonly place: string;
  readonly planted: Planted;
}

/** Each kind in so many places, drawn by hash. */
const PLACES_EACH = 14;

function rank(kind: Kind, place: Place): string {
  return createHash('sha256').update(`${kind.name} in ${place.name}`).digest('hex');
}

/** Samples: each kind of secret in a number of places and spellings. */
export function samples(placesEach = PLACES_EACH): readonly Sample[] {
  return KINDS.flatMap((kind) =>
    [...PLACES]
      .sort((a, b) => (rank(kind, a) < rank(kind, b) ? -1 : 1))
      .flatMap((place) => {
        const name = `${kind.name}/${place.name}`;
        const draw = new Draw(name);
        const planted = place.plant(kind.make(draw).text, draw);
        return planted === undefined ? [] : [{ name, kind: kind.name, place: place.name, planted }];
      })
      .slice(0, placesEach),
  );
}

/** True where it is found: it counts, or its like would be reported. */
export function isFound({ planted }: Sample): boolean {
  switch (planted.kind) {
    case 'file':
      return layerFacts([planted.item]).secrets.length > 0;
    case 'config':
      return configSecrets(planted.document).findings.length > 0;
    case 'manifest':
      return manifestSecrets(planted.document).findings.length > 0;
    case 'statement':
      return statementSecrets(planted.document).findings.length > 0;
  }
}
