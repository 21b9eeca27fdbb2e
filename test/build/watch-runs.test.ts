import { expect, test } from 'vitest';
import { pastProxy, runCounts, WATCH_WORDS, watchPlace } from '../../src/build/sent-dockerfile.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';
import { cellText, tableRows } from '../fakes/table.ts';

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

test.each(tableRows('test/build/watch-runs.tsv'))('%s: %s', (run, expected) => {
  expect(sent(cellText(run))).toBe(expected === 'not' ? undefined : cellText(expected));
});

test('another shell: not put in', () => {
  expect(sent('RUN a', 'SHELL ["python3", "-c"]\n')).toBeUndefined();
  expect(sent('RUN a', 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\n')).toBe('RUN #a');
  expect(WATCH_WORDS).not.toMatch(/["$\\\n]/);
});

/** The line of such counts, with 10 segments of TCP. */
const line = (tcp: string, udp: string, more = '0 0 10'): string => {
  const [echos = '', udp6 = '', packets = ''] = more.split(' ');
  return `172.17.0.3; Ip: Forwarding OutRequests; Ip: 1 ${packets}; Icmp: InMsgs OutEchos OutMsgs; Icmp: 0 ${echos} ${echos}; Tcp: ActiveOpens PassiveOpens AttemptFails OutSegs RetransSegs; Tcp: ${tcp} 9 1; Udp: NoPorts OutDatagrams; Udp: ${udp}; Udp6NoPorts 0; Udp6OutDatagrams ${udp6}`;
};
const NEWER = line('0 0 0', '0 0').replace(
  'OutRequests; Ip: 1',
  'OutRequests OutTransmits; Ip: 1 10 11 #',
);

test.each([
  ...tableRows('test/build/past-proxy.tsv').map(
    ([what = '', tcp = '', udp = '', more, proxied, said]) =>
      [what, line(tcp, udp, more), Number(proxied), said] as const,
  ),
  [
    'a raw socket, as newer kernels count it',
    NEWER,
    0,
    'sent 1 raw packet past the proxy',
  ] as const,
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
