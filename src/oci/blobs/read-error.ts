import { UserError } from '../../model/errors.ts';
import { lookup } from '../../model/lookup.ts';
import { quoted } from '../quoted-text.ts';
import { errorCode } from './disk.ts';

const REASONS = lookup<string | undefined>({
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead in a circle',
  EIO: 'the disk fails',
  ENAMETOOLONG: 'its name is too long',
});

/** What kept a file from being read, as an error for the user; anything else as it is. */
export function readError(error: unknown, path: string): unknown {
  const reason = REASONS[errorCode(error) ?? ''];
  if (reason === undefined) return error;
  const shown = quoted(path).slice(1, -1);
  return new UserError(`cannot read ${shown}: ${reason}`, { cause: error });
}
