import type { SourceRange } from '../../../model/dockerfile.ts';
import { constantField, type Field } from '../../shell/fields.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { CopyEvent } from '../build-event.ts';
import { addressName, COMMIT, type Fetch } from './fetch.ts';
import { commit } from './git-fetches.ts';

const GIT_SOURCE = /^(?:git@|git:\/\/|ssh:\/\/)|^https?:\/\/[^?#]+\.git(?:[?#]|$)/;

/** True for a source of an ADD that is fetched. */
export function isFetched(source: string): boolean {
  return GIT_SOURCE.test(source) || /^https?:\/\//i.test(source);
}

/** BuildKit checks nothing where the checksum comes to nothing. */
function byChecksum(
  checksum: string,
  range: SourceRange,
): Pick<Fetch, 'ownCheck'> | Pick<Fetch, 'ineffectiveCheck'> {
  const check = { method: 'ADD --checksum', range };
  return checksum.includes('$')
    ? { ineffectiveCheck: { ...check, reason: 'the checksum has no value in the Dockerfile' } }
    : { ownCheck: check };
}

/** Remote ADD sources: files by checksum, repositories by commit (Dockerfile reference, "ADD"). */
export function addFetches(event: CopyEvent): readonly Fetch[] {
  const { instruction } = event;
  if (instruction.keyword !== 'ADD') return [];
  const sources = instruction.arguments.slice(0, -1);
  const to = instruction.arguments.at(-1) ?? '';
  const checksum = instruction.flags.find((flag) => flag.name === 'checksum')?.value;
  return sources.flatMap((text) => {
    const repository = GIT_SOURCE.test(text);
    const isOpen = text.startsWith('$');
    if (!isOpen && !isFetched(text)) return [];
    const ref = /#([^:]*)/.exec(text)?.[1] ?? /[?&]commit=([0-9a-f]+)/.exec(text)?.[1] ?? '';
    const address: Field = { ...constantField(text), constant: !text.includes('$') };
    const range = instruction.range;
    const target = to.endsWith('/') ? `${to}${addressName(text)}` : to;
    const own =
      checksum !== undefined && checksum !== ''
        ? byChecksum(checksum, range)
        : isOpen
          ? { open: `whether ${text.slice(0, 80)} is an address is not known` }
          : commit(range, repository && COMMIT.test(ref));
    return [
      {
        id: event.id,
        kind: 'add' as const,
        address: address.text,
        constant: address.constant,
        target: pathIn(event.folder, target),
        toOutput: false,
        stage: event.stage,
        within: [],
        range,
        text: `ADD ${instruction.rawArguments}`.replace(/\s+/g, ' ').slice(0, 400),
        ...own,
      },
    ];
  });
}
