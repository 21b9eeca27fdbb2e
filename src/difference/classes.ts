import type { ContentDifference, DifferenceKind } from '../model/difference.ts';
import type { TarType } from '../model/tar.ts';
import { ARCHIVE_CLASSES } from './archive-classes.ts';
import { BUILD_CLASSES } from './build-classes.ts';
import { type ClassRule, type DifferenceClass, isChanged } from './class-rule.ts';
import { PACKAGE_CLASSES } from './package-classes.ts';
import { PROGRAM_CLASSES } from './program-classes.ts';
import { SECRET_CLASSES } from './secret-classes.ts';
import { TEXT_CLASSES } from './text-classes.ts';

/** Known differences, the most specific first. Paths as in the image, without a leading slash. */
const CONTENT_CLASSES: readonly ClassRule[] = [
  ...SECRET_CLASSES,
  ...PACKAGE_CLASSES,
  ...BUILD_CLASSES,
  ...ARCHIVE_CLASSES,
  ...PROGRAM_CLASSES,
  ...TEXT_CLASSES,
];

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

/** The class of a differing entry; `content` where both were read, `types` where both have it. */
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
      (one.kinds?.some((kind) => kinds.includes(kind)) ?? true) &&
      (one.formats === undefined ||
        (content !== undefined && one.formats.includes(content.format))) &&
      (one.detail === undefined || (content !== undefined && one.detail.test(content.detail))) &&
      (one.changed === undefined ||
        (content !== undefined && isChanged(content.detail, one.changed))),
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
