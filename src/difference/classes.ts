import type { ContentDifference, DifferenceKind } from '../model/difference.ts';
import type { TarType } from '../model/tar.ts';
import type { DifferenceClass } from './class-rule.ts';
import { CONTENT_CLASSES } from './content-classes.ts';

const UNEXPLAINED: DifferenceClass = {
  id: 'unexplained',
  cause: 'not known: the instruction gives another result each time, or from other input',
  remedy: undefined,
};

const HARD_LINK: DifferenceClass = {
  id: 'hard-link',
  cause:
    'files of the context that are hard links of each other: BuildKit’s cache goes by their content, and gives links or copies as they were when it was filled',
  remedy:
    'have git track them: what it tracks is sent without links; else link them in a RUN (ln), or COPY one of them',
};

/** The class of an entry that differs; `content` where both contents were read, `types` where both sides have it. */
export function classOf(
  path: string,
  kinds: readonly DifferenceKind[],
  content: ContentDifference | undefined,
  types: readonly TarType[] = [],
): DifferenceClass {
  if (kinds.includes('type') && types.includes('hardlink') && types.includes('file'))
    return HARD_LINK;
  if (!kinds.some((kind) => kind === 'content' || kind === 'presence' || kind === 'link'))
    return metadataClass(kinds);
  const rule = CONTENT_CLASSES.find(
    (one) =>
      (one.path?.test(path) ?? true) &&
      (one.formats === undefined ||
        (content !== undefined && one.formats.includes(content.format))) &&
      (one.detail === undefined || (content !== undefined && one.detail.test(content.detail))),
  );
  return rule ?? UNEXPLAINED;
}

function metadataClass(kinds: readonly DifferenceKind[]): DifferenceClass {
  if (kinds.includes('mode'))
    return {
      id: 'mode',
      cause: 'the umask of the user who checked the context out, or of the RUN',
      remedy: 'COPY --chmod, or have git track the file: what it tracks is sent with git’s modes',
    };
  if (kinds.includes('owner'))
    return { id: 'owner', cause: 'another user or group', remedy: 'COPY --chown with numbers' };
  if (kinds.includes('order'))
    return {
      id: 'entry-order',
      cause: 'the same entries in another order',
      remedy: undefined,
    };
  if (kinds.includes('mtime'))
    return {
      id: 'mtime',
      cause: 'times of the build, or of the context',
      remedy: 'build with --repro=safe: times are set to the epoch',
    };
  return UNEXPLAINED;
}
