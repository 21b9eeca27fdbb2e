// Imported first by a script of package.json: with --help or -h it prints the comment at the top of that script, which says how it is called, and ends.
import { readFileSync } from 'node:fs';

const words = process.argv.slice(2);
const dashes = words.indexOf('--');
const own = dashes < 0 ? words : words.slice(0, dashes);
if (own.includes('--help') || own.includes('-h')) {
  const [comment = ''] = /^(?:\/\/.*\n)*/.exec(readFileSync(process.argv[1], 'utf8')) ?? [];
  process.stdout.write(comment.replaceAll(/^\/\/ ?/gm, ''));
  process.exit(0);
}
