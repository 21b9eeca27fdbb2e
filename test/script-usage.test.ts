import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
/** Those that read flags, each run by a word of package.json. */
const reading = Object.entries(scripts).flatMap(([name, command]) => {
  const [, file = ''] = /^node (scripts\/[\w-]+\.mjs)$/.exec(command) ?? [];
  return file !== '' && readFileSync(file, 'utf8').includes('parseArgs(') ? [{ name, file }] : [];
});

test.each(reading)('npm run $name -- --help prints how it is called', ({ name, file }) => {
  const said = execFileSync(process.execPath, [file, '--help'], { encoding: 'utf8' });
  expect(said).toContain(`npm run ${name}`);
  expect(said).not.toMatch(/^import|^\/\//m);
});

test('a script that reads flags is among them', () => {
  expect(reading.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['repro', 'differential', 'bench', 'clock']),
  );
});
