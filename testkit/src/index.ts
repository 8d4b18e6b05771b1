export { type Certificates, createCertificates } from './certificates';
export { type Clock, systemClock } from './clock';
export { TestkitError, TestkitErrorCode } from './errors';
export { type GrantOptions, grants } from './grants';
export { Histogram } from './histogram';
export { type LedgerCheck, checkLedger } from './ledger/check';
export { createLedger } from './ledger/schema';
export { Workload, type WorkloadOptions, type WorkloadReport } from './ledger/workload';
export { type CliResult, MySwitch, type MySwitchOptions, runCli, startMySwitch } from './myswitch';
export type { Program, Progress } from './packages';
export { type PoolConfig, poolConfig } from './pool-config';
export { freePort } from './ports';
export {
  KINDS,
  type Kind,
  type ServerSoftware,
  type Tool,
  fetchTool,
  missing,
  missingTool,
  provision,
} from './provision';
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
export { temporaryFolder, tie, untie } from './run-folder';
export { RUNTIME_NAMES, type Runtime, type RuntimeName, fetchRuntime, missingRuntime } from './runtimes';
export { type Rows, type ServerNetwork, type ServerOptions, type TestServer, cleanup, startServer } from './server';
export { sleep, until } from './time';
