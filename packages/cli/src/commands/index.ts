import Check from './check';
import Discover from './discover';
import Failover from './failover';
import History from './history';
import Init from './init';
import Show from './show';
import Start from './start';
import Status from './status';
import Switch from './switch';

/** Every command by its name: nothing is looked for on disk. */
export const COMMANDS = {
  check: Check,
  discover: Discover,
  failover: Failover,
  history: History,
  init: Init,
  show: Show,
  start: Start,
  status: Status,
  switch: Switch,
};
