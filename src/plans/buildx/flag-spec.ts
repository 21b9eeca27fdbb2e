/**
 * How a flag takes its value, in the terms of spf13/pflag, which buildx parses with:
 * `bool` stands alone or as `--x=false`; `string` takes one, the last wins; `array` takes one each time;
 * `slice` takes a comma-separated list each time.
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
  /** What the flag means without `=VALUE` (pflag's NoOptDefVal); a value must then be joined to it. */
  readonly bare?: string;
  /** The value is a file or folder, for completion. */
  readonly path?: boolean;
}

/** pflag's booleans (Go, strconv.ParseBool); undefined where the text is none. */
export function parseGoBool(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
  return undefined;
}
