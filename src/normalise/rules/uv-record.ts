import type { RewriteRule } from '../rule.ts';

const LARGEST = 16 * 1024 * 1024;
const CACHE_INFO = /\.dist-info\/uv_cache\.json$/;
const RECORD = /\.dist-info\/RECORD$/;

export const uvRecord: RewriteRule = {
  id: 'uv-record',
  touches:
    'uv’s note of when a package built from a folder was installed ' +
    '(NAME.dist-info/uv_cache.json). Times later than the epoch become the epoch. Its hash ' +
    'and size in the RECORD beside it become empty, as the format allows.',
  safeBecause:
    'uv compares that time with the change time of the package’s own files, which is the ' +
    'time of unpacking in every container. The note never fits, with or without the rule. ' +
    'Packages from an index have no such time.',
  answers: 'Dates that installers note',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path, entry }) =>
    entry.size <= LARGEST && (CACHE_INFO.test(path) || RECORD.test(path)),
  rewrite: (bytes, { epoch, path }) => {
    const before = Buffer.from(bytes).toString('latin1');
    const after = RECORD.test(path)
      ? before.replace(
          /^([^\r\n\u2028\u2029,]*\.dist-info\/uv_cache\.json),[^\r\n,]+,\d+/gm,
          '$1,,',
        )
      : before.replace(
          /("secs_since_epoch": ?)(\d+)(, ?"nanos_since_epoch": ?)\d+/g,
          (text, secs: string, time: string, nanos: string) =>
            Number(time) > epoch ? `${secs}${epoch}${nanos}0` : text,
        );
    return after === before ? undefined : Buffer.from(after, 'latin1');
  },
};
