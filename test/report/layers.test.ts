import { describe, expect, test } from 'vitest';
import { unknownFact } from '../../src/model/facts.ts';
import { layerRows, layersSize } from '../../src/report/compare.ts';
import { LOWER, packageOf, sampleContents, UPPER } from './sample-contents.ts';

const said = (createdBy: string): string | undefined =>
  layerRows(sampleContents({ history: [{ created_by: createdBy }, { created_by: 'COPY a b' }] }))[0]
    ?.createdBy;

describe('layerRows', () => {
  test('who brought each layer, its size and its packages; entries without a layer are passed over', () => {
    expect(
      layerRows(sampleContents({ packages: [packageOf('a', '1'), packageOf('b', '1')] })),
    ).toEqual([
      { digest: LOWER, size: 3000, createdBy: 'ADD file:0a in /', fromBase: true, packages: 0 },
      { digest: UPPER, size: 1000, createdBy: 'RUN npm ci', fromBase: false, packages: 2 },
    ]);
    expect(layersSize(sampleContents())).toBe(4000);
  });

  test('a history that does not fit the layers says nothing', () => {
    const rows = layerRows(sampleContents({ history: [{ created_by: 'RUN a' }] }));
    expect(rows.map(({ createdBy }) => createdBy)).toEqual([undefined, undefined]);
  });

  test('an unknown image has no layers, not none', () => {
    const contents = sampleContents();
    const facts = { ...contents.facts, image: unknownFact('no manifest') };
    expect(layerRows({ ...contents, facts })).toEqual([]);
    expect(layersSize({ ...contents, facts })).toBeUndefined();
  });

  test.each([
    ['RUN |2 A=1 NPM_TOKEN=abc def /bin/sh -c make # buildkit', 'RUN make'],
    ['RUN /bin/sh -c API_TOKEN=hunter2 make', 'RUN API_TOKEN=… make'],
    [
      'RUN /bin/sh -c curl -H "Authorization: Bearer abc.def" x',
      'RUN curl -H "Authorization: Bearer …" x',
    ],
    ['RUN /bin/sh -c git clone https://me:pass@host/x', 'RUN git clone https://me:…@host/x'],
    ['RUN /bin/sh -c login --password "a b" ok', 'RUN login --password … ok'],
    ['RUN /bin/sh -c login --password-stdin --user me', 'RUN login --password-stdin --user me'],
    ['COPY src ./src # buildkit', 'COPY src ./src'],
    ['', undefined],
    ['x'.repeat(5000), 'x'.repeat(4096)],
  ])('%j reads %j', (text, shown) => {
    expect(said(text)).toBe(shown);
  });

  test('a base that was not built from a Dockerfile is named by its comment', () => {
    const history = [
      { comment: 'Debian trixie' },
      { created_by: 'COPY', comment: 'buildkit.dockerfile.v0' },
    ];
    expect(layerRows(sampleContents({ history })).map(({ createdBy }) => createdBy)).toEqual([
      'Debian trixie',
      'COPY',
    ]);
  });
});
