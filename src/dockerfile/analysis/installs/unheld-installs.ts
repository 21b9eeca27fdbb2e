import { hasInstallVerb, unheldInstall } from '../../../programs/installs/held-installs.ts';
import { constantField } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { type Fetch, fetchOf } from '../fetches/fetch.ts';

/** What an install fetches that nothing known of its manager holds, nor any other reader judges. */
export function unheldFetches(event: CommandEvent, isInstall: boolean): readonly Fetch[] {
  const { program, argv } = event;
  const words = argv.slice(1).map(({ text }) => text);
  if (program === '' || !(isInstall || hasInstallVerb(program, words))) return [];
  const open = unheldInstall(program, words);
  if (open === undefined || (!isInstall && !words.some((word) => /:\/\/|@|:/.test(word))))
    return [];
  return [{ ...fetchOf(event, 'other', { ...constantField(program), constant: false }, ''), open }];
}
