import type { FileFact } from '../../model/facts.ts';
import { quantity } from '../../model/quantity.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import {
  EVIDENCE_LIMIT,
  fail,
  fileEvidence,
  listed,
  note,
  pass,
} from '../shared/verdict/verdict.ts';

const SETUID = 0o4000;
const SETGID = 0o2000;

/** What raises the privileges of whoever runs the file; empty where nothing does. */
function elevation(file: FileFact): string[] {
  return [
    ...(file.mode & SETUID ? [`setuid, uid ${file.uid}`] : []),
    ...(file.mode & SETGID ? [`setgid, gid ${file.gid}`] : []),
    ...(file.capabilities ?? []),
  ];
}

export const noElevatedFiles = criterion({
  id: 'no-elevated-files',
  title: 'No files with elevated privileges',
  vector: 'configuration',
  level: 2,
  spec: '#no-files-with-elevated-privileges',
  why: 'A setuid file runs as its owner. Any user in the container who can start one may become root.',
  needs: ['filesystem'],
  decidedBy:
    'Regular files in the final filesystem with the setuid or setgid bit or with file ' +
    'capabilities (`security.capability`) fail, hard links included. Files that a later ' +
    'layer deletes or changes do not count, and neither do setgid directories.',
  check: ({ filesystem }) => {
    const elevated: FileFact[] = [];
    let found = 0;
    for (const file of filesystem.elevated) {
      if (elevation(file).length === 0) continue;
      found += 1;
      if (elevated.length < EVIDENCE_LIMIT) elevated.push(file);
    }
    if (found === 0)
      return pass('no setuid, setgid or capabilities', [
        note(`${filesystem.fileCount} files checked`),
      ]);
    return fail(
      `${quantity(found, 'file')}: ${listed(
        elevated.map(({ path }) => path),
        3,
        found - elevated.length,
      )}`,
      elevated.map((file) => fileEvidence(file, elevation(file).join(', '))),
      { unlisted: found - elevated.length },
    );
  },
  fixable: true,
  remedies: [
    {
      title: 'Remove setuid and setgid bits',
      detail:
        'Clear the bits in the stage that adds the files, or use a base image that has none. Grant capabilities at run time instead.',
      example: 'RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +',
    },
  ],
});
