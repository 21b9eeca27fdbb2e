import type { BuildContext } from '../../model/build-context.ts';
import { pathIn } from '../shell/shell-state.ts';
import { maybe, NOT_AT_HAND, unread } from './file-entries.ts';
import type { FileContent, FolderSource } from './file-entries.ts';

/** Counts what looking for files takes. */
type Spend = (steps: number) => unknown;

/** A file of the build context. */
export function contextContent(
  context: BuildContext | undefined,
  path: string,
  spend: Spend,
): FileContent {
  if (context === undefined) return unread('comes from the build context, which was not given');
  const text = context.text(path);
  spend(20 + (text?.length ?? 0) / 1024);
  return text === undefined
    ? unread('is larger than is read')
    : { kind: 'text', text, origin: 'context' };
}

/** A folder of the build context. */
export function contextFolder(
  context: BuildContext | undefined,
  root: string,
  spend: Spend,
): FolderSource {
  const at = (below: string): string => pathIn(root, below).replace(/^\/+/, '');
  return {
    ofContext: true,
    source: (below) => {
      if (context === undefined) return maybe(NOT_AT_HAND);
      const path = at(below);
      // About as much as asking the file system takes.
      spend(20);
      return context.kind(path) === 'file' ? contextContent(context, path, spend) : undefined;
    },
    names: (below) => {
      const path = at(below);
      const isThere = path === '' || context?.kind(path) === 'folder';
      const names = isThere ? context?.names(path) : [];
      spend(20 + (names?.length ?? 0));
      return context === undefined ? undefined : names;
    },
  };
}
