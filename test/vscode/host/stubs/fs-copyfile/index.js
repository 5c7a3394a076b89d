// The native module clones files where a file system can; the git extension copies with it into worktrees, which no test makes.
exports.cp = require("node:fs/promises").cp;
