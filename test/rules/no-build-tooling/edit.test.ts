import { describe, expect, test } from 'vitest';
import { unusedTools } from '../../../src/rules/no-build-tooling/edit.ts';
import { fixed } from '../shared/edit/support.ts';

describe('unused-tools', () => {
  test('words go, the rest of the line stays', async () => {
    const done = await fixed(
      unusedTools,
      'FROM debian:trixie\nRUN apt-get update && apt-get install -y gcc  busybox make=4.4 curl # x\nCMD ["/a"]\n',
    );
    expect(done.text).toContain('apt-get install -y  busybox curl # x\n');
    expect(done.ids).toEqual(['unused-tools:gcc', 'unused-tools:make']);
    expect(done.again).toEqual([]);
  });

  test('a word alone on its line goes with the line', async () => {
    const { text } = await fixed(
      unusedTools,
      'FROM debian:trixie\nRUN apt-get install -y \\\n    curl \\\n    gdb \\\n    strace\nCMD a\n',
    );
    expect(text).toBe('FROM debian:trixie\nRUN apt-get install -y \\\n    curl\nCMD a\n');
  });

  test.each([
    ['RUN apt-get install -y curl make\nRUN make', 'make of this stage may call it'],
    ['RUN apt-get install -y curl gcc && pip install x', 'pip of this stage may call it'],
    ['RUN apt-get install -y curl gcc\nRUN ./build.sh', './build.sh of this stage may call it'],
    ['RUN apt-get install -y curl gcc\nRUN ["./configure"]', './configure of this stage may'],
    ['RUN apt-get install -y curl make\nCMD ["/usr/bin/make", "serve"]', 'CMD names it'],
    ['RUN apt-get install -y curl make\nRUN find . -execdir make {} +', 'make of this stage may'],
    ['RUN apt-get install -y gcc', 'nothing else is installed'],
    ['RUN apt-get install -y curl \\\n# why\n  gdb', 'comments stand between its lines'],
  ])('stays: %j', async (lines, reason) => {
    const done = await fixed(unusedTools, `FROM debian:trixie\n${lines}\n`);
    expect(done.ids).toEqual([]);
    expect(done.refusals.join()).toContain(reason);
  });

  test('stages that only build keep theirs', async () => {
    const text =
      'FROM debian:trixie AS build\nRUN apt-get install -y curl gcc\nFROM debian:trixie\nCOPY --from=build /a /a\n';
    expect((await fixed(unusedTools, text)).ids).toEqual([]);
  });
});
