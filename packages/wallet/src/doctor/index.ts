export { examineChallenges, type ReadChallenges } from './challenge.js';
export { examineClock } from './clock.js';
export { type DiagnoseOptions, type Diagnosis, diagnose } from './diagnose.js';
export * from './finding.js';
export { type ProbeAnswer, type RecordingFetch, recordingFetch } from './probe.js';
