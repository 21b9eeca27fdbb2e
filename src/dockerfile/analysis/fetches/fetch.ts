import type { Download, DownloadCheck, DownloadKind } from '../../../model/build-analysis.ts';
import type { SourceRange } from '../../../model/dockerfile.ts';
import type { Branch } from '../../shell/branches.ts';
import type { Field } from '../../shell/fields.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { CommandEvent } from '../build-event.ts';

/** A download before it is judged. */
export interface Fetch {
  /** Number of the command (or ADD) that does it. */
  readonly id: number;
  readonly kind: DownloadKind;
  /** With unknown parts named; compare, but do not show as an address. */
  readonly address: string;
  readonly constant: boolean;
  /** Path it is written to; '' where it goes to standard output or is not known. */
  readonly target: string;
  readonly toOutput: boolean;
  /** Its output is a download only where something takes it. */
  readonly onlyIfRead?: boolean;
  readonly stage: number;
  /** Where it is not done in any case: the branches it stands in, or leads to as a condition. */
  readonly within: readonly Branch[];
  readonly range: SourceRange;
  readonly text: string;
  /** The command itself says what it fetches, down to the bytes. */
  readonly ownCheck?: DownloadCheck;
  /** What would check it, and why it does not. */
  readonly ineffectiveCheck?: Download['ineffectiveCheck'];
  /** Why nobody can tell from here whether something verifies it. */
  readonly open?: string;
}

export const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** True where a git word names a commit, alone or as a refspec source (`+COMMIT:refs/heads/x`). */
export function isCommit(word: string): boolean {
  return COMMIT.test(word.replace(/^\+/, '').replace(/:[\w./-]*$/, ''));
}

/** Name of the file that an address ends in, without its query. */
export function addressName(address: string): string {
  const path = address.replace(/^[a-z+]+:\/\//i, '').replace(/[?#].*/s, '');
  const slash = path.lastIndexOf('/');
  return slash < 0 ? (/^\$\{[^}]*\}$/.test(path) ? path : '') : path.slice(slash + 1);
}

/** Scheme and host of an address, which decide who serves it; '' where they are not constant. */
export function originOf(address: string): string {
  const origin = /^[a-z+]+:\/\/[^/?#]+/i.exec(address)?.[0] ?? '';
  return origin.includes('$') ? '' : origin.toLowerCase();
}

/** True for addresses of another machine: not files, not the build's own loopback. */
export function isRemote(address: string): boolean {
  if (/^(?:file:|\.{0,2}\/)/i.test(address)) return false;
  const place = address.replace(/^[a-z+]+:\/\//i, '');
  // What stands before `@` is a name and a password.
  const host = (/^[^/?#]*/.exec(place)?.[0] ?? '').replace(/^.*@/, '');
  return !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?:$|:)/i.test(host);
}

export function fetchOf(
  event: CommandEvent,
  kind: DownloadKind,
  address: Field,
  target: string,
  details: { readonly toOutput?: boolean; readonly ownCheck?: DownloadCheck } = {},
): Fetch {
  return {
    id: event.id,
    kind,
    address: address.text,
    constant: address.constant,
    target: target === '' ? '' : pathIn(event.folder, target),
    toOutput: details.toOutput === true,
    stage: event.stage,
    within: event.leadsTo === undefined ? event.within : [...event.within, event.leadsTo],
    range: event.range,
    text: event.text,
    ...(details.ownCheck === undefined ? {} : { ownCheck: details.ownCheck }),
  };
}
