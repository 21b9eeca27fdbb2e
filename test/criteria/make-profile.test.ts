import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_RULES } from '../../src/criteria/security-profile/seccomp-default.ts';
import { compareWithDefault, readProfile } from '../../src/criteria/security-profile/seccomp.ts';
import {
  documentText,
  goneRights,
  makeProfile,
  RARE_CALLS,
  type SeccompDocument,
  startsProcesses,
} from '../../src/profile/make-profile.ts';
import type { Trace } from '../../src/profile/trace-reader.ts';
import { FORK, SERVICE, traceOf } from '../profile/traces.ts';
import { mayPass } from './evaluator.ts';

const NARROWING = { architecture: 'amd64', strict: false, ioctl: false };
const ENGINE = { arch: 'amd64', kernel: '6.12', caps: [] };

function made(trace: Trace, narrowing = NARROWING): SeccompDocument {
  return makeProfile(trace, narrowing, 'where it is from').document;
}

function passes(document: SeccompDocument, name: string, ...args: readonly number[]): boolean {
  return mayPass(document, ENGINE, { name, args: args.map(BigInt) });
}

const wider = (document: SeccompDocument, architecture = 'amd64'): readonly string[] =>
  compareWithDefault(readProfile(JSON.parse(documentText(document))), architecture).more;

describe('makeProfile', () => {
  test('allows what was called, and says what the default refuses', () => {
    const { document, refused } = makeProfile(SERVICE, NARROWING, 'where it is from');
    expect(document.defaultAction).toBe('SCMP_ACT_ERRNO');
    expect(document.architectures).toEqual(['SCMP_ARCH_X86_64']);
    expect(document.syscalls[0]?.comment).toBe('where it is from');
    expect(passes(document, 'accept4')).toBe(true);
    expect(passes(document, 'connect')).toBe(false);
    expect(passes(document, 'ptrace')).toBe(false);
    expect(refused).toEqual(['clone3', 'io_uring_setup']);
  });

  test('lets threads start, and no process', () => {
    const document = made(SERVICE);
    expect(passes(document, 'clone', 0x3d0f00)).toBe(true);
    expect(passes(document, 'clone', FORK)).toBe(false);
    expect(passes(document, 'clone', 0x3d0f00 | 0x10000000)).toBe(false);
    expect(passes(document, 'fork')).toBe(false);
    expect(passes(document, 'vfork')).toBe(false);
    expect(startsProcesses(SERVICE)).toBe(false);
    expect(goneRights(document, SERVICE)[0]).toContain('start another process');
  });

  test('lets processes start where the program starts some, without namespaces', () => {
    const trace = traceOf({ clone: [FORK], wait4: undefined });
    const document = made(trace);
    expect(passes(document, 'clone', FORK)).toBe(true);
    expect(passes(document, 'clone', FORK | 0x10000000)).toBe(false);
    expect(startsProcesses(trace)).toBe(true);
    expect(goneRights(document, trace).join()).not.toContain('start another process');
  });

  test('answers clone3 as the default does, so that C libraries take clone', () => {
    const rule = made(SERVICE).syscalls.find(({ names }) => names.includes('clone3'));
    expect(rule).toEqual({ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 });
  });

  test('narrows families of sockets, with those that look up names unless strict', () => {
    const families = (document: SeccompDocument): readonly number[] =>
      [1, 2, 10, 16, 17, 38, 40].filter((family) => passes(document, 'socket', family));
    expect(families(made(SERVICE))).toEqual([1, 2, 10, 16]);
    expect(families(made(SERVICE, { ...NARROWING, strict: true }))).toEqual([10]);
    expect(families(made(traceOf({ socket: [1] })))).toEqual([1]);
    expect(families(made(traceOf({ socket: [38, 40] })))).toEqual([]);
  });

  test('narrows requests of ioctl on request', () => {
    expect(passes(made(SERVICE), 'ioctl', 3, 0x5412)).toBe(true);
    const narrow = made(SERVICE, { ...NARROWING, ioctl: true });
    expect(passes(narrow, 'ioctl', 3, 0x5421)).toBe(true);
    expect(passes(narrow, 'ioctl', 3, 0x5412)).toBe(false);
  });

  test('strict leaves out rare calls and what runc needs without no-new-privileges', () => {
    const strict = made(SERVICE, { ...NARROWING, strict: true });
    expect(passes(strict, 'mremap')).toBe(false);
    expect(passes(strict, 'setuid')).toBe(false);
    expect(passes(strict, 'execve')).toBe(true);
    expect(passes(made(SERVICE), 'mremap')).toBe(true);
    expect(passes(made(SERVICE), 'setuid')).toBe(true);
  });

  test('names other sets of calls only where they were used', () => {
    const trace = { ...SERVICE, modes: new Set(['32 bit'] as const) };
    expect(made(trace).architectures).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']);
  });

  test.each(['amd64', '386', 'arm64', 'arm', 'ppc64le', 's390x', 'riscv64', 'loong64'])(
    'whatever a program does, its profile is a part of the default on %s',
    (architecture) => {
      const name = fc.constantFrom(
        ...new Set(DEFAULT_RULES.flatMap(({ names }) => names)),
        'io_uring_setup',
        'keyctl',
      );
      const value = fc.oneof(fc.nat(64), fc.maxSafeNat(), fc.constantFrom(0xffffffff, 0x7e020000));
      const calls = fc.dictionary(name, fc.option(fc.array(value), { nil: undefined }));
      fc.assert(
        fc.property(calls, fc.boolean(), fc.boolean(), (seen, strict, ioctl) => {
          const modes = new Set(['32 bit', 'x32'] as const);
          const document = made({ ...traceOf(seen), modes }, { architecture, strict, ioctl });
          expect(wider(document, architecture)).toEqual([]);
          expect(document.syscalls.length).toBeLessThanOrEqual(128);
        }),
        { numRuns: 40 },
      );
    },
  );
});

test('no rare call opens a connection, makes a process or changes a right; what listens accepts', () => {
  const accepts = ['accept', 'accept4'];
  const names = RARE_CALLS.flatMap(({ names: all, after = [] }) =>
    after.includes('listen') ? all.filter((name) => !accepts.includes(name)) : all,
  );
  expect(
    names.filter((name) =>
      /^(?:socket|connect|accept|clone|fork|exec|set(?:uid|gid|groups)|cap)/.test(name),
    ),
  ).toEqual([]);
});
