import { expect, test } from 'vitest';
import type { Digest } from '../../src/model/reference.ts';
import { StepClock } from '../../src/reproduce/step-clock.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';

const TRUE =
  'scoville-hermetic-seen 172.17.0.3; Ip: OutRequests; Ip: 2; Icmp: OutEchos OutMsgs; Icmp: 0 0; Tcp: ActiveOpens PassiveOpens AttemptFails OutSegs RetransSegs; Tcp: 1 0 0 2 0; Udp: NoPorts OutDatagrams; Udp: 0 0\n';
const FALSE = TRUE.replace('Tcp: 1 0 0', 'Tcp: 0 0 0');
/** Each RUN of a Dockerfile as it is sent has it. */
const MOUNT = '--mount=type=bind,from=scoville-hermetic,source=ca.pem,target=/ca.pem';
const PAST = 'sent 1 TCP connection past the proxy';
const UNKNOWN = 'may have reached something past the proxy: its connections cannot be counted';

function past(...logs: readonly string[]): readonly string[] {
  const read = parseDockerfile('FROM a\nRUN a\n');
  if (!read.ok) throw new Error(read.error.message);
  const clock = new StepClock();
  const digest = 'sha256:a' as Digest;
  const vertex = { digest, name: `[2/2] RUN ${MOUNT} a`, started: 1, completed: 9, cached: false };
  clock.push({ vertexes: [vertex], logs: [] } as never);
  for (const text of logs)
    clock.push({ vertexes: [], logs: [{ vertex: digest, data: Buffer.from(text) }] } as never);
  return clock.past(read.value, []).map(({ why }) => why);
}

test.each([
  ['the one line', [TRUE], PAST],
  ['in pieces, behind a line without an end', ['half', TRUE.slice(0, 9), TRUE.slice(9)], PAST],
  ['none', ['a\n'], UNKNOWN],
  // A command that goes on in the background prints when the shell is done.
  ['another one behind it', [TRUE, FALSE], UNKNOWN],
  ['another one in front', [FALSE, TRUE], UNKNOWN],
  ['the same in one piece', [TRUE + FALSE], UNKNOWN],
  ['another one in pieces', [TRUE, FALSE.slice(0, 12), FALSE.slice(12)], UNKNOWN],
  ['only the beginning of another one', [TRUE, 'scoville-hermetic-seen'], UNKNOWN],
  [
    'another one long before',
    [FALSE, ...Array.from({ length: 9 }, () => 'x'.repeat(4000)), TRUE],
    UNKNOWN,
  ],
])('%s: %s', (_, logs, expected) => {
  expect(past(...logs)).toEqual([expected]);
});

const [A, B] = [{ run: 2 }, { run: 3 }];

test.each<[string, readonly (readonly [number, { run?: number }?])[], readonly string[]]>([
  ['one before counts for that one alone', [[1150]], ['Dockerfile:3']],
  ['each its own', [[1150], [1250]], []],
  ['one that was seen a moment before its RUN began', [[1150], [1190]], []],
  ['both taken long after, as on a busy machine', [[9000], [9001]], []],
  ['both taken while the second one ran', [[1250], [1260]], []],
  ['one taken long before any ran', [[1]], ['Dockerfile:3']],
  ['more than were opened', [[1150], [1160], [1250]], []],
  ['none', [], ['Dockerfile:2', 'Dockerfile:3']],
  ['the second one has named itself, while the first one ran', [[1150, B]], ['Dockerfile:2']],
  ['the first one has named itself, long after', [[9000, A]], ['Dockerfile:3']],
  ['one has named itself, another one has not', [[1250, A], [1150]], []],
  [
    'both of one RUN that opened one',
    [
      [1150, A],
      [1250, A],
    ],
    ['Dockerfile:3'],
  ],
  ['of a RUN that is not there', [[1150, { run: 7 }]], ['Dockerfile:3']],
  ['from elsewhere', [[1150, { client: '172.17.0.9' } as never], [1250]], ['Dockerfile:2']],
])('a connection of the RUN before, from the same address: %s', (_, seen, expected) => {
  const read = parseDockerfile('FROM a\nRUN a\nRUN b\n');
  if (!read.ok) throw new Error(read.error.message);
  const clock = new StepClock();
  const steps = [
    {
      digest: 'sha256:a',
      name: `[2/3] RUN ${MOUNT} a`,
      started: 1000,
      completed: 1200,
      cached: false,
    },
    {
      digest: 'sha256:b',
      name: `[3/3] RUN ${MOUNT} b`,
      started: 1200,
      completed: 1300,
      cached: false,
    },
  ];
  clock.push({ vertexes: steps, logs: [] } as never);
  for (const { digest } of steps)
    clock.push({ vertexes: [], logs: [{ vertex: digest, data: Buffer.from(TRUE) }] } as never);
  const connections = seen.map(([at, peer]) => ({ peer: { client: '172.17.0.3', ...peer }, at }));
  const found = clock.past(read.value, connections);
  expect(found.map(({ place }) => `Dockerfile:${place?.line ?? ''}`)).toEqual(expected);
});

test.each(['RUN', 'ONBUILD RUN'])(
  'a %s of the base image is none of those that are sent',
  (run) => {
    const read = parseDockerfile('FROM a\nRUN a\n');
    if (!read.ok) throw new Error(read.error.message);
    const clock = new StepClock();
    const steps = [
      { digest: 'sha256:a', name: `[2/2] ${run} apt-get update`, cached: true },
      { digest: 'sha256:c', name: `[2/2] ${run} --network=none true`, cached: true },
      { digest: 'sha256:b', name: `[3/2] RUN ${MOUNT} a`, started: 3, completed: 4 },
    ];
    clock.push({ vertexes: steps, logs: [] } as never);
    clock.push({ vertexes: [], logs: [{ vertex: 'sha256:b', data: Buffer.from(FALSE) }] } as never);
    expect(clock.past(read.value, [])).toEqual([
      {
        place: { stage: 'stage-0', line: 1 },
        why: 'builds on an image with ONBUILD RUN, which has a network of its own that is neither recorded nor cut',
        isKnown: true,
      },
    ]);
  },
);

test('what came while a RUN ran that nobody counts is not taken for that of another one', () => {
  const read = parseDockerfile('FROM a\nRUN a\nRUN ["b"]\nRUN c\n');
  if (!read.ok) throw new Error(read.error.message);
  const clock = new StepClock();
  const steps = ['a', '["b"]', 'c'].map((words, i) => ({
    digest: `sha256:${i}`,
    name: `[${i + 2}/4] RUN ${MOUNT} ${words}`,
    started: 1000 * (i + 1),
    completed: 1000 * (i + 2) - 100,
  }));
  clock.push({ vertexes: steps, logs: [] } as never);
  for (const [digest, log] of [
    ['sha256:0', TRUE],
    ['sha256:2', FALSE],
  ] as const)
    clock.push({ vertexes: [], logs: [{ vertex: digest, data: Buffer.from(log) }] } as never);
  const past = (at: number) =>
    clock.past(read.value, [{ peer: { client: '172.17.0.3' }, at }]).map(({ place, why }) => {
      return `${place?.line ?? ''} ${why}`;
    });
  expect(past(2500)).toEqual([`2 ${PAST}`, `3 ${UNKNOWN}`]);
  expect(past(1500)).toEqual([`3 ${UNKNOWN}`]);
});
