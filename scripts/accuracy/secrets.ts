import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { LayerFacts } from '../../src/facts/layer-facts.ts';
import { collectLayer } from '../../src/facts/layer-files.ts';
import { isFound, type Sample, samples } from '../../test/accuracy/secrets/planted.ts';
import { isUnseen } from '../../test/accuracy/secrets/random.ts';
import { entryOf, type Item } from '../../test/facts/support.ts';

export interface SecretsOptions {
  /** A folder of root filesystems that hold no secret, a folder each; none where there is none. */
  readonly clean: string | undefined;
  /** Programs of the peers, where they are installed. */
  readonly gitleaks: string | undefined;
  readonly trufflehog: string | undefined;
  /** An empty folder to work in. */
  readonly folder: string;
  readonly half: 'tuned' | 'unseen' | 'both';
  readonly print: (text: string) => void;
}

type Scan = (folder: string) => ReadonlySet<string>;

function gitleaks(program: string): Scan {
  return (folder) => {
    const report = `${folder}.gitleaks.json`;
    execFileSync(
      program,
      [
        'dir',
        folder,
        '--no-banner',
        '--exit-code=0',
        '--max-decode-depth=5',
        '-l=error',
        '-f=json',
        `-r=${report}`,
      ],
      { stdio: ['ignore', 'ignore', 'ignore'], maxBuffer: 1 << 30 },
    );
    const found = JSON.parse(readFileSync(report, 'utf8')) as readonly {
      File: string;
      SymlinkFile: string;
    }[];
    return new Set(found.map(({ File, SymlinkFile }) => SymlinkFile || File));
  };
}

function trufflehog(program: string): Scan {
  return (folder) => {
    const out = execFileSync(
      program,
      ['filesystem', folder, '--json', '--no-verification', '--no-update'],
      { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 30 },
    ).toString('utf8');
    const files = out
      .split('\n')
      .filter(Boolean)
      .map(
        (line) =>
          (JSON.parse(line) as { SourceMetadata?: { Data?: { Filesystem?: { file?: string } } } })
            .SourceMetadata?.Data?.Filesystem?.file,
      );
    return new Set(files.filter((file) => file !== undefined));
  };
}

function peers({ gitleaks: one, trufflehog: two }: SecretsOptions): ReadonlyMap<string, Scan> {
  return new Map([
    ...(one === undefined ? [] : [['gitleaks', gitleaks(one)] as const]),
    ...(two === undefined ? [] : [['trufflehog', trufflehog(two)] as const]),
  ]);
}

/** Each sample in a folder of its own, documents as JSON. */
function write(all: readonly Sample[], folder: string): void {
  all.forEach(({ planted }, index) => {
    const own = join(folder, String(index));
    mkdirSync(own, { recursive: true });
    if (planted.kind !== 'file') {
      writeFileSync(join(own, `${planted.kind}.json`), JSON.stringify(planted.document));
      return;
    }
    const { path, content = '', type, linkname = '' } = planted.item;
    const file = join(own, path);
    mkdirSync(dirname(file), { recursive: true });
    if (type === 'symlink') symlinkSync(linkname, file);
    else writeFileSync(file, content);
  });
}

function percent(part: number, whole: number): string {
  return `${part} of ${whole} (${((100 * part) / Math.max(1, whole)).toFixed(1)} %)`;
}

function recall(options: SecretsOptions): void {
  const { folder, half, print } = options;
  const all = samples();
  const found = new Map<string, ReadonlySet<number>>();
  found.set('scoville', new Set(all.flatMap((sample, index) => (isFound(sample) ? [index] : []))));
  const planted = join(folder, 'planted');
  write(all, planted);
  for (const [name, scan] of peers(options)) {
    const files = scan(planted);
    const indexes = [...files].map((file) => Number(file.slice(planted.length + 1).split('/')[0]));
    found.set(name, new Set(indexes));
  }
  print('| planted | samples |' + [...found.keys()].map((name) => ` ${name} |`).join('') + '\n');
  for (const part of ['tuned', 'unseen'] as const) {
    if (half !== 'both' && half !== part) continue;
    const of = all.flatMap(({ name }, index) =>
      isUnseen(name) === (part === 'unseen') ? [index] : [],
    );
    const cells = [...found.values()].map(
      (set) => ` ${percent(of.filter((index) => set.has(index)).length, of.length)} |`,
    );
    print(`| ${part} | ${of.length} |${cells.join('')}\n`);
    if (part === 'tuned' || half === 'unseen')
      for (const index of of)
        if (found.get('scoville')?.has(index) !== true)
          print(`  missed: ${all[index]?.name ?? ''}\n`);
  }
}

/** The files of a folder as a layer's entries, one after the other. */
function* items(root: string, path = ''): Generator<Item> {
  for (const name of readdirSync(join(root, path)).sort()) {
    const own = path === '' ? name : `${path}/${name}`;
    const stat = lstatSync(join(root, own));
    if (stat.isSymbolicLink())
      yield { path: own, type: 'symlink', linkname: readlinkSync(join(root, own)) };
    else if (stat.isDirectory()) yield* items(root, own);
    else if (stat.isFile()) yield { path: own, content: readFileSync(join(root, own)) };
  }
}

function factsOf(root: string): LayerFacts {
  const { collectors, facts } = collectLayer();
  for (const item of items(root)) {
    const found = entryOf(item);
    const bytes = Buffer.from(item.content ?? '');
    for (const collector of collectors.filter(({ name }) => name === 'secrets')) {
      const wish = collector.wants(found);
      if (wish.want === 'stream') collector.chunk?.(bytes);
      collector.visit(found, wish.want === 'all' ? bytes : undefined, false);
    }
  }
  return facts();
}

function falseAlarms(options: SecretsOptions): void {
  const { clean, half, print } = options;
  if (clean === undefined) return;
  const scans = peers(options);
  const names = ['scoville', ...scans.keys()];
  for (const part of ['tuned', 'unseen'] as const) {
    if (half !== 'both' && half !== part) continue;
    const roots = readdirSync(clean).filter((name) => isUnseen(name) === (part === 'unseen'));
    const alarmed = new Map(names.map((name) => [name, { roots: 0, files: 0 }]));
    const add = (name: string, files: number): void => {
      const sum = alarmed.get(name);
      if (sum === undefined || files === 0) return;
      sum.roots += 1;
      sum.files += files;
    };
    for (const root of roots) {
      const { secrets, secretGaps } = factsOf(join(clean, root));
      add('scoville', new Set(secrets.map(({ path }) => path)).size);
      if (part === 'tuned' || half === 'unseen')
        for (const one of secrets)
          print(
            `  alarm: ${root} ${one.path}${one.inside === undefined ? '' : `!/${one.inside}`}:${one.line ?? one.offset ?? ''} ${one.rule} ${one.masked}\n`,
          );
      for (const gap of secretGaps) print(`  gap: ${root} ${gap.path} ${gap.reason}\n`);
      for (const [name, scan] of scans) add(name, scan(join(clean, root)).size);
    }
    for (const [name, sum] of alarmed)
      print(
        `| clean, ${part} | ${name} | roots ${percent(sum.roots, roots.length)} | files ${sum.files} |\n`,
      );
  }
}

/** Measures recall on planted secrets and false alarms on clean files, ours and the peers'. */
export function secretsAccuracy(options: SecretsOptions): void {
  recall(options);
  rmSync(join(options.folder, 'planted'), { recursive: true, force: true });
  falseAlarms(options);
}
