import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openerOf, ScanBudget, zipAtEnd } from '../../src/facts/secrets/open-content.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { zip, type ZipItem } from './zip-sample.ts';

const ARCHIVES = 400;
const MARK = /MARK\d+;/g;

/**
 * What the scan hands on of an archive's members; undefined where it tells that it did not see all.
 */
function seen(bytes: Buffer): readonly string[] | undefined {
  const told: string[] = [];
  const parts: Buffer[] = [];
  const budget = new ScanBudget();
  const sink = openerOf(
    bytes.subarray(0, 1024),
    0,
    budget,
    (kind) => told.push(kind),
    () => ({ push: (part) => parts.push(Buffer.from(part)) > 0, end: () => undefined }),
  );
  if (sink === undefined) return zipAtEnd(bytes) === undefined ? [] : undefined;
  for (let at = 0; at < bytes.length && sink.push(bytes.subarray(at, at + 97)); at += 97);
  sink.end();
  return told.length > 0 || budget.gaps().length > 0
    ? undefined
    : (Buffer.concat(parts).toString('latin1').match(MARK) ?? []);
}

/** Marks that Python and Info-ZIP read from members, for each archive of a folder. */
const READERS = `
import glob, json, os, re, resource, subprocess, sys, zipfile
# A made-up header can ask for a dictionary of 4 GB: an error of that member, not the end of all.
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
zipfile.ZipExtFile._update_crc = lambda self, data: None
found = {}
for path in glob.glob(os.path.join(sys.argv[1], '*.zip')):
    data = b''
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                try:
                    data += archive.read(info)
                except Exception:
                    pass
    except Exception:
        pass
    ran = subprocess.run(['unzip', '-p', '-P', 'x', path], stdin=subprocess.DEVNULL, capture_output=True)
    data += ran.stdout
    found[os.path.basename(path)] = sorted(set(re.findall(r'MARK\\d+;', data.decode('latin1'))))
print(json.dumps(found))
`;

const item = fc.record({
  name: fc.constantFrom('a', 'b/', 'META-INF/x', '\0', 'é'),
  content: fc.integer({ min: 0, max: 40 }).map((n) => `${'-'.repeat(n)}MARK${n};`),
  stored: fc.boolean(),
  descriptor: fc.boolean(),
  unmarked: fc.boolean(),
  zip64: fc.boolean(),
});

/** Bytes of a header of some kind changed, or something put in between. */
const change = fc.record({
  kind: fc.constantFrom('byte', 'short', 'long', 'insert', 'again', 'none'),
  mark: fc.constantFrom('PK\x01\x02', 'PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08', 'PK\x06\x06'),
  which: fc.nat(3),
  offset: fc.nat(48),
  value: fc.oneof(
    fc.constantFrom(0, 1, 8, 9, 0xffff, 0xffffffff, 0x02014b50),
    fc.nat(200),
    fc.nat(0xffffffff),
  ),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(bytes: Buffer, { kind, mark, which, offset, value }: Change): Buffer {
  const places = [...bytes.toString('latin1').matchAll(new RegExp(mark, 'g'))].map((m) => m.index);
  const at = (places[which % Math.max(1, places.length)] ?? 0) + offset;
  if (at + 4 > bytes.length) return bytes;
  const copy = Buffer.from(bytes);
  if (kind === 'byte') copy.writeUInt8(value & 0xff, at);
  if (kind === 'short') copy.writeUInt16LE(value & 0xffff, at);
  if (kind === 'long') copy.writeUInt32LE(value, at);
  const start = at - offset;
  const more = kind === 'again' ? bytes.subarray(start, start + value) : Buffer.alloc(value % 60);
  return kind === 'insert' || kind === 'again'
    ? Buffer.concat([bytes.subarray(0, start), more, bytes.subarray(start)])
    : copy;
}

const archive = fc
  .tuple(
    fc.array(item, { minLength: 1, maxLength: 4 }),
    fc.boolean(),
    fc.constantFrom('', '', '', 'PK\x07\x08', 'PK00', '#!/bin/sh\n'),
    fc.array(change, { maxLength: 3 }),
    fc.constantFrom('', '', '\n', 'PK\x05\x06', '\0'.repeat(30)),
  )
  .map(([items, zip64, before, changes, behind]) => {
    const numbered = items.map((one, i): ZipItem => ({
      ...one,
      content: `${one.content}MARK${i};`,
    }));
    const whole = Buffer.concat([
      Buffer.from(before),
      zip(numbered, { zip64 }),
      Buffer.from(behind),
    ]);
    return changes.reduce(changed, whole);
  });

const hasReaders = ['python3', 'unzip'].every(
  (name) => spawnSync(name, name === 'unzip' ? ['-v'] : ['--version']).status === 0,
);

test.runIf(hasReaders)(
  'what Python or Info-ZIP reads of an archive is seen, or told',
  () => {
    const folder = temporaryFolder();
    const archives = fc.sample(archive, Number(process.env['ZIP_ARCHIVES'] ?? ARCHIVES));
    for (const [i, bytes] of archives.entries()) writeFileSync(join(folder, `${i}.zip`), bytes);
    const { status, signal, stdout, stderr } = spawnSync('python3', ['-c', READERS, folder], {
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    });
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
    const read = JSON.parse(stdout) as Record<string, readonly string[]>;
    const hidden = archives.flatMap((bytes, i) => {
      const ours = seen(bytes);
      const missed = (read[`${i}.zip`] ?? []).filter((mark) => ours?.includes(mark) === false);
      return missed.length === 0 ? [] : [{ missed, bytes: bytes.toString('base64') }];
    });
    expect(hidden).toEqual([]);
    // The readers get something out of most: the comparison is not empty.
    expect(Object.values(read).filter((marks) => marks.length > 0).length).toBeGreaterThan(
      archives.length / 4,
    );
  },
  120_000,
);
