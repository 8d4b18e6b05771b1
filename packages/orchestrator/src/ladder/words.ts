/** What a node is to the pool, by the configuration or the operator. */
export type NodeType = 'PRIMARY' | 'SECONDARY';
/** Where it stands, and how its last polls went: see docs/ladder.md. */
export type NodeState = 'UNKNOWN' | 'STANDBY' | 'ACTIVE' | 'FAILED_ONLINE' | 'FAILED_OFFLINE';
export type NodeStatus = 'OK' | 'OK_INFO' | 'OK_WARN' | 'OK_CRITICAL' | 'FAIL';
