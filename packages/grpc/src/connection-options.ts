import { ConsiliumError } from '@consilium/errors';
import type { ChannelOptions } from '@grpc/grpc-js';

/** Certificate chain and key of this process, and the authority that both sides trust; all in PEM. */
export interface TlsIdentity {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const MEBIBYTE = 1024 * 1024;

/** The same on both sides. Without max_session_memory a stream of 1 MiB messages runs at a tenth of its speed. */
export const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': 4 * MEBIBYTE,
  'grpc.max_send_message_length': 4 * MEBIBYTE,
  'grpc-node.flow_control_window': MEBIBYTE,
  'grpc-node.max_session_memory': 1024,
  // A dead peer is noticed within half a minute, also while a call only waits.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
};

/** Without an authority Node would trust every public one in the world. */
export function refusePublicRoots(tls: TlsIdentity): void {
  if (!tls.ca.includes('BEGIN CERTIFICATE')) throw new ConsiliumError('CERTIFICATE_INVALID', { part: 'ca' });
}
