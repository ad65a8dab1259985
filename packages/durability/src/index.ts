export {
  diskError,
  isMissing,
  renameDurably,
  syncFile,
  syncFolder,
  systemCode,
  writeDurably,
} from './durable-file.js';
export { killPoints, type ReachPoint } from './kill-point.js';
