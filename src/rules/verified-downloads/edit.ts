import { posix } from 'node:path';
import type { Download } from '../../model/build-analysis.ts';
import { digestHex } from '../../model/digest.ts';
import type { FetchedFile, FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import type { TextEdit } from '../../model/planned-edit.ts';
import { commandAt, type FoundCommand, runAt } from '../shared/edit/command-at.ts';
import { NOTHING, proposal, refusedAt, together } from '../shared/edit/proposal.ts';
import { addFlag, andThen, endsShell, stopsOnFailure } from '../shared/edit/run-text.ts';
import { isExecForm } from '../shared/edit/stage-view.ts';
import { fromPipe } from './download-pipe.ts';

/** The version that an address names: what looks like one in its path. */
function versionIn(url: string): string | undefined {
  return /[/_=-]v?(\d+\.\d+(?:\.\d+)*(?:[-.]?(?:rc|alpha|beta|p)\.?\d+)?)(?=[/_.-]|$)/.exec(
    url.replace(/^https?:\/\/[^/]*/, ''),
  )?.[1];
}

/** An address as it may be shown: without user, password and query, which may hold a token. */
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
  // Behind a script the file is used already, and may be gone.
  if (posix.basename(argv[0] ?? '') !== download.kind) return 'another program downloads it';
  if (command.nested) return 'it is in a condition, a loop or a function';
  if (command.operator === '|')
    return fromPipe(found, download, input, (file) => checkOf(file, fetched));
  return toFile(download, found, input, fetched);
}

function toFile(
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
      /without TLS/.test(fetched.error) ? 'scoville fix --plain-http HOST' : undefined,
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

/** The ARG that decides where a download leads; undefined where none does. */
function argumentIn({ stage, command }: Download, { source }: FixInput): string | undefined {
  const names = source.instructions
    .filter(({ keyword, stage: at }) => keyword === 'ARG' && (at === undefined || at === stage))
    .flatMap(({ words }) => words.map(({ text }) => text.split('=', 1)[0] ?? ''));
  return names.find((name) => new RegExp(`\\$(?:\\{${name}\\b|${name}\\b)`).test(command));
}

/** Downloads are held to the hash that they have now. */
export const verifyDownloads: FixRule = {
  id: 'verify-downloads',
  title: 'Verify the checksum of downloads',
  help:
    'Fetches what the Dockerfile downloads and adds a check of today’s hash: `ADD ' +
    '--checksum`, or `sha256sum -c` after `curl` and `wget`. `curl | sh` and `curl | tar` become ' +
    'a file, a check and its use. Compare the hash with what the publisher says before you accept ' +
    'it. Left alone: addresses that are not constant, downloads in loops and functions, and those ' +
    'whose check would not stop the RUN.',
  breaks: [
    {
      what: 'a later build fails, since the address points to another file',
      shownBy: 'the address names a version, in itself and not by an ARG',
    },
  ],
  criterion: 'verified-downloads',
  needs: ['hashes'],
  plan: (input) => together(input.analysis.downloads.map((download) => held(download, input))),
};
