import { styleText } from 'node:util';
import type { WriteStream } from 'node:tty';

const REDRAW_MS = 200;
const NAME_WIDTH = 10;
const CLEAR_LINE = '\r\u001B[2K';

type Color = 'green' | 'red' | 'bold' | 'dim';

/** Lines from top to bottom; on a terminal one more that is redrawn in place and says what goes on just now. */
export class Screen {
  private readonly out: WriteStream;
  private readonly terminal: boolean;
  private readonly colors: boolean;
  private ticker: NodeJS.Timeout | null = null;

  constructor(out: WriteStream, env: NodeJS.ProcessEnv) {
    this.out = out;
    this.terminal = out.isTTY && env['TERM'] !== 'dumb';
    this.colors = this.terminal && (env['NO_COLOR'] ?? '') === '';
  }

  /** A finished line. */
  line(text = ''): void {
    this.out.write(`${this.terminal ? CLEAR_LINE : ''}${text}\n`);
  }

  /** A line of the story: what, and how it went. */
  step(name: string, text: string): void {
    this.line(`  ${this.color('bold', name.padEnd(NAME_WIDTH))}  ${text}`);
  }

  color(color: Color, text: string): string {
    return this.colors ? styleText(color, text) : text;
  }

  /** What the live line says from now on; it is asked again and again. */
  live(text: () => string): void {
    this.still();
    if (!this.terminal) return;
    const draw = (): void => {
      const line = `  ${text()}`.slice(0, Math.max(20, this.out.columns) - 1);
      this.out.write(`${CLEAR_LINE}${this.color('dim', line)}`);
    };
    draw();
    this.ticker = setInterval(draw, REDRAW_MS);
    this.ticker.unref();
  }

  /** Takes the live line away. */
  still(): void {
    if (this.ticker === null) return;
    clearInterval(this.ticker);
    this.ticker = null;
    this.out.write(CLEAR_LINE);
  }
}
