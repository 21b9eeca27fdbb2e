import { parseReference } from '../model/reference.ts';
import { shellWord } from '../model/shell-word.ts';
import type { Destination } from './flags/output-plan.ts';

/** The command that completes a failed push or load from the layout; undefined if there is none. */
export function keptCommand(
  names: readonly string[],
  destination: Destination,
): string | undefined {
  if (names.length === 0 || destination.kind === 'file') return undefined;
  const named = names.map(shellWord).join(' ');
  if (destination.kind === 'docker') {
    const { context } = destination;
    const where = context === undefined ? '' : `DOCKER_CONTEXT=${shellWord(context)} `;
    return `${where}scoville load ${named}`;
  }
  // push sets the tags, which is what was not asked for.
  if (destination.byDigest) return undefined;
  const hosts = names.flatMap((name) => {
    const reference = parseReference(name);
    return reference.ok ? [reference.value.registry] : [];
  });
  const flags = destination.plainHttp
    ? [...new Set(hosts)].map((host) => `--plain-http ${shellWord(host)} `)
    : [];
  return `scoville push ${flags.join('')}${named}`;
}
