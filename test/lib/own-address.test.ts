import { expect, test } from 'vitest';
import { guardedLookup, isOwnAddress } from '../../src/lib/own-address.ts';

test.each([
  ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255'],
  ...['192.168.1.1', '169.254.169.254', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
  ...['198.18.0.1', '224.0.0.1', '255.255.255.255', '::1', '::', '[::1]', 'fd00:ec2::254'],
  ...['fe80::1', 'fec0::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '[::ffff:a9fe:a9fe]'],
  ...['::7f00:1', '64:ff9b::7f00:1', '64:ff9b:1::1', '2002:7f00:1::', 'ff02::1'],
])('%s is this machine or its network', (address) => {
  expect(isOwnAddress(address)).toBe(true);
});

test.each([
  ...['1.1.1.1', '172.32.0.1', '172.15.0.1', '100.128.0.1', '192.0.1.1', '11.0.0.1'],
  ...['2606:4700::1111', '2001:db8::1', '::ffff:1.1.1.1', 'example.com', ''],
])('%s is not', (address) => {
  expect(isOwnAddress(address)).toBe(false);
});

test('a name that leads here is refused for the connection itself', async () => {
  const error = await new Promise((done) => {
    const guarded = guardedLookup(isOwnAddress, (host) => new Error(`${host} is here`));
    guarded('localhost', { all: true }, done);
  });
  expect(String(error)).toContain('localhost is here');
});
