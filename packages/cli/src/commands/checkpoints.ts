import * as Args from '@oclif/core/args';
import type { CheckpointReport } from '@myswitch/orchestrator';
import { quoteString } from '@myswitch/protocol';
import { withAdmin } from '../admin/client';
import { BaseCommand } from '../base-command';
import { ExitCode } from '../exit-codes';
import { table } from '../output/table';

type PoolCheckpoint = CheckpointReport & { readonly pool: string };

export default class Checkpoints extends BaseCommand {
  static override summary = 'ask the checkpoints: does a failover find this site cut off?';
  static override args = { pool: Args.string({ name: 'POOL', description: 'of this pool only' }) };

  async run(): Promise<PoolCheckpoint[]> {
    const { args, flags } = await this.parse(Checkpoints);
    const sql = `SHOW CHECKPOINTS${args.pool === undefined ? '' : ` POOL ${quoteString(args.pool)}`}`;
    const rows = await withAdmin(flags.config, (client) => client.query(sql));
    const points = rows.map((row) => ({
      pool: row['pool'],
      place: row['place'],
      what: row['checkpoint'],
      ok: row['ok'] === 1,
      message: row['message'],
    }));
    const cells = points.map(({ pool, place, what, ok, message }) => [pool, place, what, ok ? 'ok' : 'NO', message]);
    const told = table(['pool', 'place', 'checkpoint', 'answers', 'message'], cells);
    this.log(points.length === 0 ? 'no checkpoint is configured' : told);
    const pools = [...new Set(points.map(({ pool }) => pool))];
    const cutOff = pools.some((pool) => points.every((point) => point.pool !== pool || !point.ok));
    process.exitCode = cutOff ? ExitCode.REFUSED : ExitCode.OK;
    return points;
  }
}
