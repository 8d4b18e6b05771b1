export { explainConfig, type PoolExplained } from './explain';
export { checkConfig, loadAdminAccess, type AdminAccess } from './load';
export { ConfigError } from './problems';
export { formatEndpoint, tcpEndpoint, type Endpoint } from './scalars';
export { configJsonSchema } from './schema';
export { loadServerConfig, type ServerConfig } from './server-config';
