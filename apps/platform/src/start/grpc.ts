import { connect } from 'node:net';
import { ReflectionService } from '@grpc/reflection';
import type { Server } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { tradingGrpc } from '@tradewind/trading';
import { HealthImplementation } from 'grpc-health-check';
import { Complaint } from './complaint';

export interface GrpcServer {
  /** Why it cannot take calls, or undefined when it can. */
  failing(): Promise<string | undefined>;
  /** Takes no new call and answers those that were made; whoever does not come to an end is cut off. */
  stop(): Promise<void>;
}

/** How long a client may take to end its calls, milliseconds: those that watch the health service never do. */
const CLIENT_PATIENCE_MS = 2000;
/** How long the port may take to answer our own question, milliseconds. */
const CONNECT_WITHIN_MS = 1000;
const MOST_REQUEST_BYTES = 64 * 1024;
const MOST_CALLS_OF_A_CONNECTION = 200;

/** Serves the contexts' gRPC services with the standard health and reflection services beside them. */
export async function startGrpc(app: NestFastifyApplication, host: string, port: number): Promise<GrpcServer> {
  const health = new HealthImplementation();
  const names = ['', ...tradingGrpc.services];
  let server: Server | undefined;
  app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.GRPC,
    options: {
      url: `${host.includes(':') ? `[${host}]` : host}:${port}`,
      package: tradingGrpc.package,
      protoPath: tradingGrpc.protoPath,
      loader: { keepCase: true, defaults: true },
      maxReceiveMessageLength: MOST_REQUEST_BYTES,
      channelOptions: { 'grpc.max_concurrent_streams': MOST_CALLS_OF_A_CONNECTION },
      onLoadPackageDefinition: (definition: PackageDefinition, started: Server) => {
        server = started;
        health.addToServer(started);
        new ReflectionService(definition).addToServer(started);
      },
    },
  });
  try {
    await app.startAllMicroservices();
  } catch (error) {
    throw new Complaint(
      `gRPC cannot listen on port ${port} of ${host} (${(error as Error).message}); set GRPC_PORT to another one, or to 0 for none`,
    );
  }
  for (const name of names) health.setStatus(name, 'SERVING');
  return {
    failing: () => canConnect(host, port),
    stop: async () => {
      for (const name of names) health.setStatus(name, 'NOT_SERVING');
      await stopServing(server);
    },
  };
}

async function stopServing(server: Server | undefined): Promise<void> {
  if (!server) return;
  const impatient = setTimeout(() => server.forceShutdown(), CLIENT_PATIENCE_MS);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(impatient);
}

function canConnect(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_WITHIN_MS });
    const end = (why?: string) => {
      socket.destroy();
      resolve(why);
    };
    socket.once('connect', () => end());
    socket.once('error', () => end('does not listen'));
    socket.once('timeout', () => end('does not answer'));
  });
}
