import { pathIn } from '../../shell/shell-state.ts';
import type { CommandEvent } from '../build-event.ts';
import { readCommandLine } from '../command-line.ts';
import { teeFiles } from '../tee-files.ts';
import type { Fetch } from './fetch.ts';

/** Programs that hand on what they read, unpacked or as it is. */
export const HANDS_ON =
  /^(?:gunzip|zcat|gzip|pigz|bunzip2|bzcat|bzip2|unxz|xzcat|xz|unzstd|zstdcat|zstd|funzip|cat|tee|base64)$/;

/** The fetch with the file that its output is piped into, if any: `curl ... | gunzip > tool`. */
export function withPipedTarget(fetch: Fetch, commands: readonly CommandEvent[]): Fetch {
  if (!fetch.toOutput || fetch.target !== '') return fetch;
  for (const command of commands) {
    const { program, pipedFrom, writesTo, argv, folder } = command;
    if (!pipedFrom.includes(fetch.id)) continue;
    const line = readCommandLine(program, argv.slice(1));
    const isDearmor = /^gpg2?$/.test(program) && line.has('--dearmor', '--dearmour');
    if (!HANDS_ON.test(program) && !isDearmor) return fetch;
    const named = isDearmor ? line.values('-o', '--output')[0]?.text : teeFiles(command)[0];
    const target = named === undefined ? writesTo[0] : pathIn(folder, named);
    if (target !== undefined) return { ...fetch, target };
  }
  return fetch;
}
