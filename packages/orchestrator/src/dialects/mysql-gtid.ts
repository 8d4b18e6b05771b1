/** A GTID set without the line breaks that the server puts in. */
export const compact = (gtidSet: string): string => gtidSet.replaceAll(/\s/g, '');
