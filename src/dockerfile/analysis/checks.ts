import type { Download, DownloadCheck } from '../../model/build-analysis.ts';
import { SHELLS } from '../../programs/kinds.ts';
import { startsNoOther } from '../../programs/local.ts';
import type { Field } from '../shell/expand.ts';
import {
  type CommandEvent,
  lineOf,
  placeOf,
  printedBy,
  readCommandLine,
  sourceOf,
  wordsOf,
} from './commands.ts';
import type { Fetch } from './fetches.ts';
import type { StageFiles } from './stage-files.ts';

/** Digits of the sums that each program compares. */
const DIGITS: Readonly<Record<string, number>> = {
  md5sum: 32,
  sha1sum: 40,
  sha224sum: 56,
  sha256sum: 64,
  sha384sum: 96,
  sha512sum: 128,
  b2sum: 128,
};
/** Commands that look like a check. Where none of its forms is known, whether it is one is open. */
const LOOKS_LIKE =
  /^(?:md5sum|sha\d*sum|shasum|b2sum|b3sum|cksum|sum|gpgv?2?|sqv?|cosign|minisign|signify|slsa-verifier|notation|jarsigner|rhash|cfv)$/;
const ARGUMENTS =
  /\bdgst\b|\bsha(?:224|256|384|512)\b|hash_file|hashlib|createHash|Digest::|attestation verify|ssh-keygen -Y|rev-parse|verify-(?:tag|commit)|\btag -v\b|\b[0-9a-f]{40}\b|Get-FileHash|CertUtil|checksig|--verify/i;

/** A command of a known form that ends the RUN where one of its files is not what it should be. */
interface Check {
  readonly event: CommandEvent;
  readonly method: string;
  readonly files: readonly string[];
  /** Files that take part: signatures, lists. */
  readonly with: readonly string[];
  readonly weak?: string;
}

interface StageCommands {
  readonly events: readonly CommandEvent[];
  readonly fetches: readonly Fetch[];
  readonly files: StageFiles;
  readonly later: readonly CommandEvent[];
}

/** The files of a list of sums; undefined where a line is not the sum of a file. */
function listed(text: string, digits: number, event: CommandEvent): readonly string[] | undefined {
  const line = new RegExp(`^[0-9a-f]{${digits}} [ *]?(\\S+)$`, 'i');
  const lines = text.split('\n').filter((one) => one !== '');
  const files = lines.flatMap((one) => line.exec(one)?.[1] ?? []);
  return lines.length > 0 && files.length === lines.length
    ? files.map((file) => placeOf(event, file))
    : undefined;
}

const WEAK_SUM = 'MD5 and SHA-1 can be forged';

/** The text of a list: of the context, or what one command wrote, which none touched since. */
function listText(
  path: string,
  event: CommandEvent,
  { events, files }: StageCommands,
): string | undefined {
  const content = files.at(path, event.id);
  if (content?.kind === 'text') return content.text.replace(/\r/g, '');
  if (content?.why !== 'is written by a command') return undefined;
  const names = (one: CommandEvent): boolean =>
    one.writesTo.includes(path) || wordsOf(one).some((word) => placeOf(one, word) === path);
  const [writer, ...more] = events.filter((one) => one.id < event.id && names(one));
  if (writer === undefined || more.length > 0) return undefined;
  const isPlain = writer.writesTo.includes(path) && !writer.joins && !writer.appends;
  return isPlain && isAround(writer.within, event.within) ? printedBy(writer) : undefined;
}

/** `sha256sum -c`, of a list that the Dockerfile or the context gives. */
function sumCheck(event: CommandEvent, stage: StageCommands): Check | undefined {
  const { program, argv } = event;
  const line = readCommandLine(program, argv.slice(1));
  const [bits = '1'] = line.values('-a --algorithm').map(({ text }) => text);
  const name = program === 'shasum' ? `sha${bits}sum` : program;
  const digits = DIGITS[name];
  if (digits === undefined || !line.has('-c --check')) return undefined;
  const isPlain = wordsOf(event).every(
    (word) =>
      !word.startsWith('-') ||
      word === '-' ||
      /^(?:-[cswbtap]*|--(?:check|status|warn|strict|quiet|algorithm(?:=\d+)?)|-a\d+)$/.test(word),
  );
  if (!isPlain || line.operands.length > 1) return undefined;
  const weak = digits < 56 ? { weak: WEAK_SUM } : {};
  const [operand] = line.operands;
  let text: string | undefined;
  if (operand !== undefined && operand.text !== '-') {
    text = listText(placeOf(event, operand.text), event, stage);
  } else if (event.isPiped) {
    // What the one command before the bar prints.
    const source = event.input === undefined ? sourceOf(event, stage.events) : undefined;
    text = source && printedBy(source);
  } else text = event.input?.text;
  const files = text === undefined ? undefined : listed(text, digits, event);
  return files && { event, method: `${program} -c`, files, with: [], ...weak };
}

/** Options of gpg that leave it to the keyring whose signature counts. */
const GPG =
  /^--(?:batch|yes|no|no-tty|quiet|verbose|verify|homedir|no-default-keyring|keyring|no-auto-key-retrieve|no-autostart|no-permission-warning|lock-never|logger-fd|status-fd)(?:=|$)|^-[qv]+$/;
const FINGERPRINT = /^(?:0x)?[0-9A-F]{40}$/i;

/** True where all keys that a stage gets before are named by their whole fingerprints. */
function hasOwnKeys(event: CommandEvent, { events }: StageCommands): boolean {
  const imports = events.filter(
    (one) =>
      one.id < event.id &&
      /^(?:gpg2?|apt-key)$/.test(one.program) &&
      / --(?:recv|receive|import|fetch|search|locate|refresh)/.test(lineOf(one)),
  );
  return (
    imports.length > 0 &&
    imports.every((one) => {
      const line = readCommandLine('gpg', one.argv.slice(1));
      const isNamed = ({ text, constant }: Field): boolean => constant && FINGERPRINT.test(text);
      return (
        line.has('--recv-keys --recv-key --receive-keys --recv') &&
        line.operands.length > 0 &&
        line.operands.every(isNamed)
      );
    })
  );
}

/** `gpg --verify FILE.asc FILE` by keys of whole fingerprints. */
function signatureCheck(event: CommandEvent, stage: StageCommands): Check | undefined {
  const line = readCommandLine('gpg', event.argv.slice(1));
  if (!/^gpg2?$/.test(event.program) || !line.has('--verify')) return undefined;
  const isPlain = wordsOf(event).every((word) => !word.startsWith('-') || GPG.test(word));
  if (!isPlain || line.has('--keyring') || !hasOwnKeys(event, stage)) return undefined;
  // Of one argument gpg verifies what it carries itself, with no file beside it.
  const [signature, signed, ...more] = line.operands.map(({ text }) => placeOf(event, text));
  if (signature === undefined || signed === undefined || more.length > 0) return undefined;
  if (signed === signature) return undefined;
  return { event, method: 'gpg --verify', files: [signed], with: [signature] };
}

/** `cosign verify-blob` by one identity and its issuer, or by a key that was not fetched. */
function cosignCheck(event: CommandEvent, { fetches }: StageCommands): Check | undefined {
  if (event.program !== 'cosign') return undefined;
  const { operands, values } = readCommandLine('cosign', event.argv.slice(1));
  const [verb, file, ...more] = operands;
  const places = (names: string): readonly string[] =>
    values(names).map(({ text }) => placeOf(event, text));
  const [key = '', ...keys] = places('--key');
  const isByKey = /^[\w./-]+$/.test(key) && !fetches.some(({ target }) => target === key);
  const isByIdentity =
    values('--certificate-identity').some(({ text }) => /^[^*]{3,}$/.test(text)) &&
    values('--certificate-oidc-issuer').some(({ text }) => /^https:\/\/[^*]+$/.test(text));
  const isPlain = keys.length === 0 && more.length === 0 && !/regexp|insecure/.test(lineOf(event));
  const isHeld = key === '' ? isByIdentity : isByKey && !isByIdentity;
  if (verb?.text !== 'verify-blob' || file === undefined || !isPlain || !isHeld) return undefined;
  const parts = places('--signature --bundle --certificate');
  return { event, method: 'cosign verify-blob', files: [placeOf(event, file.text)], with: parts };
}

/** Whole forms after which the files are those of a commit: other options keep or pick files. */
const TAKES_COMMIT =
  /^(?:-C (\S+) )?(?:-c advice\.detachedHead=false )?(?:(?:checkout|switch)(?: -[qf]| --(?:quiet|force|detach|recurse-submodules))*|reset(?: -q| --quiet)? --hard) [0-9a-f]{40}$/;

/** `git checkout COMMIT`, in the repository or with `-C`. */
function commitCheck(event: CommandEvent): Check | undefined {
  const taken = event.program === 'git' ? TAKES_COMMIT.exec(wordsOf(event).join(' ')) : null;
  return taken === null
    ? undefined
    : { event, method: 'commit', files: [placeOf(event, taken[1] ?? '.')], with: [] };
}

/** Commands of a repository after which it is still at its commit. */
const STAYS =
  /^(?:--no-pager |--bare )*(?:(?:status|describe|rev-parse|rev-list|config|clean|lfs|ls-files|branch|gc|add|init|remote|version)(?: |$)|submodule (?:update|init|sync|status)(?: --(?:init|recursive|quiet)| --depth[ =]?\d+)*$|(?:log|diff|show)(?: -1| --(?:oneline|stat|exit-code|quiet|name-only|no-patch|(?:format|pretty)=\S+))*(?: HEAD)?$|show HEAD:\S+$|archive(?: --(?:format|prefix)=\S+)* HEAD(?:[: ][\w./-]+)*$|checkout (?:-b [\w-]+|-- [\w./-]+|\.)$|switch -c [\w-]+$|reset(?: --hard)?$|tag -l)/;

function checkOf(event: CommandEvent, stage: StageCommands): Check | undefined {
  if (
    event.isStarted ||
    event.isFollowed ||
    !event.own.wrappers.every((name) => /^(?:sudo|env|command|busybox|nice|time)$/.test(name))
  )
    return undefined;
  return (
    sumCheck(event, stage) ??
    signatureCheck(event, stage) ??
    cosignCheck(event, stage) ??
    commitCheck(event)
  );
}

/** True for a command after which the later ones may not run, though nothing failed. */
function leaves({ program, argv, own }: CommandEvent): boolean {
  if (own.wrappers.includes('exec')) return true;
  const [status] = wordsOf({ argv });
  if (program === 'exit') return status === undefined || !/^[1-9]\d?$/.test(status);
  return /^(?:return|break|continue|exec|trap|kill|eval|source|\.)$/.test(program);
}

/** True where a command between a download and its check may use the file. */
function uses(event: CommandEvent, { target, kind }: Fetch): boolean {
  if (
    /^(?:rm|ls|stat|chmod|chown|test|\[|mkdir|echo|printf)$/.test(event.program) ||
    LOOKS_LIKE.test(event.program)
  )
    return false;
  if (event.readsFrom.includes(target)) return true;
  const words = wordsOf(event);
  if (kind === 'git') return event.program !== 'git' && event.program !== 'cd';
  if (words.some((word) => placeOf(event, word) === target || word.endsWith(`=${target}`)))
    return true;
  return !startsNoOther(event.program, words) || words.some((word) => /[*?]/.test(word));
}

const isAround = (outer: readonly number[], inner: readonly number[]): boolean =>
  outer.every((one, at) => inner[at] === one);

/** True where a command unpacks or runs a file that it names, or reads as its input. */
function opens(event: CommandEvent, { target }: Fetch): boolean {
  return (
    /^(?:g?tar|bsdtar|unzip|cpio|7z[ar]?|dpkg|rpm|apk|apt(?:-get)?|patch|(?:ba|da|a)?sh)$/.test(
      event.program,
    ) &&
    (event.readsFrom.includes(target) ||
      wordsOf(event).some((word) => placeOf(event, word) === target))
  );
}

/** True where the RUN goes on, whatever a check says. */
function isIdle(
  { stops, command, id, instruction }: CommandEvent,
  events: readonly CommandEvent[],
) {
  const later = events.filter((one) => one.id > id && !one.isStarted);
  if (stops || command.nested) return false;
  if (command.operator === '||') return /^(?:true|:|echo|printf)$/.test(later[0]?.program ?? '');
  const isAsked = later.some((one) => one.instruction === instruction && /\$\?/.test(one.text));
  return /^[|&]$/.test(command.operator) || (command.operator === ';' && !isAsked);
}

function judged(fetch: Fetch, more: Partial<Download>): Download {
  const { kind, address, constant, target, stage, range, text, open, ownCheck, ineffectiveCheck } =
    fetch;
  return {
    kind,
    url: constant ? address : undefined,
    ...(target === '' ? {} : { target }),
    pipedToShell: false,
    ...(ownCheck === undefined ? {} : { verifiedBy: ownCheck }),
    ...(ineffectiveCheck === undefined ? {} : { ineffectiveCheck }),
    ...(open === undefined ? {} : { open }),
    stage,
    range,
    command: text,
    ...more,
  };
}

function byCheck({ method, event, weak }: Check): DownloadCheck {
  return { method, range: event.range, ...(weak === undefined ? {} : { weak }) };
}

const INTERPRETERS =
  /^(?:python|perl|ruby|node|nodejs|php|deno|bun|lua|Rscript|R|osascript|tclsh|powershell|pwsh)[\d.]*$/i;
/** True where a shell or an interpreter runs its input: it has no script in its words. */
function interprets(event: CommandEvent): boolean {
  const { program, argv } = event;
  const words = wordsOf({ argv });
  if (event.isScript) return SHELLS.has(program) && event.isPiped && words.includes('-s');
  if (SHELLS.has(program))
    return (
      words.every((word) => /^-|^\/dev\/(?:stdin|fd\/0)$/.test(word)) ||
      words.some((word) => /^-\w*s/.test(word))
    );
  if (/^(?:\.|source|eval)$/.test(program)) return true;
  return (
    INTERPRETERS.test(program) &&
    words.every((word) => word === '-' || /^-[uBIsE]+$/.test(word) || word === '/dev/stdin')
  );
}

/**
 * By number of a command, those that read what it prints: by a pipe, in their words or their input.
 */
function readersOf(events: readonly CommandEvent[]): ReadonlyMap<number, readonly CommandEvent[]> {
  const readers = new Map<number, CommandEvent[]>();
  for (const event of events) {
    const sources = [
      ...event.pipedFrom,
      ...event.words.flatMap((field) => field.sources),
      ...(event.input?.sources ?? []),
    ];
    for (const id of new Set(sources)) {
      const known = readers.get(id);
      if (known === undefined) readers.set(id, [event]);
      else known.push(event);
    }
  }
  return readers;
}

/** True where a shell or an interpreter gets what comes, by a pipe or in its words. */
function isPiped(fetch: Fetch, readers: ReadonlyMap<number, readonly CommandEvent[]>): boolean {
  const reach = new Set([fetch.id]);
  for (const source of reach)
    for (const event of readers.get(source) ?? []) {
      reach.add(event.id);
      const isInWords = event.words.some((field) => field.sources.includes(source));
      const words = wordsOf(event);
      const takesText =
        SHELLS.has(event.program) ||
        /^(?:eval|\.|source)$/.test(event.program) ||
        (INTERPRETERS.test(event.program) &&
          words.some((word) => /^-(?:\w*[ceEr]|-eval|-print)$/.test(word)));
      if (isInWords ? takesText : interprets(event)) return true;
    }
  return false;
}

export function judgeFetches(stage: StageCommands): readonly Download[] {
  const { events, fetches } = stage;
  const checks = events.flatMap((event) => checkOf(event, stage) ?? []);
  const readers = readersOf(events);
  // What checks another download says nothing of this one.
  const targets = new Set(fetches.map(({ target }) => target));
  const known = new Set(
    checks.flatMap(({ event, files }) => (files.every((one) => targets.has(one)) ? [event] : [])),
  );
  const looks = (event: CommandEvent): boolean => {
    const line = wordsOf(event).join(' ');
    if (known.has(event)) return false;
    if (/^gpg2?$/.test(event.program)) return /--verify|--decrypt|(?:^| )-d(?: |$)/.test(line);
    return LOOKS_LIKE.test(event.program) ? line !== '--version' : ARGUMENTS.test(line);
  };
  const looking = events.filter(looks);
  const later = stage.later.filter(looks);
  const byId = new Map(events.map((one) => [one.id, one]));
  return fetches.map((fetch) => {
    if (isPiped(fetch, readers)) return judged(fetch, { pipedToShell: true });
    if (
      fetch.ownCheck !== undefined ||
      fetch.ineffectiveCheck !== undefined ||
      fetch.open !== undefined
    )
      return judged(fetch, {});
    const own = byId.get(fetch.id);
    const isOf = ({ event, files, with: others }: Check): boolean =>
      event.id > fetch.id &&
      fetch.target !== '' &&
      (files.includes(fetch.target) || others.includes(fetch.target));
    const found = checks.filter(isOf);
    const good = found.find(({ event, files }) => {
      if (
        !event.stops ||
        !isAround(event.within, fetch.within) ||
        stage.files.program(event.argv[0]?.text ?? '', event, true) !== undefined
      )
        return false;
      if (
        own !== undefined &&
        event.instruction !== own.instruction &&
        !fetch.target.startsWith('/')
      )
        return false;
      const between = events.filter(({ id }) => id > fetch.id && id < event.id);
      return !between.some(
        (one) => leaves(one) || (files.includes(fetch.target) && uses(one, fetch)),
      );
    });
    const isLeft =
      good?.method === 'commit' &&
      events.some(
        (one) =>
          one.program === 'git' &&
          (/refs\/replace/.test(one.text) ||
            (one.id > fetch.id &&
              one !== good.event &&
              !STAYS.test(wordsOf(one).join(' ')) &&
              !(one.id < good.event.id && wordsOf(one)[0] === 'fetch') &&
              commitCheck(one) === undefined &&
              !fetches.some(({ id }) => id === one.id))),
      );
    if (good !== undefined && !isLeft)
      return judged(
        fetch,
        fetch.unsure === undefined ? { verifiedBy: byCheck(good) } : { open: fetch.unsure },
      );
    const [first] = found;
    const isUsed = events.some(
      (one) =>
        one.id > fetch.id &&
        one.id < (first?.event.id ?? 0) &&
        opens(one, fetch) &&
        uses(one, fetch),
    );
    if (first !== undefined && (isUsed || found.every(({ event }) => isIdle(event, events)))) {
      const reason = isUsed ? 'the file is used before' : 'the RUN goes on after it fails';
      return judged(fetch, { ineffectiveCheck: { ...byCheck(first), reason } });
    }
    const near = (found.length > 0 ? found.map(({ event }) => event) : [...looking, ...later]).find(
      (one) =>
        one.id !== fetch.id &&
        (one.id > fetch.id || (own !== undefined && one.instruction === own.instruction)),
    );
    return near === undefined
      ? judged(fetch, {})
      : judged(fetch, {
          open: `whether ${near.program} in line ${near.range.startLine} checks it is open: its form is not among those that count`,
        });
  });
}
