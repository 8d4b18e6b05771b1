import ActivatePrimary from './activate-primary';
import Check from './check';
import Checkpoints from './checkpoints';
import ConfigExplain from './config/explain';
import Discover from './discover';
import Events from './events';
import Failover from './failover';
import Freeze from './freeze';
import History from './history';
import Init from './init';
import Rejoin from './rejoin';
import IsUp from './is-up';
import Pause from './pause';
import Poll from './poll';
import Recover from './recover';
import Release from './release';
import Report from './report';
import Resume from './resume';
import SetNode from './set';
import Show from './show';
import Start from './start';
import Status from './status';
import Switch from './switch';
import Switchback from './switchback';
import Unfreeze from './unfreeze';

/** Every command by its name: nothing is looked for on disk. */
export const COMMANDS = {
  'activate-primary': ActivatePrimary,
  check: Check,
  checkpoints: Checkpoints,
  'config:explain': ConfigExplain,
  discover: Discover,
  events: Events,
  failover: Failover,
  freeze: Freeze,
  history: History,
  init: Init,
  rejoin: Rejoin,
  'is-up': IsUp,
  pause: Pause,
  poll: Poll,
  recover: Recover,
  release: Release,
  report: Report,
  resume: Resume,
  set: SetNode,
  show: Show,
  start: Start,
  status: Status,
  switch: Switch,
  switchback: Switchback,
  unfreeze: Unfreeze,
};
