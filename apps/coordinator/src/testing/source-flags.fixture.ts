export { SOURCE_FLAGS } from '@consilium/testkit';
