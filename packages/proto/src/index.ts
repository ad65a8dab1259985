export * from './gen/consilium/v1/coordinator_pb.js';
export * from './gen/consilium/v1/statistics_pb.js';
export * from './gen/consilium/v1/weights_pb.js';
