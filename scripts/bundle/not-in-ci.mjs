// In place of is-in-ci, by which Ink decides once more whether to draw: src/cli/conversation.ts has.
export default false;
