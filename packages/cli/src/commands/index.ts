import ActivatePrimary from './activate-primary';
import Check from './check';
import Checkpoints from './checkpoints';
import Discover from './discover';
import Failover from './failover';
import History from './history';
import Init from './init';
import Rejoin from './rejoin';
import Show from './show';
import Start from './start';
import Status from './status';
import Switch from './switch';
import Switchback from './switchback';

/** Every command by its name: nothing is looked for on disk. */
export const COMMANDS = {
  'activate-primary': ActivatePrimary,
  check: Check,
  checkpoints: Checkpoints,
  discover: Discover,
  failover: Failover,
  history: History,
  init: Init,
  rejoin: Rejoin,
  show: Show,
  start: Start,
  status: Status,
  switch: Switch,
  switchback: Switchback,
};
