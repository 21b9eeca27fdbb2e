import { describe, expect, test } from 'vitest';
import { analysisOf, downloads } from '../support.ts';

const URL = 'https://x.org/f';

/** The addresses of what a RUN downloads, in order; undefined where one is not known. */
function addresses(run: string): readonly (string | undefined)[] {
  return analysisOf(`FROM x\nRUN ${run}`).downloads.map(({ url }) => url);
}

describe('the value of an option is not the address, and does not hide it', () => {
  test.each([
    `wget -T 10 ${URL}`,
    `wget --timeout 10 ${URL}`,
    `wget -qT 10 -nv --tries 3 --waitretry 1 --read-timeout 5 ${URL}`,
    `wget --load-cookies https://y.org/c --private-key k ${URL}`,
    `wget --backups ${URL}`,
    `wget2 --max-threads 3 --http-proxy https://p.org ${URL}`,
    `curl -m 10 -O ${URL}`,
    `curl -fsSLm 10 -O ${URL}`,
    `curl --max-time 10 --connect-to a:1:b:2 -e https://y.org/r -O ${URL}`,
    `curl --pinnedpubkey k --unix-socket s --json '{}' -o f ${URL}`,
    `curl --variable v=1 --expand-header 'a: {{v}}' -o f ${URL}`,
    `curl -o f -T up ${URL}`,
    `curl -T up ${URL} > f`,
    `curl -X PUT -o f ${URL}`,
    `aria2c --max-tries 3 -U agent --referer https://y.org ${URL}`,
    `aria2c -t 10 -m 3 --file-allocation none ${URL}`,
    `axel -n 4 -T 10 -H a:b ${URL}`,
    `fetch -T 10 -o f ${URL}`,
    `http --timeout 10 --proxy https://p.org GET ${URL}`,
    `http -a user:word -d ${URL}`,
    `xh --bearer token --timeout 10 -d ${URL}`,
    `w3m -T text/html -dump_source ${URL}`,
    `wcurl --curl-options --http2 ${URL}`,
  ])('%s', (run) => {
    expect(addresses(run)).toEqual([URL]);
  });

  test('rsync and the program it goes through', () => {
    const run = 'rsync -e "ssh -p 1" --bwlimit a:1 --out-format x:y -M z:1 host.org:/f /f';
    expect(addresses(run)).toEqual(['host.org:/f']);
  });

  test('HTTPie adds the scheme', () => {
    expect(addresses('http -d x.org/f')).toEqual(['x.org/f']);
  });

  test.each([
    `curl -I -o f ${URL}`,
    `curl -X HEAD ${URL}`,
    `curl -T up ${URL}`,
    `curl -X DELETE ${URL}`,
    `wget --spider -T 10 ${URL}`,
    'http :8080/f',
    'wget --help',
    'curl --version',
  ])('%s brings nothing', (run) => {
    expect(addresses(run)).toEqual([]);
  });
});

describe('addresses that stand in a file', () => {
  test.each([
    'wget -i list',
    'wget -i /list',
    'wget --input-file=list -P /d',
    'wget -qi - < list',
    'wget2 -i ./list',
    'curl -K cfg',
    'curl -K /cfg',
    'curl -fsSLK /cfg',
    'curl --config ./cfg -o f',
    'aria2c -i /list',
    'aria2c --input-file=list',
    'aria2c -T /x.torrent',
    'aria2c --metalink-file x.metalink',
  ])('%s', (run) => {
    expect(addresses(run)).toEqual([undefined]);
    expect(downloads(`RUN ${run}`)[0]).toMatch(/: nothing$/);
  });

  test('besides those on the command line', () => {
    expect(addresses(`curl -K /cfg -o f ${URL}`)).toEqual([URL, undefined]);
  });
});
