// In place of react-devtools-core, which Ink imports only where DEV is set.
export default { initialize() {}, connectToDevTools() {} };
