import type { Socket } from 'node:net';
import { encodeErr, encodePacket } from '@myswitch/protocol';
import type { Clock } from '../clock';
import type { ClientError } from '../session/client-error';

/** For a client to take its last error before the connection is closed. */
const LINGER_MS = 1000;

/** Ends a connection before its login with an ERR packet. The caller no longer listens for its bytes. */
export function endWithError(socket: Socket, error: ClientError, sequence: number, clock: Clock): void {
  socket.on('data', () => undefined); // let it drain, so that the error is not lost in a reset
  socket.end(encodePacket(encodeErr(error), sequence));
  clock.timer(() => socket.destroy(), LINGER_MS);
}
