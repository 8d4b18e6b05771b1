export { AnswerState } from './answer';
export { discover } from './discover';
export { greetingOf, type Greeting } from './greeting';
export type { DiscoveredNode, Discovery } from './document';
export { tryAccounts, type AccountTrial } from './trial';
