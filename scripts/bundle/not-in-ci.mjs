// In place of is-in-ci, by which Ink decides once more whether to draw: src/commands/screen.ts has.
export default false;
