import net from 'node:net';

const READ_BUFFER = 64 << 10;

/** All clients are read into one buffer: what came is copied before anything else can be read. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER);

/** The part of a socket's handle that tells whether it can be handed over. Node keeps it out of its documentation. */
interface Handle {
  useUserBuffer?(buffer: Buffer): void;
}

/**
 * A socket like `accepted`, on the same connection, that is read without an allocation of 64 KiB for each read: Node offers
 * that (`onread`) to outgoing connections only, and it is a good part of what a short statement costs. The new socket
 * takes over the handle of the accepted one, which must not have been read yet. Where a Node version keeps its handles
 * otherwise, the accepted socket itself is returned.
 */
export function adopt(accepted: net.Socket): net.Socket {
  const holder = accepted as unknown as { _handle: Handle | null };
  const handle = holder._handle;
  if (typeof handle?.useUserBuffer !== 'function') return accepted;
  holder._handle = null;
  const options = {
    handle,
    readable: true,
    writable: true,
    onread: {
      buffer: readBuffer,
      callback: (length: number): boolean => {
        const chunk = Buffer.allocUnsafe(length);
        readBuffer.copy(chunk, 0, 0, length);
        socket.emit('data', chunk);
        return true;
      },
    },
  };
  const socket = new net.Socket(options);
  return socket;
}
