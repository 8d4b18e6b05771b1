export { type Certificates, createCertificates } from './certificates';
export { TestkitError, TestkitErrorCode } from './errors';
export type { Program, Progress } from './packages';
export { freePort } from './ports';
export { KINDS, type Kind, type ServerSoftware, type Tool, fetchTool, missing, provision } from './provision';
export { temporaryFolder } from './run-folder';
export { type Rows, type ServerOptions, type TestServer, cleanup, startServer } from './server';
export { sleep, until } from './time';
