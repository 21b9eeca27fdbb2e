import { posix } from 'node:path';
import { quantity } from '../lib/text.ts';
import type { Download, PackageInstall, UnreadLine } from '../model/build-analysis.ts';
import type { SourceCommand, SourceRange, SourceWord } from '../model/dockerfile.ts';
import { type BuildFact, NAME_THE_DOCKERFILE } from '../model/facts.ts';
import type { FetchedFile, FixInput, FixPlan, FixRule, TextEdit } from '../model/fix.ts';
import { digestHex } from '../model/reference.ts';
import { SHELLS } from '../programs/kinds.ts';
import { criterion } from './criterion.ts';
import {
  addFlag,
  andThen,
  commandAt,
  endsShell,
  type FoundCommand,
  inStage,
  isExecForm,
  joinedBy,
  NOTHING,
  type Placed,
  proposal,
  refusal,
  refusedAt,
  runAt,
  stopsOnFailure,
  together,
} from './edit-text.ts';
import { type JudgedLine, judgeLines, lineFindings } from './judged-lines.ts';
import { criterionRule, PIN } from './lint-rule.ts';

interface JudgedDownload extends JudgedLine {
  readonly weak: boolean;
}

/** The digest by which a replay pinned a download: of the file, or of git's first request. */
function replayedDigest(
  { url, kind }: Download,
  replayed: BuildFact['replayed'],
): string | undefined {
  if (replayed === undefined || url === undefined || kind === 'add' || !URL.canParse(url))
    return undefined;
  const { href } = new URL(url);
  if (kind === 'git')
    return [href, `${href.replace(/\/$/, '')}.git`]
      .map((one) => replayed.get(`${one.replace(/\/$/, '')}/info/refs?service=git-upload-pack`))
      .find((digest) => digest !== undefined);
  return replayed.get(href);
}

/** Whether a download is verified before it is used; `replayed` as in `BuildFact`. */
function judgeDownload(download: Download, replayed?: BuildFact['replayed']): JudgedDownload {
  const { range, command, verifiedBy: check, ineffectiveCheck, open } = download;
  const answer = (state: JudgedLine['state'], reason: string, weak = false): JudgedDownload => ({
    range,
    command,
    state,
    reason,
    weak,
  });
  if (download.pipedToShell) return answer('loose', 'goes straight into an interpreter');
  const digest = replayedDigest(download, replayed);
  if (digest !== undefined && (check === undefined || check.weak !== undefined))
    return answer('held', `replayed by ${digest} in the lock, not checked by its publisher`, true);
  if (open !== undefined) return answer('open', open);
  if (check !== undefined)
    return check.weak === undefined
      ? answer('held', `verified by ${check.method}, line ${check.range.startLine}`)
      : answer('held', `verified by ${check.method}, weak: ${check.weak}`, true);
  return ineffectiveCheck === undefined
    ? answer('loose', 'nothing verifies it')
    : answer(
        'loose',
        `${ineffectiveCheck.method} cannot stop the build: ${ineffectiveCheck.reason}`,
      );
}

export const verifiedDownloads = criterion({
  id: 'verified-downloads',
  title: 'Downloads verified by signature or checksum',
  vector: 'provenance',
  level: 2,
  spec: '#verify-downloads',
  why: 'A download that is not checked can be replaced, on the server or on the way, and then runs in your build.',
  needs: ['build'],
  settle: NAME_THE_DOCKERFILE,
  decidedBy:
    'What was seen decides first. A RUN with `--network=none` downloads nothing. Where this build ' +
    'replayed a complete recording, or a verified provenance says so, each download is known by ' +
    'its digest. Else the Dockerfile is read. Each download of the stages that the build reaches ' +
    'must be verified before use, in a form that is known as a whole. A failed check must stop ' +
    'the build. A download that is piped into a shell always fails. A sum by MD5 or SHA-1 passes ' +
    'and is marked weak. A check in another form leaves it unknown, and so does a program that no ' +
    'table has. Then build with `--record`, and with `--replay`.',
  check: ({ build }) =>
    judgeLines(build, {
      judge: ({ downloads }) => downloads.map((one) => judgeDownload(one, build.replayed)),
      none: { summary: 'the build downloads nothing', lookedAt: 'no download in any stage' },
      held: (judged) => {
        const weak = judged.filter((one) => one.weak).length;
        return `${quantity(judged.length, 'download')} verified${weak === 0 ? '' : `, ${weak} weakly`}`;
      },
      settle: NAME_THE_DOCKERFILE,
      settleOpen: 'build with --record, then --replay: then each download is known by digest',
    }),
  remedies: [
    {
      title: 'Verify what is downloaded before it is used',
      detail:
        'Give the checksum in the Dockerfile, with ADD --checksum or sha256sum -c in the same RUN, or verify the publisher’s signature.',
      example: 'ADD --checksum=sha256:... https://example.com/tool.tar.gz /tmp/',
    },
  ],
});

/** Downloads that the criterion would fail, or could not decide. */
export const verifiedDownloadsRule = criterionRule(verifiedDownloads, {
  bad: 'FROM alpine:3.22\nRUN wget -qO- https://example.com/install.sh | sh\n',
  good: `FROM alpine:3.22\nADD --checksum=${PIN} https://example.com/tool.tar.gz /tmp/\n`,
  check: ({ analysis }) => lineFindings(analysis.downloads.map((one) => judgeDownload(one))),
});

/** A name below /tmp after the last part of an address. */
function temporary(url: string): string {
  const name =
    url
      .replace(/[?#].*/s, '')
      .split('/')
      .at(-1) ?? '';
  return `/tmp/${/^[\w.+-]+$/.test(name) && !/^\.+$/.test(name) && url.split('/').length > 3 ? name : 'download'}`;
}

function toFile(
  text: string,
  { start, words }: SourceCommand,
  program: string,
  file: string,
): string | undefined {
  if (program === 'curl') return `${text} -o ${file}`;
  const at = words.findIndex(({ value }) =>
    /^-[A-Za-z]*O-?$|^--output-document(?:=-)?$/.test(value ?? ''),
  );
  const word = words[at];
  if (word === undefined) return undefined;
  const own = /-$/.test(word.text) && word.text.length > 2;
  const last = own ? word : words[at + 1];
  if (last === undefined || (!own && last.value !== '-')) return undefined;
  const option = word.text.startsWith('--')
    ? `--output-document=${file}`
    : `${word.text.replace(/-$/, '')} ${file}`;
  return text.slice(0, word.start - start) + option + text.slice(last.end - start);
}

/** Makes the command after the pipe read the file instead; an error says why that is unsafe. */
function fromFile(words: readonly SourceWord[], file: string): { readonly text: string } | string {
  const [program, ...rest] = words;
  const name = program?.value?.split('/').at(-1) ?? '';
  const texts = rest.map(({ text }) => text);
  if (SHELLS.has(name)) {
    const at = texts.findIndex((text) => text === '-s' || text === '-');
    const options = at < 0 ? texts : texts.slice(0, at);
    if (options.some((text) => !/^-[eux]+$/.test(text))) return `${name} has options of its own`;
    const behind = at < 0 ? [] : texts.slice(at + 1);
    const args = behind[0] === '--' ? behind.slice(1) : behind;
    return { text: [program?.text, ...options, file, ...args].join(' ') };
  }
  if (name !== 'tar') return `${name === '' ? 'what reads it' : name} is neither a shell nor tar`;
  const dash = texts.indexOf('-');
  if (dash >= 0)
    return {
      text: [program?.text, ...texts.slice(0, dash), file, ...texts.slice(dash + 1)].join(' '),
    };
  if (
    texts.some(
      (text) => text === '--file' || text.startsWith('--file=') || /^-?[A-Za-z]*f$/.test(text),
    )
  )
    return 'tar reads another file';
  return { text: [program?.text, ...texts, '-f', file].join(' ') };
}

/** `curl | sh` and `curl | tar` as a file, a check, its use, and its removal. */
function fromPipe(
  { run, command }: FoundCommand,
  { url = '' }: Download,
  { source }: FixInput,
  check: (file: string) => string,
): readonly TextEdit[] | string {
  const reader = run.commands[run.commands.indexOf(command) + 1];
  if (reader === undefined || reader.command.nested) return 'what reads it is not a plain command';
  if (reader.command.operator === '|') return 'it goes through more than one pipe';
  if (!stopsOnFailure(run, reader)) return 'a failed check would not stop the RUN';
  if (reader.command.writesTo.length > 0) return 'what reads it writes to a file';
  const [first] = reader.words;
  if (first === undefined) return 'what reads it is not a plain command';
  const between = source.text.slice(command.end, reader.start);
  if (!/^[\s\\`]*\|[\s\\`]*$/.test(between)) return 'something stands between it and its pipe';
  const file = temporary(url);
  const program = command.words[0]?.value?.split('/').at(-1) ?? '';
  const fetch = toFile(source.text.slice(command.start, command.end), command, program, file);
  if (fetch === undefined) return 'its output has no place of its own';
  const use = fromFile(reader.words, file);
  if (typeof use === 'string') return use;
  const assignments = source.text.slice(reader.start, first.start);
  const parts = [fetch, check(file), assignments + use.text, `rm ${file}`];
  return [{ start: command.start, end: reader.end, text: parts.join(joinedBy(source, run)) }];
}

interface UnreadRun {
  readonly run: Placed;
  readonly line: UnreadLine;
}

const isIn = (inner: SourceRange, { instruction: { range } }: Placed): boolean =>
  range.startLine <= inner.startLine && range.endLine >= inner.endLine;

/** RUNs that start programs that could not be read, each once. */
function unreadRuns(input: FixInput): readonly UnreadRun[] {
  const runs = input.model.stages
    .flatMap(({ index }) => inStage(input, index))
    .filter(({ keyword }) => keyword === 'RUN');
  return runs.flatMap((run) => {
    const line = input.analysis.unread.find(({ range, held }) => held !== true && isIn(range, run));
    return line === undefined ? [] : [{ run, line }];
  });
}

/** True for a command of Go whose modules are there already: fetched before, or none are needed. */
function isFetched(
  { manager, command, stage, range }: PackageInstall,
  { analysis, contextFile }: FixInput,
): boolean {
  if (manager !== 'go' || !/^go (?:build|test|vet|run|generate)\b/.test(command)) return false;
  const isBefore = analysis.installs.some(
    (one) =>
      /^go mod (?:download|vendor)\b/.test(one.command) &&
      one.stage === stage &&
      one.range.endLine < range.startLine,
  );
  const modules = contextFile('go.mod');
  return isBefore || (modules !== undefined && !/^(?:require|tool)\b/m.test(modules));
}

/** Why a RUN needs the network; undefined where nothing that could be read does. */
function obstacle(run: Placed, input: FixInput): string | undefined {
  const { analysis } = input;
  const { flags } = run.instruction;
  if (flags.some(({ name }) => name === 'network')) return 'it says which network it has';
  if (analysis.installs.some((one) => isIn(one.range, run) && !isFetched(one, input)))
    return 'it installs packages too';
  return analysis.downloads.some(({ range }) => isIn(range, run))
    ? 'it downloads files too'
    : undefined;
}

function plan(input: FixInput): FixPlan {
  const found = unreadRuns(input).map((one) => ({ ...one, reason: obstacle(one.run, input) }));
  const free = found.filter(({ reason }) => reason === undefined);
  const refusals = found.flatMap(({ run, line, reason }) =>
    reason === undefined
      ? []
      : [refusal(run, `${line.program ?? 'its shell'} was not read, and ${reason}`)],
  );
  const [first] = free;
  if (first === undefined) return { ...NOTHING, refusals };
  const programs = [...new Set(free.map(({ line }) => line.program ?? 'its shell'))].join(', ');
  return {
    edits: [
      proposal(first.run, {
        key: 'network',
        title: `Run ${programs} without network`,
        why: `What ${programs} does cannot be read here. Without network it can download nothing`,
        risk: 'medium',
        riskReason: 'the build fails if it does download something; --verify shows whether it does',
        edits: free.map(({ run }) => addFlag(run, '--network=none')),
      }),
    ],
    refusals,
  };
}

/** Blocks the network for unreadable programs, so the build downloads only what is visible. */
export const offlineRuns: FixRule = {
  id: 'offline-runs',
  title: 'Run what cannot be read without network',
  criterion: 'verified-downloads',
  needs: [],
  plan,
};

/** The version that an address names: what looks like one in its path. */
function versionIn(url: string): string | undefined {
  return /[/_=-]v?(\d+\.\d+(?:\.\d+)*(?:[-.]?(?:rc|alpha|beta|p)\.?\d+)?)(?=[/_.-]|$)/.exec(
    url.replace(/^https?:\/\/[^/]*/, ''),
  )?.[1];
}

/** An address as it may be shown: without user, password and query, which may be secret. */
export function shownAddress(url: string): string {
  return url.replace(/[?#].*/s, '').replace(/^(\w+:\/\/)[^/@]*@/, '$1');
}

/** `echo "HASH  FILE" | sha256sum -c -` */
function checkOf(file: string, { digest }: FetchedFile): string {
  return `echo "${digestHex(digest)}  ${file}" | sha256sum -c -`;
}

const PLAIN_PATH = /^[\w./@+-]+$/;

function ofRun(
  download: Download,
  input: FixInput,
  fetched: FetchedFile,
): readonly TextEdit[] | string {
  const found = commandAt(input, download.stage, download.range);
  if (found === undefined || isExecForm(found.run)) return 'its command has no place of its own';
  const { command, argv } = found.command;
  if (posix.basename(argv[0] ?? '') !== download.kind) return 'another program downloads it';
  if (command.nested) return 'it is in a condition, a loop or a function';
  if (command.operator === '|')
    return fromPipe(found, download, input, (file) => checkOf(file, fetched));
  return toFileOfEdit(download, found, input, fetched);
}

function toFileOfEdit(
  { target }: Download,
  found: FoundCommand,
  { source }: FixInput,
  fetched: FetchedFile,
): readonly TextEdit[] | string {
  if (target === undefined || target === '') return 'its output file is not known';
  if (!PLAIN_PATH.test(target)) return `${target} is not a plain path`;
  if (!stopsOnFailure(found.run, found.command)) return 'a failed check would not stop the RUN';
  const obstacle = endsShell(found.command);
  if (obstacle !== undefined) return obstacle;
  const check = checkOf(target, fetched);
  const { end, command } = found.command;
  // Behind `&&` a download that fails half way would skip its check, and set -e would not end the
  // RUN.
  if (command.operator === ';') return [{ start: end, end, text: `; ${check}` }];
  return [andThen(source, found.run, check, end)];
}

function ofAdd(
  { stage, range }: Download,
  input: FixInput,
  { digest }: FetchedFile,
): readonly TextEdit[] | string {
  const add = runAt(input, stage, range);
  if (add?.keyword !== 'ADD') return 'its instruction is not found';
  if (add.instruction.arguments.length !== 2) return 'it adds more than one file';
  return [addFlag(add, `--checksum=${digest}`)];
}

function held(download: Download, input: FixInput): FixPlan {
  const { kind, url, verifiedBy, ineffectiveCheck, range } = download;
  if (verifiedBy !== undefined || !['curl', 'wget', 'add'].includes(kind)) return NOTHING;
  const at = { line: range.startLine };
  const refused = (reason: string, settle?: string): FixPlan =>
    refusedAt(
      at,
      `${url === undefined ? 'a download' : shownAddress(url)} stays unverified: ${reason}`,
      settle,
    );
  if (url === undefined) return refused('its address is not constant');
  if (ineffectiveCheck !== undefined)
    return refused(
      `line ${ineffectiveCheck.range.startLine} checks it, but ${ineffectiveCheck.reason}`,
    );
  const fetched = input.facts.hashes.get(url);
  if (fetched === undefined) return refused('it was not fetched for its hash');
  if (!fetched.ok)
    return refused(
      fetched.error,
      /without TLS/.test(fetched.error)
        ? `scoville fix --plain-http ${new URL(url).host}`
        : undefined,
    );
  const edits =
    kind === 'add' ? ofAdd(download, input, fetched.value) : ofRun(download, input, fetched.value);
  if (typeof edits === 'string') return refused(edits);
  const argument = argumentIn(download, input);
  const version = argument === undefined ? versionIn(url) : undefined;
  return {
    edits: [
      proposal(at, {
        key: shownAddress(url),
        title: `Verify the checksum of ${shownAddress(url)}`,
        why: 'Anyone who controls the server or the connection can change your build',
        risk: version === undefined ? 'medium' : 'low',
        riskReason:
          argument !== undefined
            ? `with another value of ${argument} (--build-arg, another platform) the build fails`
            : version === undefined
              ? 'the address does not name a version: the build fails when its content changes'
              : `the address names version ${version}: the build fails only where that is changed`,
        edits,
      }),
    ],
    refusals: [],
  };
}

/** The ARG that decides the address of a download; undefined where none does. */
function argumentIn({ stage, command }: Download, { source }: FixInput): string | undefined {
  const names = source.instructions
    .filter(({ keyword, stage: at }) => keyword === 'ARG' && (at === undefined || at === stage))
    .flatMap(({ words }) => words.map(({ text }) => text.split('=', 1)[0] ?? ''));
  return names.find((name) => new RegExp(`\\$(?:\\{${name}\\b|${name}\\b)`).test(command));
}

/** Adds to each download a check of the hash that it has now. */
export const verifyDownloads: FixRule = {
  id: 'verify-downloads',
  title: 'Verify the checksum of downloads',
  criterion: 'verified-downloads',
  needs: ['hashes'],
  plan: (input) => together(input.analysis.downloads.map((download) => held(download, input))),
};
