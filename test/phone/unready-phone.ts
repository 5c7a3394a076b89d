import { createServer, type Socket } from "node:net";

/** Words of adb's own protocol (`protocol.txt` of adb), little-endian. */
const AUTH = 0x48545541;
const TOKEN = 1;
const PUBLIC_KEY = 3;
const HEAD_BYTES = 24;

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
    let received = Buffer.alloc(0);
    socket.on("data", (bytes) => {
      received = Buffer.concat([received, bytes]);
      for (let next = readMessage(received); next; next = readMessage(received)) {
        received = received.subarray(next.length);
        // Its key itself comes when none of its signatures will do: then a phone asks its user, and says nothing meanwhile.
        const isKey = next.command === AUTH && next.argument === PUBLIC_KEY;
        if (kind === "unauthorized" && !isKey) socket.write(message(AUTH, TOKEN, Buffer.alloc(20, 7)));
      }
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

interface Message {
  readonly command: number;
  readonly argument: number;
  /** Head and data. */
  readonly length: number;
}

/** The first message, once all of it is there. */
function readMessage(bytes: Buffer): Message | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const length = HEAD_BYTES + bytes.readUInt32LE(12);
  if (bytes.length < length) return undefined;
  return { command: bytes.readUInt32LE(0), argument: bytes.readUInt32LE(4), length };
}

function message(command: number, argument: number, data: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  const sum = data.reduce((total, byte) => total + byte, 0);
  [command, argument, 0, data.length, sum, (command ^ 0xffffffff) >>> 0].forEach((word, index) =>
    head.writeUInt32LE(word, 4 * index),
  );
  return Buffer.concat([head, data]);
}
