// One place that says where the adapters come from.
export * from '../../../packages/lightning/dist/nodes/index.js';
