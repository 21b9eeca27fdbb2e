import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergedTraces, type Trace, TraceReader } from '../../src/profile/trace-reader.ts';

function read(text: string, architecture = 'amd64', size = text.length): Trace {
  const reader = new TraceReader(architecture);
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += Math.max(1, size))
    reader.push(bytes.subarray(at, at + Math.max(1, size)));
  return reader.trace();
}

/** Lines as strace 6.13 writes them with `-f -e raw=all -o FILE`. */
const LINES = `1     execve(0x7ffca8f73e70, 0x7ffca8f752b8, 0x7ffca8f752d0) = 0
1     brk(0)                            = 0x39036000
1     access(0x7fdd8f51c500, 0x4)       = -1 ENOENT (No such file or directory)
1     socket(0xa, 0x80801, 0)           = 0x12
1     clone(0x3d0f00, 0x7f1fce1ff990, 0x7f1fce1ff990, 0x7f1fce1ffcf0, 0x7f1fce1ff6c0 <unfinished ...>
12    futex(0x7f1f, 0x189, 0 <unfinished ...>
1     <... clone resumed>)              = 0xd
1     --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=0, si_uid=0} ---
14    +++ killed by SIGKILL +++
`;

const names = (trace: Trace): readonly string[] => [...trace.calls.keys()].sort();

describe('TraceReader', () => {
  test('keeps each call once, with the values of arguments that can be narrowed', () => {
    const trace = read(LINES);
    expect(names(trace)).toEqual(['access', 'brk', 'clone', 'execve', 'futex', 'socket']);
    expect([...(trace.calls.get('socket')?.values ?? [])]).toEqual([10n]);
    expect([...(trace.calls.get('clone')?.values ?? [])]).toEqual([0x3d0f00n]);
    expect(trace.calls.get('access')?.values).toBeUndefined();
    expect(trace.unread).toBe(0);
  });

  test('reads the flags of clone where s390x has them', () => {
    const trace = read('1     clone(0x7f00, 0x11, 0) = 0x2\n', 's390x');
    expect([...(trace.calls.get('clone')?.values ?? [])]).toEqual([0x11n]);
  });

  test('notes other sets of calls', () => {
    const trace = read(
      '7     [ Process PID=7 runs in 32 bit mode. ]\n7     socketcall(0x1, 0) = 0\n',
    );
    expect([...trace.modes]).toEqual(['32 bit']);
    expect(names(trace)).toEqual(['socketcall']);
  });

  test.each([
    ['1 garbage((', 1],
    ['x'.repeat(9000), 1],
    ['1     __proto__(0x1) = 0', 0],
    ['no line of strace', 1],
    [`1     ${'a'.repeat(41)}(0) = 0`, 1],
  ])('counts what is not strace’s: %.30s', (line, unread) => {
    const trace = read(`${line}\n1     brk(0) = 0\n`);
    expect(trace.unread).toBe(unread);
    expect(names(trace)).toContain('brk');
  });

  test('leaves out a line that was cut off', () => {
    expect(names(read('1     brk(0) = 0\n1     mount(0, 0'))).toEqual(['brk']);
  });

  test('gives up on values where there are too many', () => {
    const lines = Array.from(
      { length: 65 },
      (_, i) => `1     ioctl(0x3, 0x${i.toString(16)}, 0) = 0`,
    );
    expect(read(`${lines.join('\n')}\n`).calls.get('ioctl')).toEqual({
      count: 65,
      values: undefined,
    });
  });

  test('reads the same in pieces of any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (size) => {
        expect(read(LINES, 'amd64', size)).toEqual(read(LINES));
      }),
    );
  });

  test('takes any bytes, in bounded memory', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('1     brk(0) = 0', '1     ', 'clone(', '<unfinished ...>'),
      fc.stringMatching(/^1 {5}[a-z_0-9]{1,50}\([0-9a-fx, ]{0,30}\) = 0$/),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 50 }), fc.nat(20), (lines, size) => {
        const trace = read(lines.join('\n'), 'amd64', size + 1);
        expect(trace.calls.size).toBeLessThanOrEqual(1000);
        for (const name of trace.calls.keys()) expect(name).toMatch(/^[a-z_][a-z0-9_]{0,39}$/);
      }),
    );
  });
});

test('mergedTraces adds what several tracers wrote', () => {
  const merged = mergedTraces([
    read('1     socket(0x1, 0x1, 0) = 3\n1     brk(0) = 0\n'),
    read('9     socket(0x2, 0x1, 0) = 3\nnot strace\n'),
  ]);
  expect(merged.calls.get('socket')).toEqual({ count: 2, values: new Set([1n, 2n]) });
  expect(merged.calls.get('brk')).toEqual({ count: 1, values: undefined });
  expect(merged.unread).toBe(1);
});
