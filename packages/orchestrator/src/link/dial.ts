import { connect, isIP, type Socket } from 'node:net';

/** A connection that is being made. */
export interface Dialed {
  readonly socket: Socket;
  /** The name of the host was looked up: what fails from now on says something of the host. */
  readonly resolved: boolean;
}

/** The name is looked up anew each time. */
export function dial({ host, port }: { readonly host: string; readonly port: number }): Dialed {
  const socket = connect({ host, port, noDelay: true, keepAlive: true });
  let resolved = isIP(host) !== 0;
  socket.on('lookup', (error: Error | null) => {
    resolved = error === null;
  });
  return {
    socket,
    get resolved() {
      return resolved;
    },
  };
}
