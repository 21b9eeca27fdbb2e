import { type CommandSpec, standard, text, whole } from '../cli/flag-table.ts';
import { JSON_FLAG } from '../cli/flags.ts';

const DB_ACTIONS = ['update', 'status', 'prune'] as const;

export const DB = {
  name: 'db',
  usage: ['db update|prune [flags] [ECOSYSTEM...]', 'db status [flags]'],
  about: `
Keeps the advisories that OSV publishes on this machine, so that images can be scanned without a network. The database
answers with --offline, where OSV.dev cannot be reached, and with --scanner database.
update fetches ECOSYSTEM/all.zip of each ecosystem that your graded images have packages of, or of those named (Debian,
Alpine, npm, PyPI, Go ...). What did not change is not fetched again. status shows
what is there and how old it is. prune removes what no graded image needed of late, or those named.`,
  examples: [
    ['scoville db update', 'for the ecosystems of your images'],
    ['scoville db update Debian npm', 'for these'],
    ['scoville db update --from /media/osv', 'from a folder that you copied here'],
    ['scoville db status', 'what is there, and how old'],
  ],
  exits: [
    ['0', 'done'],
    ['2', 'an export could not be fetched or was refused; the database is as it was'],
    ['130', 'canceled'],
  ],
  flags: {
    from: text('URL|FOLDER', 'Where the exports are', { path: true, standard: 'osv.exports' }),
    'unused-days': standard(
      whole('DAYS', 'prune: remove those that no image needed for so long', { most: 36_500 }),
      '90',
    ),
    json: JSON_FLAG,
    policy: text('FILE', 'A settings file whose osv.exports counts', { path: true }),
  },
  operands: { least: 1, error: 'takes update, status or prune', choices: DB_ACTIONS },
} satisfies CommandSpec;
