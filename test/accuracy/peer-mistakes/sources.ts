import type { Outcome } from '../../../src/model/criterion.ts';
import { tableRows } from '../../fakes/table.ts';
import { dockerfileOf, HARDENED } from '../starting-points.ts';
import { FF, FP, of, type PeerMistake } from './mistake.ts';

/** Its checks of the Dockerfile. */
export const SOURCES: readonly PeerMistake[] = tableRows(
  'test/accuracy/peer-mistakes/sources.tsv',
).flatMap(([check = '', criterion = '', peer, name = '', text = '', right, shows = '', files]) => {
  const given = files === undefined ? {} : { files: JSON.parse(files) as Record<string, string> };
  const dockerfile = text === '-' ? undefined : { text: dockerfileOf(text), ...given };
  const kind = peer === 'FP' ? FP : FF;
  return of(check, criterion, HARDENED, [
    [kind, name, { dockerfile }, right as Outcome, new RegExp(shows)],
  ]);
});
