/** Most characters of a seller's answer that are put into a tool's result; the whole is kept beside it. */
export const resultBodyCharsMax = 40_000;
/** Largest answer that is kept. Beyond, the payment stays resumable from the command line. */
export const keptAnswerBytesMax = 64 * 1024 * 1024;
/** How long a paid answer is kept. */
export const keptAnswerMs = 24 * 60 * 60_000;
/** Most paid answers that are kept. */
export const keptAnswersMax = 500;
/** Most entries of one search. */
export const searchEntriesMax = 50;
/** Most payments of one history. */
export const historyEntriesMax = 200;
/** Most payments that one call resumes. */
export const resumeEntriesMax = 50;
/** Longest text argument. */
export const argumentCharsMax = 8_192;
/** Most headers of a request. */
export const argumentHeadersMax = 50;

/** Largest message over HTTP. */
export const messageBytesMax = 4 * 1024 * 1024;
/** How long a message may take to arrive. */
export const messageTimeoutMs = 30_000;
/** Most clients at once. */
export const sessionsMax = 32;
/** A client that has been silent for so long is forgotten. */
export const sessionIdleMs = 30 * 60_000;
/** Shortest bearer token. */
export const tokenCharsMin = 32;
