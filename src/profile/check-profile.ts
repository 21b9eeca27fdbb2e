import { isObject } from '../model/json-value.ts';
import { compareWithDefault } from '../rules/security-profile/seccomp/compare-profiles.ts';
import { denies, readProfile } from '../rules/security-profile/seccomp/read-profile.ts';
import { forbiddenCalls } from './judge-trace.ts';
import { originOf } from './profile-comment.ts';
import type { Trace } from './trace-reader.ts';

/** A profile that was made before, compared with what an image calls now. */
interface CheckedProfile {
  readonly holds: boolean;
  /** Calls of the program that it forbids, in words. */
  readonly forbidden: readonly string[];
  /** What it allows and the engine's default forbids, in words. */
  readonly wider: readonly string[];
  /** Image and time that it was made from; not there where it does not say. */
  readonly madeFrom?: { readonly image: string; readonly when: string };
}

/** Checks an image's profile (parsed JSON) for `architecture` (GOARCH). Throws MalformedProfile. */
export function checkProfile(
  trace: Trace,
  document: unknown,
  architecture: string,
): CheckedProfile {
  const profile = readProfile(document);
  const { more } = compareWithDefault(profile, architecture);
  const wider = denies(profile.defaultAction)
    ? more
    : [...more, `all that it does not name (${profile.defaultAction})`];
  const forbidden = forbiddenCalls(trace, profile);
  const madeFrom = commentsOf(document)
    .map(originOf)
    .find((one) => one !== undefined);
  return {
    holds: wider.length === 0 && forbidden.length === 0,
    forbidden,
    wider,
    ...(madeFrom === undefined ? {} : { madeFrom }),
  };
}

function commentsOf(document: unknown): readonly string[] {
  const entries: unknown = isObject(document) ? document['syscalls'] : undefined;
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown) =>
    isObject(entry) && typeof entry['comment'] === 'string' ? [entry['comment']] : [],
  );
}
