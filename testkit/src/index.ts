export { type Certificates, createCertificates } from './certificates';
export { grants } from './grants';
export { TestkitError, TestkitErrorCode } from './errors';
export type { Program, Progress } from './packages';
export { freePort } from './ports';
export { KINDS, type Kind, type ServerSoftware, type Tool, fetchTool, missing, provision } from './provision';
export {
  ACCOUNTS,
  type Account,
  type Cluster,
  type ClusterOptions,
  caughtUp,
  createCluster,
  follow,
  position,
  replicaStatus,
  replicates,
} from './replication';
export { temporaryFolder } from './run-folder';
export { type Rows, type ServerOptions, type TestServer, cleanup, startServer } from './server';
export { sleep, until } from './time';
