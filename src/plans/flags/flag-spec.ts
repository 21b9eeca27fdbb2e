import type { Flagged } from '../../model/build-invocation.ts';

/**
 * How a flag takes its value, in the terms of spf13/pflag, which buildx parses with: `bool` stands
 * alone or as `--x=false`; `string` takes one, the last wins; `array` takes one each time; `slice`
 * takes a comma-separated list each time.
 */
export type FlagKind = 'bool' | 'string' | 'array' | 'slice';

/** One flag as data: parsing, help, documentation and completion all read this. */
export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  readonly kind: FlagKind;
  readonly help: string;
  /** What help calls the value. */
  readonly value?: string;
  /** The only values there are, where they are few. */
  readonly choices?: readonly string[];
  /** First buildx known to have it; absent where 0.13.1 has it. */
  readonly since?: string;
  /** Accepted, but not shown by `--help`. */
  readonly hidden?: boolean;
  /** Shown with BUILDX_EXPERIMENTAL=1 only. */
  readonly experimental?: boolean;
  /** What the flag means without `=VALUE` (pflag's NoOptDefVal); any value must then be joined. */
  readonly bare?: string;
  /** What counts where it is not given, as help and docs say it. */
  readonly standard?: string;
  /** The value is a file or folder, for completion. */
  readonly path?: boolean;
  /**
   * Says where the result goes, how it is shown or when it is refused, and not which image it is: a
   * command for the same image says that itself.
   */
  readonly ofOneRun?: boolean;
  /** Refused without an image, where it would do nothing: always, or with one of these values. */
  readonly needsImage?: true | readonly string[];
  /** The setting that it overrides, as `gate.minLevel`. */
  readonly setting?: string;
}

/** pflag's booleans (Go, strconv.ParseBool); undefined where the text is none. */
export function parseGoBool(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
  return undefined;
}

/** All values of a flag of buildx, in order. */
export function valuesOf({ flags }: Flagged, name: string): readonly string[] {
  return flags.flatMap((flag) => (flag.name === name ? [flag.value] : []));
}

/** The value that counts of a flag that takes one; undefined where it was not given. */
export function lastValueOf(flagged: Flagged, name: string): string | undefined {
  return valuesOf(flagged, name).at(-1);
}

/** A boolean flag of buildx; undefined where it was not given. */
export function boolOf(flagged: Flagged, name: string): boolean | undefined {
  return parseGoBool(lastValueOf(flagged, name) ?? '');
}
