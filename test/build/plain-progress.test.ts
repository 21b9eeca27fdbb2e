import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PlainProgress, RawJsonProgress } from '../../src/build/progress.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/buildx/${name}`, import.meta.url), 'utf8');

function plain(rawjson: string): string[] {
  const lines: string[] = [];
  const progress = new RawJsonProgress();
  const printer = new PlainProgress((line) => lines.push(line));
  for (const line of rawjson.split('\n').slice(0, -1)) {
    for (const message of progress.push(line)) {
      if (message.kind === 'status') printer.show(message.status);
      else {
        printer.end();
        lines.push(message.text);
      }
    }
  }
  printer.end();
  return lines;
}

/** Times differ from run to run, and so does which of two streams was read first. */
function comparable(lines: readonly string[]): string[] {
  return lines
    .filter((line) => !line.startsWith('#0 ') && line !== '')
    .map((line) => line.replace(/\b\d+\.\d+s?\b(?=[ :]|$)/g, 'T').replace(/ T done$/, ' done'))
    .sort();
}

describe.each(['0.13.1', '0.29.1'])('buildx %s', (version) => {
  test('a failed build reads as in plain mode, line for line', () => {
    const shown = plain(fixture(`${version}/failed.rawjson`));
    const real = fixture(`${version}/failed.plain`).split('\n').slice(0, -1);
    expect(comparable(shown)).toEqual(comparable(real));
    const end = shown.indexOf('Dockerfile:2');
    expect(shown.slice(end)).toEqual(real.slice(real.indexOf('Dockerfile:2')));
  });

  test('a good build shows the same steps', () => {
    const steps = (lines: readonly string[]): string[] =>
      lines.flatMap((line) => /^#\d+ (\[.*)$/.exec(line)?.[1] ?? []);
    const shown = steps(plain(fixture(`${version}/built.rawjson`)));
    const real = steps(fixture(`${version}/built.plain`).split('\n'));
    const withoutStage = (names: readonly string[]): string[] =>
      [
        ...new Set(names.map((name) => name.replace(/^\[(?:build 1\/2|stage-1 1\/3)\]/, '[base]'))),
      ].sort();
    expect(withoutStage(shown)).toEqual(withoutStage(real));
  });
});
