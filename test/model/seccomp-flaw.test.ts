import { expect, test } from 'vitest';
import { seccompFlaw } from '../../src/model/seccomp-flaw.ts';

const entry = { names: ['read'], action: 'SCMP_ACT_ALLOW' };
const good = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 38,
  architectures: ['SCMP_ARCH_X86_64'],
  flags: ['SECCOMP_FILTER_FLAG_LOG'],
  syscalls: [entry, { ...entry, args: [{ index: 0, value: 2 ** 40, op: 'SCMP_CMP_EQ' }] }],
};
const withEntry = (more: object) => ({ ...good, syscalls: [{ ...entry, ...more }] });
const withArgument = (more: object) =>
  withEntry({ args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ', ...more }] });

test.each<[string, object]>([
  ['an entry without names, which says nothing', withEntry({ names: [] })],
  ['the runtime specification’s form', good],
  ['lists that are null, as Go writes them', { ...good, flags: null, syscalls: null }],
  [
    'Docker’s form',
    {
      defaultAction: 'SCMP_ACT_ALLOW',
      archMap: [{ architecture: 'SCMP_ARCH_ARM', subArchitectures: [] }],
    },
  ],
  [
    'a name of its own',
    { defaultAction: 'SCMP_ACT_LOG', syscalls: [{ name: 'read', action: 'SCMP_ACT_TRAP' }] },
  ],
])('%s is taken', (_, profile) => {
  expect(seccompFlaw({ ...profile })).toBeUndefined();
});

test.each<[string, object, string]>([
  ['no defaultAction', { syscalls: [] }, 'no defaultAction'],
  ['another defaultAction', { ...good, defaultAction: 'SCMP_ACT_DENY' }, 'SCMP_ACT_DENY'],
  ['a small letter', { ...good, defaultAction: 'scmp_act_errno' }, 'scmp_act_errno'],
  ['notify by default', { ...good, defaultAction: 'SCMP_ACT_NOTIFY' }, 'SCMP_ACT_NOTIFY'],
  ['another machine', { ...good, architectures: ['SCMP_ARCH_AMD64'] }, 'SCMP_ARCH_AMD64'],
  ['a machine that is no text', { ...good, architectures: [1] }, 'architectures'],
  ['machines as text', { ...good, architectures: 'SCMP_ARCH_X86' }, 'not a list'],
  ['another flag', { ...good, flags: ['SECCOMP_FILTER_FLAG_NEW'] }, 'SECCOMP_FILTER_FLAG_NEW'],
  ['both lists of machines', { ...good, archMap: [{ architecture: 'SCMP_ARCH_X86' }] }, 'both'],
  [
    'a machine of archMap',
    { defaultAction: 'SCMP_ACT_LOG', archMap: [{ architecture: 'ARM' }] },
    'ARM',
  ],
  ['an error number below 0', { ...good, defaultErrnoRet: -1 }, 'defaultErrnoRet'],
  ['an error number in text', withEntry({ errnoRet: '1' }), 'errnoRet'],
  ['names as text', withEntry({ names: 'read' }), 'names is not a list'],
  ['an empty name', withEntry({ names: ['read', ''] }), '""'],
  ['no action', withEntry({ action: undefined }), 'action'],
  ['another action', withEntry({ action: 'SCMP_ACT_PERMIT' }), 'SCMP_ACT_PERMIT'],
  ['argument 9', withArgument({ index: 9 }), '9 is not an argument'],
  ['argument 6', withArgument({ index: 6 }), '6 is not an argument'],
  ['half an argument', withArgument({ index: 0.5 }), '0.5'],
  ['another operator', withArgument({ op: 'SCMP_CMP_IN' }), 'SCMP_CMP_IN'],
  ['no operator', withArgument({ op: undefined }), 'op'],
  ['a value below 0', withArgument({ value: -1 }), '64 bits'],
  ['a field of args', withArgument({ mask: 1 }), '"mask"'],
  ['an entry that is none', { ...good, syscalls: ['read'] }, 'not a list of objects'],
])('%s is refused', (_, profile, said) => {
  expect(seccompFlaw({ ...profile })).toContain(said);
});
