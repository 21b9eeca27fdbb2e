import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { writeFileBeside } from '../config/project-files.ts';
import { keptReport, readScorecard } from '../grade/kept-report.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { openFile } from '../lib/run-result.ts';
import { shellWord } from '../model/dockerfile.ts';
import type { ReportInput } from '../model/report.ts';
import { jsonText } from '../report/text.ts';
import { bool, type CommandSpec, text } from './flag-table.ts';
import { command, JSON_FLAG } from './flags.ts';
import type { CommandIo } from './io.ts';
import { pathsOf } from './paths.ts';
import { renderReport } from './render-report.ts';
import { toolRunner } from './tool-runner.ts';

export const REPORT = {
  name: 'report',
  usage: ['report [flags] [IMAGE]', 'report --diff [flags] BEFORE AFTER'],
  about: `
Opens the HTML report of the last build or grade of an image; without a name, of the last one of all. Nothing is graded
again. Without a terminal, or with -o, it writes the file and prints its path.
BEFORE and AFTER are scorecards that --report json wrote: says in Markdown what changed, for a pull request.`,
  examples: [
    ['scoville report', 'open the report of the last grade'],
    ['scoville report my-app', 'of this image'],
    ['scoville report -o report.html my-app', 'write it, and do not open it'],
    ['scoville report --diff old.json new.json', 'what changed between two scorecards'],
  ],
  exits: [
    ['0', 'opened or written'],
    ['2', 'no grade is kept, or a file cannot be read or written'],
  ],
  flags: {
    output: text('FILE', 'Write the page here, and do not open it', { path: true, short: 'o' }),
    diff: bool('Two scorecards, the older first: what changed'),
    json: JSON_FLAG,
  },
  operands: { most: 2, error: 'takes one image, or two scorecards', choices: [] },
} satisfies CommandSpec;

export const report = command(REPORT, async ({ output, json, diff }, [image, after], io) => {
  if (diff) return reportDifference(image, after, { output, json }, io);
  if (after !== undefined)
    throw new UserError('report takes one image', {
      nextStep: 'of two scorecards: scoville report --diff BEFORE AFTER',
    });
  const paths = pathsOf(io);
  const input = await keptReport({ paths }, image);
  if (input === undefined) {
    const name = image === undefined ? 'IMAGE' : shellWord(image);
    throw new UserError(
      image === undefined ? 'nothing was graded yet' : `no grade of ${image} is kept`,
      { nextStep: `grade it: scoville grade ${name}` },
    );
  }
  const { scorecard } = input;
  const file =
    output === undefined ? await usualFile(paths.cache, scorecard.image) : resolve(io.cwd, output);
  const { htmlReport } = await import('../report/html/report.ts');
  await writeFileBeside(file, htmlReport(input));
  const { image: name, digest, gradedAt, level, overall } = scorecard;
  const said = { image: name, digest, gradedAt, level, grade: overall.grade };
  if (json) io.writeOut(jsonText({ schemaVersion: '1', file, ...said }));
  else io.writeOut(`${file}\n`);
  if (output === undefined && !json && io.outIsTerminal) await open(file, io);
  return EXIT.met;
});

async function reportDifference(
  before: string | undefined,
  after: string | undefined,
  { output, json }: { readonly output: string | undefined; readonly json: boolean },
  io: CommandIo,
): Promise<number> {
  if (before === undefined || after === undefined)
    throw new UserError('--diff takes two scorecards, the older first', {
      nextStep: 'scoville report --diff BEFORE AFTER',
    });
  const inputs = [before, after].map(async (file) => ({
    scorecard: await readScorecard(resolve(io.cwd, file)),
  }));
  const [old, now] = (await Promise.all(inputs)) as [ReportInput, ReportInput];
  const subject = { kind: 'difference', before: old, after: now } as const;
  const screen = { color: false, unicode: true };
  const text = await renderReport(subject, json ? 'json' : 'markdown', screen);
  if (output === undefined) io.writeOut(text);
  else await writeFileBeside(resolve(io.cwd, output), text);
  return EXIT.met;
}

async function usualFile(cache: string, image: string): Promise<string> {
  const folder = join(cache, 'reports');
  await makeFolders(folder, { mode: 0o700 });
  const name = image.replace(/[^A-Za-z0-9.]+/g, '-').slice(0, 60);
  const id = createHash('sha256').update(image).digest('hex').slice(0, 8);
  return join(folder, `${name}-${id}.html`);
}

async function open(file: string, io: CommandIo): Promise<void> {
  const run = toolRunner(io);
  const problem = await openFile((what) => run({ signal: io.signal, ...what }), file, io.platform);
  if (problem !== undefined) io.writeErr(`scoville: it could not be opened: ${problem}\n`);
}
