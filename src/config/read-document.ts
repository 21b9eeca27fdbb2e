import { err, ok, type Result } from '../model/result.ts';
import type { ConfigProblem } from './problem.ts';
import type { Reading } from './read-node.ts';

const MOST_ALIASES = 100;
const TOO_DEEP = 'nested too deeply';

/**
 * Opens a YAML 1.2 document for `readNode`. Syntax errors are problems with line and column. The
 * parser is loaded here, so that who reads no document never pays for it.
 */
export async function readDocument(
  text: string,
  options: {
    readonly file: string;
    /** In characters. */
    readonly longest: number;
    readonly mostAliases?: number;
    readonly mostItems?: number;
  },
): Promise<Result<Reading, readonly ConfigProblem[]>> {
  const { file, longest } = options;
  if (text.length > longest)
    return err([{ file, line: 1, column: 1, message: `longer than ${longest} characters` }]);
  const yaml = await import('yaml');
  const lineCounter = new yaml.LineCounter();
  let document: Reading['document'];
  try {
    // readNode looks for duplicate keys itself: the parser's own search takes the square of their
    // number.
    document = yaml.parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false });
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    return err([{ file, line: 1, column: 1, message: TOO_DEEP }]);
  }
  const locate = (offset: number): { line: number; column: number } => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const syntax = [...document.errors, ...document.warnings].map(({ pos, code, message }) => ({
    file,
    ...locate(pos[0]),
    message: code === 'RESOURCE_EXHAUSTION' ? TOO_DEEP : (message.split('\n', 1)[0] ?? ''),
  }));
  if (syntax.length > 0) return err(syntax);
  return ok({
    yaml,
    document,
    locate,
    file,
    problems: [],
    aliasesLeft: options.mostAliases ?? MOST_ALIASES,
    ...(options.mostItems === undefined ? {} : { mostItems: options.mostItems }),
  });
}
