import { Controller, Logger } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { DomainError, idOf, uuidOf } from '@tradewind/shared-kernel';
import { isUnavailable } from '@tradewind/shared-kernel/persistence';
import { Buyers } from '../../domain/buyers/buyers';

/** google.rpc.Code, as far as it is used here. */
const OK = 0;
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const INTERNAL = 13;
const UNAVAILABLE = 14;

const MOST_CHARACTERS = 36;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The messages of `api/v1/user.proto`. */
export interface GetUserRequest {
  user_id: string;
}

export interface GetUserResponse {
  code: number;
  message: string;
  /** `created_at` in Unix milliseconds. */
  data?: { id: string; name: string; created_at: number };
}

/** The outcome is in the answer's own `code`; a gRPC status other than OK tells of the transport only. */
@Controller()
export class UserServiceController {
  readonly #logger = new Logger(UserServiceController.name);

  constructor(private readonly buyers: Buyers) {}

  @GrpcMethod('UserService', 'GetUser')
  async getUser({ user_id: userId }: GetUserRequest): Promise<GetUserResponse> {
    if (userId.length > MOST_CHARACTERS) {
      return { code: INVALID_ARGUMENT, message: `user_id has at most ${MOST_CHARACTERS} characters` };
    }
    if (!UUID.test(userId)) return { code: INVALID_ARGUMENT, message: 'user_id is a UUID' };
    try {
      const { buyer } = await this.buyers.find(idOf('buy', userId));
      const { id, nickname, registeredAt } = buyer.state;
      return { code: OK, message: '', data: { id: uuidOf(id), name: nickname, created_at: registeredAt.getTime() } };
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** What went wrong inside is for the log, and nobody else. */
  #failed(error: unknown): GetUserResponse {
    if (error instanceof DomainError && error.code === 'unknown-buyer') {
      return { code: NOT_FOUND, message: 'there is no such user' };
    }
    this.#logger.error({ msg: 'GetUser failed', err: error });
    if (isUnavailable(error)) return { code: UNAVAILABLE, message: 'a part that this call needs is not reachable' };
    return { code: INTERNAL, message: 'the service failed' };
  }
}
