// Listens on the loopback interface once VS Code has started, and runs what the tests send. `server.ts` is the other end.
"use strict";
const { randomUUID } = require("node:crypto");
const { renameSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:http");
const vscode = require("vscode");

exports.activate = (context) => {
  context.subscriptions.push(vscode.commands.registerCommand("edgewise-tests.forget", forgetAll(context.globalState)));
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

/** Has what extensions remember be forgotten: VS Code hands a memento to its extension alone, but all are of one class. */
function forgetAll(one) {
  const used = new Set();
  const prototype = ancestorWith(one, "update");
  for (const name of ["get", "update"]) {
    const original = prototype[name];
    prototype[name] = function (...args) {
      used.add(this);
      return original.apply(this, args);
    };
  }
  return async () => {
    for (const memento of used) for (const key of memento.keys()) await memento.update(key, undefined);
  };
}

function ancestorWith(one, method) {
  let prototype = Object.getPrototypeOf(one);
  while (!Object.hasOwn(prototype, method)) prototype = Object.getPrototypeOf(prototype);
  return prototype;
}

/** `source` is a function's text; the TypeScript loader of the tests marks inner functions with __name. */
async function run({ source, args }) {
  const call = new Function("vscode", "args", "__name", `return (${source})(vscode, ...args);`);
  return await call(vscode, args, (inner) => inner);
}
