import { expect, test } from 'vitest';
import { pastProxy, runCounts, WATCH_WORDS, watchPlace } from '../../src/build/sent-dockerfile.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';

/** The RUN as it is sent; undefined where nothing is put in. */
function sent(run: string, before = ''): string | undefined {
  const text = `FROM a\n${before}${run}\n`;
  const read = parseDockerfile(text);
  if (!read.ok) throw new Error(read.error.message);
  const lines = text.split('\n');
  const [found] = read.value.stages[0]?.instructions.filter((one) => one.keyword === 'RUN') ?? [];
  const place = found && watchPlace(lines, found, read.value);
  if (place === undefined) return undefined;
  const line = lines[place.line - 1] ?? '';
  lines[place.line - 1] = `${line.slice(0, place.column)}#${line.slice(place.column)}`;
  return lines.join('\n').slice('FROM a\n'.length + before.length, -1);
}

test.each(
  Object.entries({
    'RUN a && b': 'RUN #a && b',
    'run --mount=type=cache,target=/a --network=default a':
      'run --mount=type=cache,target=/a --network=default #a',
    'RUN \\\n  --mount=type=cache,target=/a \\\n  # why\n\\\n  a \\\n  b':
      'RUN \\\n  --mount=type=cache,target=/a \\\n  # why\n\\\n  #a \\\n  b',
    'RUN [ -f /a ] || b': 'RUN #[ -f /a ] || b',
    'RUN <<EOF\na\nEOF': 'RUN <<EOF\n#a\nEOF',
    "RUN find / -exec a '{}' ';'": "RUN #find / -exec a '{}' ';'",
    'RUN mvn exec:java': 'RUN #mvn exec:java',
    'RUN bundle exec rake': 'RUN #bundle exec rake',
    'RUN cat <<EOF >/a\nb\nEOF': 'RUN #cat <<EOF >/a\nb\nEOF',
  }),
)('%j begins with the words', (run, expected) => {
  expect(sent(run)).toBe(expected);
});

test.each([
  ['an exec form', 'RUN ["a", "b"]'],
  ['an interpreter of its own', 'RUN <<EOF\n#!/usr/bin/python3\na\nEOF'],
  ['another program in its place', 'RUN a && exec b'],
  ['its output sent elsewhere', 'RUN exec >/log; a'],
  ['the same in a line of its own', 'RUN <<EOF\nnpm\nexec >/log\nEOF'],
  ['an empty script', 'RUN <<EOF\nEOF'],
  ['two scripts', 'RUN <<A <<B\na\nA\nb\nB'],
  ['a flag with a space in it', 'RUN --mount="type=bind,source=a b,target=/c" a'],
  ['the network of the machine', 'RUN --network=host a'],
  ['rights of the machine', 'RUN --security=insecure a'],
])('%s: not put in', (_, run) => {
  expect(sent(run)).toBeUndefined();
});

test('another shell: not put in', () => {
  expect(sent('RUN a', 'SHELL ["python3", "-c"]\n')).toBeUndefined();
  expect(sent('RUN a', 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\n')).toBe('RUN #a');
  expect(WATCH_WORDS).not.toMatch(/["$\\\n]/);
});

/** 10 segments of TCP. */
const line = (tcp: string, udp: string, echos = 0, udp6 = 0, packets = 10): string =>
  `172.17.0.3; Ip: Forwarding OutRequests; Ip: 1 ${packets}; Icmp: InMsgs OutEchos OutMsgs; Icmp: 0 ${echos} ${echos}; Tcp: ActiveOpens PassiveOpens AttemptFails OutSegs RetransSegs; Tcp: ${tcp} 9 1; Udp: NoPorts OutDatagrams; Udp: ${udp}; Udp6NoPorts 0; Udp6OutDatagrams ${udp6}`;

test.each([
  ['nothing', line('0 0 0', '0 0'), 0, undefined],
  ['the proxy alone', line('3 0 0', '0 0'), 3, undefined],
  ['itself, and ports where nobody listens', line('5 2 1', '4 4'), 2, undefined],
  ['a numeric address', line('4 0 0', '0 0'), 3, 'sent 1 TCP connection past the proxy'],
  ['a server of names', line('0 0 0', '0 2'), 0, 'sent 2 UDP or ICMP packets past the proxy'],
  ['the same over IPv6', line('0 0 0', '0 0', 0, 1), 0, 'sent 1 UDP or ICMP packet past the proxy'],
  ['few packets with much in them', line('0 0 0', '0 0', 0, 0, 4), 0, undefined],
  ['a raw socket', line('0 0 0', '0 0', 0, 0, 12), 0, 'sent 2 raw packets past the proxy'],
  [
    'a raw socket, as newer kernels count it',
    line('0 0 0', '0 0', 0, 0, 10).replace(
      'OutRequests; Ip: 1',
      'OutRequests OutTransmits; Ip: 1 10 11 #',
    ),
    0,
    'sent 1 raw packet past the proxy',
  ],
  [
    'ping, and two servers',
    line('2 0 0', '0 0', 3),
    0,
    'sent 2 TCP connections and 3 UDP or ICMP packets past the proxy',
  ],
])('%s', (_, text, proxied, expected) => {
  const counts = runCounts(text);
  expect(counts?.client).toBe('172.17.0.3');
  expect(counts && pastProxy(counts, proxied)).toBe(expected);
});

test.each([
  '',
  '172.17.0.3',
  '172.17.0.3; Tcp: ActiveOpens; Tcp: 1; Udp: NoPorts; Udp: 0',
  line('0 0 0', '0 0').replace('OutRequests', 'Other'),
])('%j lacks a count: not known', (text) => {
  expect(runCounts(text)).toBeUndefined();
});
