import { expect, test } from 'vitest';
import { shownFacts, shownVerdict } from '../../src/grade/assess.ts';
import { type Facts, known, unknownFact } from '../../src/model/facts.ts';

test('the lines and values of evidence', () => {
  const line = (text: string) => ({ kind: 'dockerfile', startLine: 1, endLine: 1, text }) as const;
  const { evidence } = shownVerdict({
    evidence: [
      line('app --admin-password Zq5optPw9k'),
      line('sh -c "sshpass -p \'Zq9shPw9k\' ssh x"'),
      { kind: 'config', field: 'Cmd', value: '["a","--password","Zq5cmdPw9k"]' },
      { kind: 'note', text: 'as it is' },
    ],
  });
  expect(evidence).toEqual([
    line('app --admin-password [masked]'),
    line('sh -c "sshpass -p \'[masked]\' ssh x"'),
    { kind: 'config', field: 'Cmd', value: '["a","--password","[masked]"]' },
    { kind: 'note', text: 'as it is' },
  ]);
});

test('the history, and nothing else of the image', () => {
  const history = [
    {
      created_by: "RUN /bin/sh -c echo 'root:Zq1echoPw9k' | chpasswd # buildkit",
      empty_layer: true,
    },
    { comment: 'made with --admin-password Zq5optPw9k' },
    { created: '2026-11-27T00:00:00Z' },
  ];
  const facts = { image: known({ config: { history, os: 'linux' } }, 'image') };
  expect(shownFacts(facts as unknown as Facts)).toEqual({
    image: known(
      {
        config: {
          os: 'linux',
          history: [
            {
              created_by: "RUN /bin/sh -c echo 'root:[masked]' | chpasswd # buildkit",
              empty_layer: true,
            },
            { comment: 'made with --admin-password [masked]' },
            { created: '2026-11-27T00:00:00Z' },
          ],
        },
      },
      'image',
    ),
  });
  const none = { image: unknownFact('none', 'x') } as unknown as Facts;
  expect(shownFacts(none)).toBe(none);
});
