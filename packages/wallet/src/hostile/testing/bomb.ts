import { gzipSync } from 'node:zlib';

/** How much it unpacks to, megabytes. */
const megabytes = 100;

/** A hundred kilobytes that unpack to a hundred megabytes of zeros: many members of one, as gzip allows. */
export const bomb = Buffer.concat(Array(megabytes).fill(gzipSync(Buffer.alloc(1024 * 1024))));
