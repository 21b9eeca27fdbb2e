import type { SourceRange } from '../../../model/dockerfile.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { CommandEvent } from '../build-event.ts';
import type { ChecksumList } from './checksum-list.ts';

/** A command that verifies files. */
export interface Check {
  readonly event: CommandEvent;
  readonly method: string;
  readonly range: SourceRange;
  /** Files it verifies by name. */
  readonly files: readonly string[];
  /** Commands whose output it verifies, where that went to no file. */
  readonly fetches?: readonly number[];
  /** For checksums: what they are compared with. */
  readonly list?: ChecksumList;
  /** Why its failure does not stop the build. */
  readonly ignored: string | undefined;
  readonly weak?: string;
}

/** What is worth little by itself: hashes that can be forged. */
export function weakHash(event: CommandEvent): string | undefined {
  const words = event.argv.map((f) => f.text).join(' ');
  if (/md5/i.test(words)) return 'MD5 can be forged';
  if (/^\S*sha1sum|^\S*shasum(?!.*-a ?(?:224|256|384|512))|-sha1\b/i.test(words))
    return 'SHA-1 can be forged';
  return undefined;
}

/** A check with what is not said taken from its command. */
export function checkOf(
  event: CommandEvent,
  method: string,
  files: readonly string[],
  details: { list?: ChecksumList; ignored?: string | undefined; weak?: string | undefined } = {},
): Check {
  const ignored = 'ignored' in details ? details.ignored : event.ignored;
  return {
    event,
    method,
    range: event.range,
    files: files.map((file) => (file === '' ? file : pathIn(event.folder, file))),
    ignored,
    ...(details.list === undefined ? {} : { list: details.list }),
    ...(details.weak === undefined ? {} : { weak: details.weak }),
  };
}
