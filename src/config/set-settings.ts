import { didYouMean } from '../model/did-you-mean.ts';
import { err, ok, type Result } from '../model/result.ts';
import { isOf, type Schema, SETTING_LEAVES, type SettingLeaf } from './schema.ts';

/** A setting and its value as they are typed: `secrets.use` and `none`. */
export interface TypedSetting {
  readonly name: string;
  readonly value: string;
}

/**
 * The text of a settings file with settings set; of a list, the value is added. Comments and the
 * other settings stay as they are. The values are not checked: `parseSettings` of the result does
 * that. The error names a setting that there is not, or that one word cannot say, or says why
 * `text` is not YAML.
 */
export async function withSettings(
  text: string,
  settings: readonly TypedSetting[],
): Promise<Result<string>> {
  const yaml = await import('yaml');
  const document = yaml.parseDocument(text);
  const [broken] = document.errors;
  if (broken !== undefined) return err(broken.message.split('\n', 1)[0] ?? '');
  for (const { name, value } of settings) {
    const leaf = leafOf(name);
    if (!leaf.ok) return leaf;
    const { path, schema } = leaf.value;
    if (isOf(schema, 'array')) {
      const before = document.getIn(path);
      const list = yaml.isSeq(before) ? before.toJSON() : [];
      if (list.includes(value)) continue;
      if (yaml.isSeq(before)) before.add(value);
      else document.setIn(path, [value]);
    } else document.setIn(path, scalarOf(schema, value));
  }
  return ok(document.toString({ lineWidth: 0 }));
}

function leafOf(name: string): Result<SettingLeaf> {
  const leaf = SETTING_LEAVES.find(({ path }) => path.join('.') === name);
  if (leaf === undefined) {
    const names = SETTING_LEAVES.map(({ path }) => path.join('.'));
    const near = didYouMean(name, names);
    return err(
      `unknown setting ${JSON.stringify(name)}${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
  }
  return isWord(leaf.schema) ? ok(leaf) : err(`${name} takes more than a word`);
}

/** True for what one word can say, or one more of a list. */
function isWord(schema: Schema): boolean {
  return schema.items === undefined ? !isOf(schema, 'object') : isWord(schema.items);
}

/** As the type wants it; what does not fit stays text, which the check then names. */
function scalarOf(schema: Schema, value: string): string | number | boolean {
  if (isOf(schema, 'boolean') && /^(?:true|false)$/.test(value)) return value === 'true';
  if (isOf(schema, 'integer') && /^\d{1,9}$/.test(value)) return Number(value);
  return value;
}
