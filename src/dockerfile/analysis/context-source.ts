import type { BuildContext } from '../../model/build-context.ts';
import { pathIn } from '../shell/shell-state.ts';
import { type FileContent, type FileSource, maybe, NOT_AT_HAND, unread } from './file-entries.ts';

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

/** What lies below a folder of the build context. */
export function contextSource(
  context: BuildContext | undefined,
  root: string,
  spend: Spend,
): FileSource {
  return (below) => {
    if (context === undefined) return maybe(NOT_AT_HAND);
    const path = pathIn(root, below).replace(/^\/+/, '');
    // About as much as asking the file system takes.
    spend(20);
    return context.kind(path) === 'file' ? contextContent(context, path, spend) : undefined;
  };
}
