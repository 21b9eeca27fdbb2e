import { UserError } from '../../model/errors.ts';

/** What the layers of one image may hold together. */
export interface TreeLimits {
  readonly files: number;
  /** Folders that no layer lists: with long names, there can be many more of them than entries. */
  readonly unlistedFolders: number;
}

export const TREE_LIMITS: TreeLimits = { files: 8_000_000, unlistedFolders: 500_000 };

export function tooMuch(limit: number, what: string): UserError {
  return new UserError(`the layers of the image contain more than ${limit} ${what}`);
}
