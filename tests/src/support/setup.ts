import { cleanup } from '@myswitch/testkit';

// Servers take a while to start on a busy machine.
jest.setTimeout(60_000);

// Runs before a file's own top-level afterAll: what needs a server belongs inside a describe.
afterAll(() => cleanup());
