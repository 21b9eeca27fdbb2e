import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSecurityProfile } from '../../src/trust/profile-artifact.ts';

const entry = (names: readonly string[], more: object = {}) => ({
  names,
  action: 'SCMP_ACT_ALLOW',
  ...more,
});
const profile = (more: object = {}, ...entries: readonly object[]): object => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  architectures: ['SCMP_ARCH_X86_64'],
  syscalls: entries.length === 0 ? [entry(['read', 'write'])] : entries,
  ...more,
});
const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe('a seccomp profile', () => {
  test('is published as it is', () => {
    const file = bytes(profile());
    expect(readSecurityProfile(file)).toEqual({
      ok: true,
      value: { kind: 'seccomp', predicate: profile(), layer: file },
    });
  });

  test('is published without comments, which runtimes refuse', () => {
    const read = readSecurityProfile(
      bytes(profile({ comment: 'why' }, entry(['read'], { comment: 'x', includes: {} }))),
    );
    if (!read.ok || read.value.layer === undefined) throw new Error('not read');
    expect(JSON.parse(Buffer.from(read.value.layer).toString())).toEqual(
      profile({}, entry(['read'])),
    );
  });

  test.each([{ syscalls: [entry(['read'])] }, { architectures: [] }, { DefaultErrnoRet: 1 }])(
    'is refused without a defaultAction, and not taken for one of AppArmor: %j',
    (document) => {
      expect(readSecurityProfile(bytes(document)).ok).toBe(false);
    },
  );

  const many = Array.from({ length: 129 }, (_, value) =>
    entry(['prctl'], { args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }] }),
  );
  const others = Array.from({ length: 200 }, (_, n) => entry([`call${n}`]));
  test.each([
    [
      'an action that asks a program',
      profile({}, entry(['read'], { action: 'SCMP_ACT_NOTIFY' })),
      'SCMP_ACT_NOTIFY',
    ],
    [
      'a default that asks a program',
      profile({ defaultAction: 'SCMP_ACT_NOTIFY' }),
      'SCMP_ACT_NOTIFY',
    ],
    ['a listener', profile({ listenerPath: '/run/x' }), 'listenerPath'],
    ['Docker’s own fields', profile({ archMap: [] }), 'archMap'],
    [
      'Docker’s own conditions',
      profile({}, entry(['read'], { includes: { caps: ['CAP_SYS_ADMIN'] } })),
      'includes',
    ],
    ['more than 128 entries for one call', profile({}, ...many), '128 entries for prctl'],
    ['no list of calls', profile({ syscalls: {} }), 'syscalls'],
  ])('%s is refused', (_, document, said) => {
    const read = readSecurityProfile(bytes(document));
    expect(read.ok ? '' : read.error).toContain(said);
  });

  test('may have more than 128 entries of different calls', () => {
    expect(readSecurityProfile(bytes(profile({}, ...others))).ok).toBe(true);
  });

  test.each(['1e3', '0.0', '-1', '18446744073709551616'])('the number %s is refused', (value) => {
    const text = `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":${value},"op":"SCMP_CMP_EQ"}]}]}`;
    const read = readSecurityProfile(Buffer.from(text));
    expect(read.ok ? '' : read.error).toContain(`${value} is not a whole number of 64 bits`);
  });

  test('numbers in texts, and the largest of 64 bits, are taken', () => {
    const text = `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["1e3"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]}]}`;
    expect(readSecurityProfile(Buffer.from(text)).ok).toBe(true);
  });

  test.each([
    ['a repeated key', '{"defaultAction":"SCMP_ACT_ERRNO","defaultAction":"SCMP_ACT_ALLOW"}'],
    ['what is cut off', '{"defaultAction":"SCMP_ACT_ERRNO"'],
    ['more than 1 MiB', `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[${' '.repeat(2 ** 20)}]}`],
  ])('%s is refused', (_, text) => {
    expect(readSecurityProfile(Buffer.from(text)).ok).toBe(false);
  });
});

test('whatever the file holds, it is read or refused, and never thrown', () => {
  const document = fc.record(
    {
      defaultAction: fc.jsonValue(),
      syscalls: fc.oneof(
        fc.jsonValue(),
        fc.array(fc.record({ names: fc.jsonValue(), includes: fc.jsonValue() })),
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(document.map(bytes), fc.uint8Array()), (file) => {
      expect(typeof readSecurityProfile(file).ok).toBe('boolean');
    }),
  );
});

test('an AppArmor profile that says it is not proven is not attached', () => {
  const text = '# NOT PROVEN: no AppArmor here\nprofile app { /app r, }\n';
  expect(readSecurityProfile(Buffer.from(text))).toMatchObject({
    ok: false,
    error: expect.stringContaining('nobody has run the program under it') as unknown,
  });
});

test('AppArmor’s own language is signed and has no artifact; its JSON has one', () => {
  const text = 'profile app flags=(attach_disconnected) { file, }';
  expect(readSecurityProfile(Buffer.from(text))).toEqual({
    ok: true,
    value: { kind: 'apparmor', predicate: { content: text }, layer: undefined },
  });
  const structured = { filesystem: { readOnlyPaths: ['/app'] } };
  const file = bytes(structured);
  expect(readSecurityProfile(file)).toEqual({
    ok: true,
    value: { kind: 'apparmor', predicate: structured, layer: file },
  });
  expect(readSecurityProfile(Buffer.from(text), 'seccomp').ok).toBe(false);
  expect(readSecurityProfile(Buffer.from('nonsense')).ok).toBe(false);
});
