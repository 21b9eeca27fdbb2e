import type { HistoryEntry } from '../model/oci.ts';

const MAX_ENTRIES = 1000;
const MAX_STEP = 16 * 1024;
/**
 * `RUN`, build arguments as `|2 A=1 B=2`, the shell with its options. The classic builder writes
 * neither RUN nor `# buildkit`.
 */
const SHELL_RUN =
  /^(?:RUN )?(?:\|\d+ .*? )?(?:\/usr)?\/bin\/(?:ba|da|a|k|z)?sh (?:-\S+ (?:pipefail )?)*?-\S*c (?!#\(nop\))(.+?)(?: # buildkit)?$/;
const NOP = /^\/bin\/sh -c #\(nop\) +([^ ].*)$/;

/**
 * What an image's history says of its Dockerfile, as the text of one: the RUN, ADD of addresses and
 * ENV steps, each on the line of its number in the history plus 1, behind a FROM that the history
 * does not name. Undefined where no step runs or fetches anything. What other stages did, and what
 * COPY brought, it does not say; steps over several lines are left out and counted.
 */
export function historyDockerfile(
  history: readonly HistoryEntry[] | undefined,
): { readonly text: string; readonly unread: readonly number[] } | undefined {
  const unread: number[] = [];
  let steps = 0;
  const lines = (history ?? []).slice(0, MAX_ENTRIES).map(({ created_by: by }, at) => {
    const line = by === undefined ? undefined : instructionOf(by);
    if (line === 'unread') unread.push(at + 2);
    else if (line !== undefined && !line.startsWith('ENV')) steps += 1;
    return line === 'unread' ? '' : (line ?? '');
  });
  if (steps === 0 && unread.length === 0) return undefined;
  return { text: ['FROM ${BASE_THAT_THE_HISTORY_DOES_NOT_NAME}', ...lines].join('\n'), unread };
}

/**
 * One line of a Dockerfile; `unread` for a step that runs something which does not fit on one line.
 */
function instructionOf(createdBy: string): string | undefined {
  const by = createdBy.trim();
  if (by.length > MAX_STEP) return 'unread';
  // BuildKit keeps the line ends of here-documents.
  if (/[\r\n]/.test(by))
    return /\bENV |#\(nop\)|COPY |LABEL /.test(by.slice(0, 40)) ? undefined : 'unread';
  const run = SHELL_RUN.exec(by)?.[1];
  if (run !== undefined) return run.endsWith('\\') ? 'unread' : `RUN ${run}`;
  const plain = NOP.exec(by)?.[1] ?? by.replace(/ # buildkit$/, '');
  if (/^RUN /.test(plain)) return plain.endsWith('\\') ? 'unread' : plain;
  const add = /^ADD (?:--\S+ )*(https?:\/\/\S+) (?:in )?(\S+) *$/.exec(plain);
  if (add !== null) return `ADD ${add[1] ?? ''} ${add[2] ?? ''}`;
  const env = /^ENV ([A-Za-z_]\w*)=(.*)$/.exec(plain);
  return env === null ? undefined : envLine(env[1] ?? '', env[2] ?? '');
}

/** History writes values without quotes; several variables of an ENV look like one with blanks. */
function envLine(name: string, value: string): string {
  return `ENV ${name}="${value.replace(/["\\$]/g, '\\$&')}"`;
}
