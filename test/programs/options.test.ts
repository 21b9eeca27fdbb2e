import { describe, expect, test } from 'vitest';
import { valuedOptions } from '../../src/programs/options.ts';

describe('options that take a value', () => {
  test.each([
    ['curl', ['-o', '--output', '--expand-output'], ['-O', '-f', '-L']],
    ['wget', ['-O', '-P', '-T'], ['-q', '--spider']],
    ['apt-get', ['-t', '-o'], ['-y', '-q']],
    ['pip3.12', ['-r', '-i', '--target'], ['-U', '--user']],
    ['uvx', ['--from', '-p', '--with'], ['--isolated']],
    ['pipx', ['--spec', '--pip-args'], ['-f', '-e']],
    ['pipenv', ['-r', '--python'], ['-d', '--dev']],
    ['gpg2', ['--homedir', '--keyring'], ['--no-default-keyring', '--verify']],
    ['no-such-program', [], ['-o']],
  ])('%s', (program, valued, plain) => {
    const options = valuedOptions(program);
    expect(valued.filter((option) => !options.has(option))).toEqual([]);
    expect(plain.filter((option) => options.has(option))).toEqual([]);
  });
});
