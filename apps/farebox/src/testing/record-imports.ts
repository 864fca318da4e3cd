import { register } from 'node:module';

// Given to Node with --import: every module that the program loads is written to the file named in IMPORTS_RECORD.
register('./import-hooks.js', import.meta.url, { data: process.env.IMPORTS_RECORD ?? '' });
