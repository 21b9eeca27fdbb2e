import { assignment } from '../model/assignment.ts';
import {
  execStrings,
  type ExternalImage,
  type SourceRange,
  type Stage,
} from '../model/dockerfile.ts';
import { ownValue } from '../model/lookup.ts';
import {
  externalImage,
  MOUNT_NAME,
  mountOptions,
  nameRange,
  WHOLE_NAME,
} from './external-image.ts';
import { leadingFlags, splitWords } from './instruction-words.ts';
import { headOf, type ReadInstruction, readInstruction } from './instruction.ts';
import type { LogicalLine } from './logical-lines.ts';
import { pathIn } from './paths.ts';
import { DEFAULT_SHELL, type RunShell, shellOf } from './run-script.ts';
import { EMPTY_SCOPE, lookupIn, type Scope, withArg, withEnv } from './scope.ts';
import { substitute } from './substitute.ts';

/** An instruction with the scope and working directory that hold before it. */
export interface PlacedInstruction extends ReadInstruction {
  readonly scope: Scope;
  /** '' where it is not known. */
  readonly folder: string;
}

export interface ReadStage {
  readonly index: number;
  readonly name: string | undefined;
  readonly base: Stage['base'];
  readonly platform: string | undefined;
  readonly range: SourceRange;
  readonly instructions: readonly PlacedInstruction[];
  readonly needs: readonly number[];
  readonly images: readonly ExternalImage[];
  /** What a stage that builds on this one begins with. */
  readonly left: StageState;
}

export interface StageState {
  readonly scope: Scope;
  readonly shell: RunShell;
  readonly folder: string;
}

export const FRESH_STAGE: StageState = { scope: EMPTY_SCOPE, shell: DEFAULT_SHELL, folder: '' };

interface StageInputs {
  readonly escape: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly platformArgs: Readonly<Record<string, string>>;
  readonly globals: ReadonlyMap<string, string | undefined>;
  readonly earlier: readonly ReadStage[];
  /** Named contexts (`--build-context`), lower-case name to value. */
  readonly contexts: ReadonlyMap<string, string>;
}

/** The stage that `--from` or `from=` names, by name or number; undefined if it is not a stage. */
export function stageNamed(text: string, earlier: readonly ReadStage[]): ReadStage | undefined {
  const named = earlier.findLast((stage) => stage.name === text.toLowerCase());
  if (named !== undefined) return named;
  return /^\d{1,4}$/.test(text) ? earlier[Number(text)] : undefined;
}

/** Reads one stage's instructions in order and keeps its scope, shell and working directory. */
export class StageReader {
  private readonly instructions: PlacedInstruction[] = [];
  private readonly needs = new Set<number>();
  private readonly images: ExternalImage[] = [];
  private readonly around: StageInputs;
  private readonly label: string;
  private state: StageState;

  constructor(around: StageInputs, label: string, state: StageState) {
    this.around = around;
    this.label = label;
    this.state = state;
  }

  read(line: LogicalLine): void {
    const { scope, shell, folder } = this.state;
    const { escape, buildArgs } = this.around;
    const placed = {
      ...readInstruction(line, escape, lookupIn(scope, buildArgs), shell),
      scope,
      folder,
    };
    this.instructions.push(placed);
    const { keyword } = headOf(line);
    if (keyword === 'ENV') this.env(placed.instruction.arguments);
    else if (keyword === 'ARG') this.arg(placed.instruction.rawArguments);
    else if (keyword === 'SHELL') this.setShell(placed.instruction.rawArguments);
    else if (keyword === 'WORKDIR') {
      const to = placed.instruction.arguments[0] ?? '';
      this.state = { ...this.state, folder: to.includes('$') ? '' : pathIn(folder, to) };
    } else if (keyword === 'COPY' || keyword === 'ADD') this.copyFrom(placed);
    else if (keyword === 'RUN') this.mounts(placed);
  }

  finish(head: Pick<ReadStage, 'index' | 'name' | 'base' | 'platform' | 'range'>): ReadStage {
    const { base } = head;
    const needs = new Set(this.needs);
    if (base.kind === 'stage') needs.add(base.index);
    const images = base.kind === 'image' ? [base.image, ...this.images] : this.images;
    return {
      ...head,
      instructions: this.instructions,
      needs: [...needs].sort((a, b) => a - b),
      images,
      left: this.state,
    };
  }

  private env(pairs: readonly string[]): void {
    for (const pair of pairs) {
      const [name, value] = assignment(pair);
      if (name === '' || value === undefined) continue;
      // What stays a variable reference has no known value.
      const known = !/\$[A-Za-z_{]/.test(value);
      const scope = withEnv(this.state.scope, name, known ? value : undefined);
      this.state = { ...this.state, scope };
    }
  }

  private arg(raw: string): void {
    const { escape, buildArgs, platformArgs, globals } = this.around;
    for (const { text } of splitWords(raw, escape)) {
      const [name, own] = assignment(text);
      const given = ownValue(buildArgs, name);
      const lookup = lookupIn(this.state.scope, buildArgs);
      const written = own === undefined ? undefined : substitute(own, lookup, escape);
      const inherited = globals.get(name) ?? ownValue(platformArgs, name);
      const value =
        given ??
        (written === undefined || written.unresolved.length > 0 ? undefined : written.value);
      const fallback = written === undefined ? inherited : undefined;
      const scope = withArg(this.state.scope, name, value ?? fallback);
      this.state = { ...this.state, scope };
    }
  }

  private setShell(raw: string): void {
    const argv = execStrings(raw);
    if (argv !== undefined) this.state = { ...this.state, shell: shellOf(argv) };
  }

  private copyFrom({ instruction: { flags }, line }: PlacedInstruction): void {
    const at = flags.findIndex((flag) => flag.name === 'from');
    const from = flags[at]?.value;
    if (from !== undefined && from !== '')
      this.use('copy-from', from, this.rangeIn(line, at, WHOLE_NAME));
  }

  private mounts({ instruction: { flags }, line }: PlacedInstruction): void {
    for (const [at, flag] of flags.entries()) {
      if (flag.name !== 'mount') continue;
      const { from } = mountOptions(flag.value);
      if (from !== undefined && from !== '')
        this.use('mount-from', from, this.rangeIn(line, at, MOUNT_NAME));
    }
  }

  /** Where the flag of this index names an image. */
  private rangeIn(line: LogicalLine, index: number, name: RegExp): SourceRange {
    const { offset } = headOf(line);
    const flag = leadingFlags(line.text.slice(offset)).flags[index];
    return flag === undefined ? line.range : nameRange(line, flag.written, offset, name);
  }

  private use(kind: 'copy-from' | 'mount-from', text: string, range: SourceRange): void {
    const stage = stageNamed(text, this.around.earlier);
    if (stage !== undefined) {
      this.needs.add(stage.index);
      return;
    }
    const image = contextImage(text, this.around.contexts);
    if (image === undefined || image === 'scratch') return;
    this.images.push(externalImage(kind, image, !image.includes('$'), range, this.label));
  }
}

/** The image that a name means, named contexts applied; undefined for a folder or repository. */
export function contextImage(
  text: string,
  contexts: ReadonlyMap<string, string>,
): string | undefined {
  const context = contexts.get(text.toLowerCase());
  if (context === undefined) return text;
  return /^docker-image:\/\//.test(context) ? context.slice('docker-image://'.length) : undefined;
}
