import { createServer, type Socket } from "node:net";

/** Words of adb's own protocol (`protocol.txt` of adb), little-endian. */
const AUTH = 0x48545541;
const TOKEN = 1;

/** A device that never becomes ready: it is mute, or asks for a key that its user has not allowed. */
export interface UnreadyPhone {
  readonly serial: string;
  stop(): Promise<void>;
}

export function startUnreadyPhone(kind: "offline" | "unauthorized"): Promise<UnreadyPhone> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    // Every answer of adb, a signature by one of its keys, is met with the next question.
    socket.on("data", () => {
      if (kind === "unauthorized") socket.write(message(AUTH, TOKEN, Buffer.alloc(20, 7)));
    });
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({
        serial: `127.0.0.1:${port}`,
        stop: () => {
          for (const socket of sockets) socket.destroy();
          return new Promise((stopped) => server.close(() => stopped()));
        },
      });
    });
  });
}

function message(command: number, argument: number, data: Buffer): Buffer {
  const head = Buffer.alloc(24);
  const sum = data.reduce((total, byte) => total + byte, 0);
  [command, argument, 0, data.length, sum, (command ^ 0xffffffff) >>> 0].forEach((word, index) =>
    head.writeUInt32LE(word, 4 * index),
  );
  return Buffer.concat([head, data]);
}
