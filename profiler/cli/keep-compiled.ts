import nodeModule from "node:module";

// What was compiled is kept for the next command, in the system's temporary folder: that starts in 0.85 of the processor time (Node 24). Node 20
// cannot.
if ("enableCompileCache" in nodeModule) nodeModule.enableCompileCache();
