import type { PackageInstall } from '../../../model/build-analysis.ts';
import { chainOf } from '../../../model/stage-chain.ts';
import type { ReadStage } from '../../stage-reader.ts';
import type { BuildEvent, CommandEvent } from '../build-event.ts';
import type { Fetch } from '../fetches/fetch.ts';
import { wrapperFetches } from '../fetches/wrapper-fetches.ts';
import type { StageFiles } from '../stage-files.ts';
import { AptSources } from './apt-sources.ts';
import { installsOf } from './find-installs.ts';
import { indexFetches } from './package-indexes.ts';
import { unheldFetches } from './unheld-installs.ts';

/** What the commands of a stage install, and what of it comes from an unverified source. */
export interface StageInstalls {
  readonly installs: readonly PackageInstall[];
  /** Numbers of the commands that install. */
  readonly by: readonly number[];
  readonly fetches: readonly Fetch[];
}

/** What a stage installs, given the stages below; `isFetch`: commands with judged downloads. */
export function stageInstalls(
  stage: ReadStage,
  stages: ReadonlyMap<number, ReadStage>,
  events: ReadonlyMap<number, readonly BuildEvent[]>,
  files: ReadonlyMap<number, StageFiles>,
  isFetch: (event: CommandEvent) => boolean,
): StageInstalls {
  const own = files.get(stage.index);
  if (own === undefined) return { installs: [], by: [], fetches: [] };
  const chain = chainOf(stage.index, (index) => stages.get(index));
  const sources = new AptSources(chain[0]?.base);
  const before: CommandEvent[] = [];
  const installs: PackageInstall[] = [];
  const fetches: Fetch[] = [];
  const by: number[] = [];
  for (const { index } of chain)
    for (const event of events.get(index) ?? []) {
      sources.follow(event, files.get(index) ?? own);
      if (event.kind !== 'command') continue;
      before.push(event);
      if (index !== stage.index) continue;
      const found = installsOf(event, before, own, sources.isFrozen);
      installs.push(...found);
      if (found.length > 0) by.push(event.id);
      const known = [...indexFetches(event, found, before, own), ...wrapperFetches(event, own)];
      const isJudged = event.isOffline || known.length > 0 || isFetch(event);
      fetches.push(...(isJudged ? known : unheldFetches(event, found.length > 0)));
    }
  return { installs, by, fetches };
}
