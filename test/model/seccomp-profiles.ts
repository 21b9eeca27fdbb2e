/**
 * Profiles that runc 1.1 and Docker 26 take or refuse, run by test/e2e/seccomp-profiles.e2e.test.ts
 * on the engine itself, on a machine of little-endian byte order.
 */

const entry = { names: ['swapon'], action: 'SCMP_ACT_ERRNO' };
const good = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [entry] };
const withEntry = (more: object) => ({ ...good, syscalls: [{ ...entry, ...more }] });
const withArgument = (more: object) =>
  withEntry({ args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ', ...more }] });
const on = (...names: readonly string[]) => names.map((name) => `SCMP_ARCH_${name}`);
const mapped = (architecture: unknown, subArchitectures?: unknown) => ({
  defaultAction: 'SCMP_ACT_LOG',
  archMap: [{ architecture, subArchitectures }],
});

export const TAKEN: readonly (readonly [string, object])[] = [
  ['the runtime specification’s form', { ...good, architectures: on('X86_64', 'X86') }],
  ['lists that are null, as Go writes them', { ...good, flags: null, syscalls: null }],
  ['no flag', { ...good, flags: [] }],
  ['an entry without names, which says nothing', withEntry({ names: [] })],
  ['a name of its own', withEntry({ names: [], name: 'swapon' })],
  ['a name that is null', withEntry({ name: null })],
  ['a call that nobody knows', withEntry({ names: ['no_such_call'] })],
  ['every machine of one byte order', { ...good, architectures: on('AARCH64', 'LOONGARCH64') }],
  [
    'the rest of them',
    { ...good, architectures: on('X32', 'ARM', 'MIPSEL', 'PPC64LE', 'RISCV64') },
  ],
  ['Docker’s form', mapped('SCMP_ARCH_X86_64', on('X86', 'X32'))],
  ['a machine of archMap that nobody knows', mapped('ARM')],
  ['the other byte order of archMap, alone', mapped('SCMP_ARCH_S390X', on('S390'))],
  ['an argument in fields that are null', withArgument({ index: null, value: null })],
  ['the last argument', withArgument({ index: 5 })],
  ['a value above 32 bits', withArgument({ value: 2 ** 40 })],
  ['a mask', withArgument({ op: 'SCMP_CMP_MASKED_EQ', valueTwo: 1 })],
  ['the largest error number', withEntry({ errnoRet: 4094 })],
  ['a number for a tracer', withEntry({ action: 'SCMP_ACT_TRACE', errnoRet: 5000 })],
  ['an error number that is none', withEntry({ errnoRet: null })],
  ...['KILL', 'KILL_PROCESS', 'KILL_THREAD', 'TRAP', 'LOG'].map(
    (action) => [action, withEntry({ action: `SCMP_ACT_${action}` })] as const,
  ),
];

export const REFUSED: readonly (readonly [string, object, string])[] = [
  ['no defaultAction', { syscalls: [entry] }, 'no defaultAction'],
  ['another defaultAction', { ...good, defaultAction: 'SCMP_ACT_DENY' }, 'SCMP_ACT_DENY'],
  ['a small letter', { ...good, defaultAction: 'scmp_act_errno' }, 'scmp_act_errno'],
  ['notify by default', { ...good, defaultAction: 'SCMP_ACT_NOTIFY' }, 'SCMP_ACT_NOTIFY'],
  ['notify without a listener', withEntry({ action: 'SCMP_ACT_NOTIFY' }), 'SCMP_ACT_NOTIFY'],
  ['another machine', { ...good, architectures: on('AMD64') }, 'SCMP_ARCH_AMD64'],
  ['a machine that libseccomp alone knows', { ...good, architectures: on('PARISC') }, 'PARISC'],
  ['a machine that is no text', { ...good, architectures: [1] }, 'architectures'],
  ['machines as text', { ...good, architectures: 'SCMP_ARCH_X86' }, 'not a list'],
  ['both byte orders', { ...good, architectures: on('X86_64', 'S390X') }, 'byte order'],
  ['both byte orders in archMap', mapped('SCMP_ARCH_X86_64', on('PPC64')), 'byte order'],
  ['machines of archMap as text', mapped('SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'), 'not a list'],
  ['a flag that is none', { ...good, flags: ['SECCOMP_FILTER_FLAG_NEW'] }, 'flags'],
  ['flags as text', { ...good, flags: 'SECCOMP_FILTER_FLAG_LOG' }, 'flags'],
  [
    'both lists of machines',
    { ...mapped('SCMP_ARCH_X86_64'), architectures: on('X86_64') },
    'both architectures',
  ],
  ['an error number below 0', { ...good, defaultErrnoRet: -1 }, 'defaultErrnoRet'],
  ['an error number in text', withEntry({ errnoRet: '1' }), 'errnoRet'],
  ['error number 4095', withEntry({ errnoRet: 4095 }), 'errnoRet'],
  ['error number 4096', withEntry({ errnoRet: 4096 }), 'errnoRet'],
  ['names as text', withEntry({ names: 'read' }), 'names is not a list'],
  ['an empty name', withEntry({ names: ['read', ''] }), '""'],
  ['name and names', withEntry({ name: 'swapoff' }), 'both name and names'],
  ['no action', withEntry({ action: undefined }), 'action'],
  ['another action', withEntry({ action: 'SCMP_ACT_PERMIT' }), 'SCMP_ACT_PERMIT'],
  ['argument 9', withArgument({ index: 9 }), '9 is not an argument'],
  ['argument 6', withArgument({ index: 6 }), '6 is not an argument'],
  ['half an argument', withArgument({ index: 0.5 }), '0.5'],
  ['another operator', withArgument({ op: 'SCMP_CMP_IN' }), 'SCMP_CMP_IN'],
  ['no operator', withArgument({ op: undefined }), 'op'],
  ['a value below 0', withArgument({ value: -1 }), '64 bits'],
  ['an entry that is none', { ...good, syscalls: ['read'] }, 'not a list of objects'],
];

/** What this engine takes, but not every other, or takes for something else than it says. */
export const STRICTER: readonly (readonly [string, object, string])[] = [
  ['nothing at all, which filters nothing', {}, 'no defaultAction'],
  ['an error number that becomes 0', withEntry({ errnoRet: 65536 }), 'errnoRet'],
  [
    'argument 9 of a call unknown here',
    withEntry({ names: ['no_such_call'], args: [{ index: 9, value: 1, op: 'SCMP_CMP_EQ' }] }),
    '9 is not an argument',
  ],
  ['a machine unknown there', mapped('SCMP_ARCH_ARM', ['SCMP_ARCH_FOO']), 'SCMP_ARCH_FOO'],
  ['a field of args that nobody reads', withArgument({ mask: 1 }), '"mask"'],
  ['a flag, from runc 1.2', { ...good, flags: ['SECCOMP_FILTER_FLAG_LOG'] }, 'runc before 1.2'],
];
