export { commandApprover } from './approval-command.js';
export { defaultPolicyText } from './file-default.js';
export { changePolicy, type PolicyChange, PolicyChangeError } from './file-edit.js';
export { PolicyError, type PolicyIssue } from './file-issues.js';
export { type LoadedPolicy, loadPolicy } from './file-load.js';
export { parsePolicy, policyBytesMax } from './file-parse.js';
export { listEntriesMax } from './file-schema.js';
export { withPolicyLock, writePolicy } from './file-write.js';
export { type Money, satoshis } from './money.js';
