import type { Labelled } from '../labelled';
import { COMMENTS } from './comments';
import { FUNCTIONS } from './functions';
import { CHARSETS, LEXING } from './lexing';
import { LOCKS_AND_INTO } from './locks-and-into';
import { OF_THE_SERVER } from './of-the-server';
import { OTHER_READS } from './other-reads';
import { PLAIN_READS } from './plain-reads';
import { WRITES } from './writes';

/** By family. */
export const CORPUS: Readonly<Record<string, readonly Labelled[]>> = {
  'plain reads': PLAIN_READS,
  'other reads': OTHER_READS,
  'locks and INTO': LOCKS_AND_INTO,
  functions: FUNCTIONS,
  'of the server': OF_THE_SERVER,
  writes: WRITES,
  comments: COMMENTS,
  lexing: LEXING,
  'character sets': CHARSETS,
};
