import path from 'node:path';

/** What Trading serves over gRPC: its controllers handle it, the platform gives it a port. */
export const tradingGrpc = {
  package: 'api.v1',
  protoPath: path.join(__dirname, 'api/v1/user.proto'),
  services: ['api.v1.UserService'],
};
