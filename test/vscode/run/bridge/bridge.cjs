// Listens on the loopback interface once VS Code has started, and runs what the tests send. `server.ts` is the other end.
"use strict";
const { randomUUID } = require("node:crypto");
const { renameSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:http");
const vscode = require("vscode");

exports.activate = (context) => {
  const addressFile = process.env.EDGEWISE_BRIDGE_FILE;
  if (!addressFile) return;
  const token = randomUUID();
  const server = createServer(async (request, response) => {
    if (request.headers.authorization !== token) return void response.writeHead(403).end();
    let body = "";
    for await (const text of request.setEncoding("utf8")) body += text;
    const reply = await run(JSON.parse(body)).then(
      (value) => ({ value }),
      (error) => ({ error: String(error?.stack ?? error) }),
    );
    // A connection that is kept is closed by this end after five seconds, at times while the other end sends into it.
    response.writeHead(200, { "content-type": "application/json", connection: "close" }).end(JSON.stringify(reply));
  });
  server.listen(0, "127.0.0.1", () => {
    // Renamed into place: who finds the file finds all of it.
    writeFileSync(`${addressFile}.part`, JSON.stringify({ port: server.address().port, token }));
    renameSync(`${addressFile}.part`, addressFile);
  });
  context.subscriptions.push({ dispose: () => server.close() });
};

/** `source` is a function's text; the TypeScript loader of the tests marks inner functions with __name. */
async function run({ source, args }) {
  const call = new Function("vscode", "args", "__name", `return (${source})(vscode, ...args);`);
  return await call(vscode, args, (inner) => inner);
}
