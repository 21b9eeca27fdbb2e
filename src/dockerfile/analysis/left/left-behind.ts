import type { Instruction } from '../../../model/dockerfile.ts';
import type { LeftBehind, LeftFile } from '../../../model/left-behind.ts';
import { parsePasswd } from '../../../model/passwd.ts';
import { fileName } from '../../../model/path.ts';
import { chainOf } from '../../../model/stage-chain.ts';
import { mountsOf } from '../../external-image.ts';
import { folderOfPattern, pathIn } from '../../paths.ts';
import { type PlacedInstruction, type ReadStage, stageNamed } from '../../stage-reader.ts';
import type { CommandEvent } from '../commands.ts';
import { isFetched } from '../fetches.ts';
import { ARCHIVE, type StageFiles } from '../stage-files.ts';
import { applyCommand } from './command-effects.ts';
import { modeChange } from './file-mode.ts';
import { SecretFlow } from './secret-flow.ts';
import { Named, StageLedger } from './stage-ledger.ts';

const PASSWD = '/etc/passwd';

/** What an ADD or a COPY brings, of the context, of its own here-documents, or of another stage. */
function applyCopy(
  { instruction, folder }: PlacedInstruction,
  ledger: StageLedger,
  stage: (from: string) => StageLedger | undefined,
): void {
  const { keyword, flags, arguments: words, heredocs, range } = instruction;
  const value = (name: string): string | undefined => flags.find((one) => one.name === name)?.value;
  const to = words.at(-1) ?? '';
  const sources = words.slice(0, -1);
  const place = pathIn(folder || '/', to);
  const toFolder = to.endsWith('/') || to === '.' || sources.length > 1;
  const at = (name: string): string => (toFolder ? pathIn(place, name) : place);
  for (const { delimiter, content } of heredocs)
    ledger.put(at(delimiter), { kind: 'text', text: content }, range);
  const from = value('from');
  const change = modeChange(value('chmod') ?? '');
  for (const source of sources) {
    if (source.startsWith('<<')) continue;
    if (from !== undefined) {
      const other = stage(from);
      const path = pathIn('/', source);
      const mode = change === undefined ? 'kept' : 'lost';
      if (other === undefined) continue;
      ledger.bring(other, path, toFolder ? `${place}/` : place, mode, range);
      if (new Named(path).holds(PASSWD))
        for (const [name, uid] of other.users) ledger.users.set(name, uid);
    } else if (!isFetched(source) && !(keyword === 'ADD' && ARCHIVE.test(source))) {
      const own = pathIn('', source.replace(/^\/+/, ''));
      const isPattern = /[*?[]/.test(own);
      const root = isPattern ? folderOfPattern(own).replace(/\/$/, '') : own;
      // What a pattern leaves out of its folder is not known here: only whole folders and files are
      // looked at.
      if (!isPattern || /^\*+$/.test(fileName(own)))
        ledger.put(at(fileName(source)), { kind: 'context', source: root, without: [] }, range);
    }
    const [bit] = change?.sets ?? [];
    if (bit !== undefined) ledger.elevate(at(fileName(source)), `${bit} bit`, range);
  }
}

/** What the bind mounts of a RUN bring. */
function mounted(
  { instruction, folder }: PlacedInstruction,
  stage: (from: string) => StageLedger | undefined,
): StageLedger {
  const ledger = new StageLedger();
  for (const { type = 'bind', target, source = '/', from = '' } of mountsOf(instruction)) {
    if (type !== 'bind' || target === undefined) continue;
    const place = pathIn(folder || '/', target);
    const other = stage(from);
    const root = pathIn('/', source);
    if (from === '')
      ledger.put(place, { kind: 'context', source: root.slice(1), without: [] }, instruction.range);
    else if (other !== undefined) ledger.bring(other, root, place, 'kept');
  }
  return ledger;
}

/** Events of a stage by the instruction that they belong to. */
function byInstruction(
  events: readonly CommandEvent[],
): ReadonlyMap<Instruction, readonly CommandEvent[]> {
  const found = new Map<Instruction, CommandEvent[]>();
  for (const event of events)
    found.set(event.instruction, [...(found.get(event.instruction) ?? []), event]);
  return found;
}

/** The lines of a text that have no variable left in them. */
function knownLines(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.includes('$'))
    .join('\n');
}

/** What the stages that the target reaches, in order, leave in the image of the last one. */
export function leftBehind(
  stages: readonly ReadStage[],
  read: ReadonlyMap<
    number,
    { readonly files: StageFiles; readonly commands: readonly CommandEvent[] }
  >,
): LeftBehind {
  const target = stages.at(-1);
  const own = new Map(stages.map((stage) => [stage.index, stage]));
  const chain = target === undefined ? [] : chainOf(target.index, (index) => own.get(index));
  const ledgers = new Map<number, StageLedger>();
  const kept = new Map<string, LeftFile>();
  for (const stage of stages) {
    const { index, base, instructions } = stage;
    const ledger = new StageLedger(base.kind === 'stage' ? ledgers.get(base.index) : undefined);
    ledgers.set(index, ledger);
    const commands = byInstruction(read.get(index)?.commands ?? []);
    const stageFiles = read.get(index)?.files;
    const earlier = stages.filter((one) => one.index < index);
    const stageOf = (from: string): StageLedger | undefined =>
      ledgers.get(stageNamed(from, earlier)?.index ?? -1);
    for (const placed of instructions) {
      const { keyword } = placed.instruction;
      if (keyword === 'COPY' || keyword === 'ADD') applyCopy(placed, ledger, stageOf);
      if (keyword === 'WORKDIR')
        ledger.folders.add(pathIn(placed.folder || '/', placed.instruction.arguments[0] ?? ''));
      if (keyword === 'RUN' && stageFiles !== undefined) {
        const flow = new SecretFlow(placed.instruction, placed.folder);
        const mounts = mounted(placed, stageOf);
        const before: CommandEvent[] = [];
        for (const event of commands.get(placed.instruction) ?? []) {
          applyCommand(event, { ledger, mounts, flow, files: stageFiles, before });
          before.push(event);
        }
      }
      if (!chain.includes(stage)) continue;
      // What a layer holds is in the image, whatever a later one takes away.
      for (const file of ledger.files) {
        const key = `${file.range.startLine}:${file.range.startColumn} ${file.path}`;
        if (!kept.has(key)) kept.set(key, file);
      }
    }
    const passwd = stageFiles?.at(PASSWD);
    if (passwd?.kind === 'text')
      for (const [name, uid] of Object.entries(parsePasswd(knownLines(passwd.text))))
        ledger.users.set(name, uid);
  }
  const last = target && ledgers.get(target.index);
  const passwd = target && read.get(target.index)?.files.at(PASSWD);
  return {
    files: [...kept.values()],
    elevated: last?.elevated ?? [],
    users: last?.users ?? new Map(),
    allUsers:
      chain[0]?.base.kind === 'scratch' &&
      (passwd === undefined || (passwd.kind === 'text' && !passwd.text.includes('$'))),
  };
}
