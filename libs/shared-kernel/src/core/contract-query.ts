/**
 * A question that a context answers for its peers, asked over the standard `QueryBus`. The class stands in the owner's
 * `contract.ts`; `Answer` is its result. Use it for what events must not carry, such as personal data.
 */
export abstract class ContractQuery<Answer> {
  declare readonly answer: Answer;
}
