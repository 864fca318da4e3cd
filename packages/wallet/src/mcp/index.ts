export { type AnswerShelf, answerShelf, type ShownAnswer } from './answer-shelf.js';
export { type HttpOptions, type HttpServer, serveHttp } from './http.js';
export { tokenCharsMin } from './limits.js';
export type { McpBalance, McpBudget, McpFound, McpParts, McpPurpose, McpSearch } from './parts.js';
export { createMcpServer } from './server.js';
export { type StdioStreams, serveStdio } from './stdio.js';
export { createWork, type Work } from './work.js';
