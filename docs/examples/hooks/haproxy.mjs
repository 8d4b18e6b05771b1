#!/usr/bin/env node
// Points a server of HAProxy at the new primary, by the runtime socket, and ends the sessions to the old one.
//
//   hooks:
//     after: { command: [./hooks/haproxy.mjs, /run/haproxy/admin.sock, mysql/primary] }
//
// HAProxy's side: `stats socket /run/haproxy/admin.sock level admin`, and in `backend mysql` a `server primary ADDRESS:PORT`.
// Names must be addresses in myswitch.yaml: `set server … addr` looks up none.
import { connect } from 'node:net';

const [socket, server] = process.argv.slice(2);
const { MYSWITCH_EVENT: event, MYSWITCH_RESULT: result, MYSWITCH_TO_HOST: host, MYSWITCH_TO_PORT: port } = process.env;

/** One command a connection, as HAProxy has it; resolves with the answer. */
const ask = (command) =>
  new Promise((resolve, reject) => {
    let answer = '';
    connect(socket)
      .on('error', reject)
      .on('data', (chunk) => (answer += chunk))
      .on('end', () => resolve(answer.trim()))
      .end(`${command}\n`);
  });

if (event === 'after' && result === 'switched') {
  const answer = await ask(`set server ${server} addr ${host} port ${port}`);
  console.log(answer);
  if (!/changed|nothing/i.test(answer)) process.exit(1);
  console.log(await ask(`shutdown sessions server ${server}`));
}
